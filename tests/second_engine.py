"""A second Docker Engine on this machine, with folders and containers of its own and no network."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
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
        deadline = time.monotonic() + 120
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
            self._daemon.wait(120)
            kill_group(self._daemon.pid, 1)
            for pipe in (self._daemon.stdin, self._daemon.stdout):
                if pipe is not None:
                    pipe.close()
            self._daemon = None
        for mount in [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]:
            if mount.startswith(f"{self._folder}/"):  # nobody could remove the folder
                run(["umount", "--lazy", mount], what="umount", env=ENV, timeout=10, check=False)

    def kill(self) -> None:
        """As a power cut does: it, all that it has started, and what runs in its containers."""
        assert self._daemon is not None
        pids = [self.engine.client.inspect_container(each.id)["State"]["Pid"] for each in self.engine.containers()]
        self.engine.close()
        self._daemon.kill()
        self._daemon.wait(30)
        helpers = [int(each.parent.name) for each in Path("/proc").glob("[0-9]*/cmdline") if self._is_ours(each)]
        for pid in (*helpers, *(each for each in pids if each)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.stop()
        (self._folder / "pid").unlink(missing_ok=True)
        shutil.rmtree(self._folder / "exec")  # it is in memory where an engine is the machine's own

    def freeze(self) -> None:
        """Let it do nothing until it is thawed."""
        assert self._daemon is not None
        self._daemon.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._daemon is not None
        self._daemon.send_signal(signal.SIGCONT)

    def _is_ours(self, cmdline: Path) -> bool:
        try:
            return f"{self._folder}/exec/".encode() in cmdline.read_bytes()
        except OSError:
            return False  # it has ended

    def clear(self) -> None:
        """Remove all containers and volumes."""
        for each in self.engine.containers(one_off=True):
            self.engine.client.remove_container(each.id, force=True, v=True)
        for volume in self.engine.client.volumes()["Volumes"] or ():
            self.engine.client.remove_volume(volume["Name"])
