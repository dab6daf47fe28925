"""A real redis-server for tests, on a Unix socket in a folder of its own."""

from __future__ import annotations

import shutil
import signal
import tempfile
import time
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from workers.runtime.process import spawn


class RedisServer:
    """Starts on construction; `stop` leaves nothing behind. It may be frozen, killed and started again."""

    def __init__(self, program: str, *options: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tegu-redis-"))
        self.url = f"unix://{self.folder}/s"
        self._argv = [program, "--port", "0", "--unixsocket", f"{self.folder}/s", "--dir", str(self.folder)]
        self._argv += ["--save", "", "--logfile", f"{self.folder}/log", *options]
        self.start()

    def start(self) -> None:
        self._process = spawn(self._argv, env={"PATH": "/usr/bin:/bin"})
        deadline = time.monotonic() + 10
        with Redis.from_url(self.url) as redis:
            while True:
                try:
                    redis.ping()
                except RedisError:
                    assert time.monotonic() < deadline, (self.folder / "log").read_text()
                    time.sleep(0.02)
                else:
                    return

    @property
    def pid(self) -> int:
        return self._process.pid

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(10)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def stop(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
