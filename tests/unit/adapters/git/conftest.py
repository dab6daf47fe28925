"""Real Git on every side."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.git_server import GIT_ENV, HttpServer, Source, wait_for_port
from workers.adapters.git.clone import Clone
from workers.model.stack import Repo
from workers.runtime.process import kill_group, spawn


@pytest.fixture
def source(tmp_path: Path) -> Source:
    made = Source(tmp_path / "source")
    made.commit({"services/a/compose.yaml": "services: {}\n", "README.md": "hello\n"})
    return made


@pytest.fixture
def make_clone(tmp_path: Path) -> Iterator[Callable[..., Clone]]:
    made: list[Clone] = []

    def make(url: str | Path, **options: Any) -> Clone:
        made.append(Clone(Repo("homelab", str(url), "main", **options), tmp_path / "tegu"))
        return made[-1]

    yield make
    for clone in made:
        clone.close()


@pytest.fixture
def clone(source: Source, make_clone: Callable[..., Clone]) -> Clone:
    return make_clone(source.path)


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture
def git_daemon(source: Source, free_port: int) -> Iterator[str]:
    argv = ["git", "daemon", f"--port={free_port}", "--listen=127.0.0.1", "--export-all", "--reuseaddr"]
    daemon = spawn([*argv, f"--base-path={source.path.parent}"], env=GIT_ENV)
    try:
        wait_for_port(free_port)
        yield f"git://127.0.0.1:{free_port}/source"
    finally:
        kill_group(daemon.pid)
        daemon.communicate()


@pytest.fixture
def make_http_server(source: Source) -> Iterator[Callable[[str, str], HttpServer]]:
    made: list[HttpServer] = []

    def make(user: str, password: str) -> HttpServer:
        made.append(HttpServer(source.path.parent, user, password))
        return made[-1]

    yield make
    for server in made:
        server.close()


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    held.append(listener.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=accept)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        for connection in held:
            connection.close()
