"""A repository to push to, and real servers that offer it."""

from __future__ import annotations

import base64
import getpass
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

from workers.runtime.process import kill_group, run, spawn

GIT_ENV = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.com",
}


class Source:
    """A working tree that commits are made in; its `.git` is what is offered."""

    def __init__(self, path: Path, object_format: str = "sha1") -> None:
        self.path = path
        path.mkdir(parents=True)
        # Without the examples of hooks that Git would copy.
        self.git("init", "-q", "-b", "main", "--template=", f"--object-format={object_format}")

    def git(self, *arguments: str, text: bytes | None = None) -> str:
        argv = ["git", "-c", "gc.auto=0", "-c", "maintenance.auto=false", *arguments]
        return run(argv, what="git", env=GIT_ENV, timeout=60, cwd=self.path, input=text).stdout.strip()

    def commit(self, files: dict[str, str | None] | None = None, message: str = "change") -> str:
        for name, text in (files or {}).items():
            path = self.path / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self._head()

    def _head(self) -> str:
        """The commit, read where Git has just written it: many thousands are made."""
        head = (self.path / ".git/HEAD").read_text().strip()
        branch = head.removeprefix("ref: ")
        return head if branch == head else (self.path / ".git" / branch).read_text().strip()


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < deadline, f"nothing listens on port {port}"
            time.sleep(0.05)
        else:
            return


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


class HttpServer:
    """`git http-backend` behind HTTP Basic authentication."""

    def __init__(self, root: Path, user: str, password: str) -> None:
        self.root = root
        self.expected = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self.requests: list[str] = []
        self.delay = 0.0
        self.is_old = False  # knows the first version of Git's protocol only
        self.redirect: str | None = None
        self.seen: list[str | None] = []
        self._server = make_server("127.0.0.1", 0, self._answer, _Server, _Silent)
        self.url = f"http://127.0.0.1:{self._server.server_port}/source/.git"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        self.requests.append(environ["PATH_INFO"])
        self.seen.append(environ.get("HTTP_AUTHORIZATION"))
        if self.redirect is not None:
            target = self.redirect + environ["PATH_INFO"].removeprefix("/source/.git")
            start("302 Found", [("Location", f"{target}?{environ['QUERY_STRING']}")])
            return []
        if environ.get("HTTP_AUTHORIZATION") != self.expected:
            start("401 Unauthorized", [("WWW-Authenticate", 'Basic realm="git"')])
            return [b"no"]
        time.sleep(self.delay)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        names = ("PATH_INFO", "QUERY_STRING", "REQUEST_METHOD", "CONTENT_TYPE", "HTTP_CONTENT_ENCODING")
        variables = {name: str(environ[name]) for name in names if name in environ}
        variables |= {"GIT_PROJECT_ROOT": str(self.root), "GIT_HTTP_EXPORT_ALL": "1", "CONTENT_LENGTH": str(len(body))}
        variables["GIT_PROTOCOL"] = "" if self.is_old else environ.get("HTTP_GIT_PROTOCOL", "")
        backend = spawn(["git", "http-backend"], env=GIT_ENV | variables)
        head, _, content = backend.communicate(body)[0].partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        start(headers.pop("Status", "200 OK"), list(headers.items()))
        return [content]


@contextmanager
def ssh_server(folder: Path, port: int) -> Iterator[Path]:
    """A server on a loopback port; the folder holds `key`, which it takes, `other`, and `known_hosts`."""
    program = shutil.which("sshd", path=f"{os.defpath}:/usr/sbin:/sbin")
    if program is None or shutil.which("ssh-keygen") is None:
        pytest.skip("there is no sshd here")
    folder.mkdir(mode=0o700)
    for name in ("host", "key", "other"):
        argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        run(argv, what="ssh-keygen", env=GIT_ENV, timeout=30)
    shutil.copy(folder / "key.pub", folder / "authorized")
    host_key = " ".join((folder / "host.pub").read_text().split()[:2])
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}\n")
    (folder / "port").write_text(str(port))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    options = [f'AuthorizedKeysFile "{folder}/authorized"', "StrictModes no", "UsePAM no", "PidFile none"]
    config = folder / "config"
    config.write_text("\n".join([f'HostKey "{folder}/host"', f"ListenAddress 127.0.0.1:{port}", *options]) + "\n")
    server = spawn([program, "-D", "-e", "-f", str(config)], env=GIT_ENV)
    try:
        wait_for_port(port)
        yield folder
    finally:
        kill_group(server.pid)
        server.communicate()


def ssh_url(folder: Path, source: Source) -> str:
    """What a repository is called at such a server."""
    return f"ssh://{getpass.getuser()}@127.0.0.1:{(folder / 'port').read_text()}{source.path}/.git"
