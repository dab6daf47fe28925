"""A second Docker Engine on this machine, with folders and containers of its own and no network."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from tests.git_server import GIT_ENV
from workers.adapters.docker.engine import Engine
from workers.model.errors import EngineUnavailable
from workers.runtime.process import kill_group, run, spawn

ENV = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}


class SecondEngine:
    """`host` leads to it.

    It has a network namespace of its own: an engine that is to have no bridge removes that of the machine.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.host = f"unix://{folder}/d.sock"
        self.engine = Engine(self.host)
        self._daemon: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self._daemon is not None:
            return
        folder = self._folder
        argv = ["unshare", "--net", "dockerd", "-H", self.host]
        argv += ["--bridge=none", "--iptables=false", "--ip6tables=false"]
        argv += [f"--data-root={folder}/data", f"--exec-root={folder}/exec", f"--pidfile={folder}/pid"]
        with (folder / "log").open("ab") as log:
            self._daemon = spawn(argv, env=GIT_ENV | ENV, stderr=log.fileno())
        deadline = time.monotonic() + 30
        while True:
            try:
                self.engine.version()
            except EngineUnavailable:
                assert time.monotonic() < deadline, (folder / "log").read_text()[-2000:]
                time.sleep(0.05)
            else:
                return

    def load(self, image: str) -> None:
        saved = self._folder / "image.tar"
        run(["docker", "save", "-o", str(saved), image], what="docker save", env=ENV, timeout=60)
        run(["docker", "-H", self.host, "load", "-i", str(saved)], what="docker load", env=ENV, timeout=60)

    def stop(self) -> None:
        """Its containers end with it, and are there again, stopped, after the next start."""
        self.engine.close()
        if self._daemon is not None:
            self._daemon.terminate()
            self._daemon.wait(30)
            kill_group(self._daemon.pid, 1)
            for pipe in (self._daemon.stdin, self._daemon.stdout):
                if pipe is not None:
                    pipe.close()
            self._daemon = None

    def clear(self) -> None:
        """Remove all containers and volumes."""
        for each in self.engine.containers(one_off=True):
            self.engine.client.remove_container(each.id, force=True, v=True)
        for volume in self.engine.client.volumes()["Volumes"] or ():
            self.engine.client.remove_volume(volume["Name"])
