"""Receivers of notices: one that takes everything over HTTP, and one that takes the connection and says nothing."""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """Takes what Apprise's `json://` sends. Answers with `status`.

    Attributes:
        taken: what came and was taken, oldest first.
        asked: how often it was asked to take something.
    """

    def __init__(self, status: int = 200) -> None:
        self.taken: list[dict[str, Any]] = []
        self.asked = 0
        self.status = status
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.asked += 1
                if receiver.status == 200:
                    receiver.taken.append(body)
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def titles(self) -> list[str]:
        return [str(each["title"]) for each in self.taken]

    def url(self, secret: str = "") -> str:
        return f"json://{f'tegu:{secret}@' if secret else ''}127.0.0.1:{self.port}/"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Silent:
    """Accepts, and never answers."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.url = f"json://127.0.0.1:{self._socket.getsockname()[1]}/"

    def close(self) -> None:
        self._socket.close()
