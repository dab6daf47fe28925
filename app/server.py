"""How gunicorn serves Tegu: `gunicorn --config python:app.server app.wsgi:app`.

Threads, since a request here waits for Redis and nothing else. A client that sends its request slowly holds one
of them, so the time in which a request has to arrive is limited as a whole: a limit on each read is no limit for
one that sends a byte now and then.
"""

from __future__ import annotations

import contextlib
import gc
import json
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from gunicorn import util
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker

from workers.adapters.state.liveness import Liveness
from workers.model.errors import RedisUnavailable
from workers.runtime.late import late
from workers.runtime.logs import configure_logs
from workers.runtime.settings import load_settings
from workers.services import Services, build_services

if TYPE_CHECKING:
    from app.http import bodies
else:
    bodies = late("app.http.bodies")  # loads Flask, which gunicorn's main process has no use for

HEAD_SECONDS = 5.0
BODY_SECONDS = 10.0
"""A forge gives up then as well."""
_TICK_SECONDS = 0.5

_PRESENCE_SECONDS = 60.0
_REDIS_SECONDS = 5.0

# ---------------------------------------------------------------- gunicorn's settings

wsgi_app = "app.wsgi:app"
# One: a request waits for Redis, and what it computes takes a millisecond. A second process would answer no sooner and
# take as much memory again (`python -m benchmarks receiver` serves a burst of a thousand with one).
workers = 1
threads = 64
worker_class = "app.server.TimelyWorker"
logger_class = "app.server.StructuredLogger"
bind = load_settings().bind
timeout = 30
graceful_timeout = 10
keepalive = 5
limit_request_line = 4094
limit_request_fields = 100
limit_request_field_size = 8190
control_socket_disable = True
# Only ProxyFix, which counts proxies, may believe what they say.
forwarded_allow_ips = ""
forwarder_headers = ""


def when_ready(server: object) -> None:
    """Gunicorn's hook before it forks: what is loaded by now stays common to both processes.

    What answers is not: the process that answers writes to most of it, and this one would keep a copy of its own.
    """
    del server
    gc.collect()
    gc.freeze()


def post_worker_init(worker: object) -> None:
    """Gunicorn's hook in a process that is about to serve: in a container, it goes on saying in which one.

    The worker that deploys may run in another project, and has to know this one as Tegu's own.
    """
    del worker
    services = build_services(redis_timeout=_REDIS_SECONDS)
    if services.own_container:
        threading.Thread(target=stay_known, args=(services,), name="presence", daemon=True).start()


def pre_request(worker: object, request: Any) -> None:  # noqa: ANN401 (gunicorn's own request)
    """Gunicorn's hook before an answer: a body that will be refused for its size is not asked for, nor waited for."""
    del worker
    lengths = [value for name, value in request.headers if name == "CONTENT-LENGTH"]
    if any(int(length) > bodies.largest_body(request.path) for length in lengths):
        request._expected_100_continue = False  # noqa: SLF001 (there is no other way)
        request.force_close()


def stay_known(services: Services) -> None:
    """Say every minute in which container this process runs, so that a Redis that has forgotten it learns it again."""
    liveness = Liveness(services.state.redis)
    while True:
        with contextlib.suppress(RedisUnavailable):
            liveness.inhabit(services.own_container or "")
        time.sleep(_PRESENCE_SECONDS)


class TimelyWorker(ThreadWorker):  # type: ignore[misc]
    """A threaded worker that hangs up on requests that do not arrive in time."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 (gunicorn's own signature)
        super().__init__(*arguments, **options)
        self._arriving: dict[Any, float] = {}
        self._expected = threading.Event()

    def init_process(self) -> None:
        """Start watching the clock, then serve."""
        threading.Thread(target=self._watch, name="arrivals", daemon=True).start()
        super().init_process()

    def handle(self, conn: Any) -> Any:  # noqa: ANN401 (gunicorn does not type its connections)
        """Read a request from a connection and answer it."""
        self._expect(conn, HEAD_SECONDS)
        try:
            return super().handle(conn)
        finally:
            self._arriving.pop(conn, None)

    def handle_request(self, req: Any, conn: Any) -> Any:  # noqa: ANN401
        """Answer a request whose head has arrived; its body, if it has one, is read while it is answered."""
        if _has_body(req):
            self._expect(conn, BODY_SECONDS)
        else:
            self._arriving.pop(conn, None)
        return super().handle_request(req, conn)

    def _expect(self, conn: Any, seconds: float) -> None:  # noqa: ANN401
        self._arriving[conn] = time.monotonic() + seconds
        self._expected.set()

    def _watch(self) -> None:
        while True:
            self._expected.wait()  # while nothing is expected, nothing has to be watched
            self._expected.clear()
            self._hang_up_on_who_is_late()

    def _hang_up_on_who_is_late(self) -> None:
        """Look at the clock as long as anything is expected."""
        while self._arriving:
            time.sleep(_TICK_SECONDS)
            now = time.monotonic()
            for conn, deadline in list(self._arriving.items()):
                if now > deadline:
                    self._arriving.pop(conn, None)
                    # Reading ends as if the client had hung up; the answer (400) can still be written.
                    with contextlib.suppress(OSError):
                        conn.sock.shutdown(socket.SHUT_RD)


class StructuredLogger(Logger):  # type: ignore[misc]
    """Gunicorn's own lines among all others, in the same form."""

    def setup(self, cfg: Any) -> None:  # noqa: ANN401 (gunicorn's own signature)
        """Let gunicorn's loggers hand everything to Tegu's."""
        super().setup(cfg)
        configure_logs(load_settings().log_format)
        for log in (self.error_log, self.access_log):
            log.handlers.clear()
            log.propagate = True


def write_problem(sock: Any, status: int, reason: str, message: str) -> None:  # noqa: ANN401
    """Answer a request that gunicorn itself refuses as all others are answered (RFC 9457), and hang up.

    Args:
        sock: the client's.
        status: the HTTP status.
        reason: its phrase.
        message: what gunicorn has to say.
    """
    body = json.dumps({"type": "about:blank", "title": reason, "status": status, "detail": message})
    head = (
        f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\n"
        f"Content-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    util.write_nonblock(sock, (head + body).encode("ascii"))


# Gunicorn would write a page of HTML, and has no setting for that.
util.write_error = write_problem


def _has_body(req: Any) -> bool:  # noqa: ANN401
    names = {name for name, value in req.headers if value != "0"}
    return not names.isdisjoint({"CONTENT-LENGTH", "TRANSFER-ENCODING"})
