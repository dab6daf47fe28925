"""`tegu up`: everything for a single machine in one process tree.

Redis (unless TEGU_REDIS_URL names one), web, a worker and Flower, restarted when they
end, in one log. It stops them all on Ctrl-C or SIGTERM, and when it is killed they end too.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from app.http.links import make_link
from app.up.forked import load
from app.up.loglines import LogLines
from app.up.offspring import adopt_orphans, end_descendants
from app.up.programs import REDIS, Program, programs, supervisor_config
from app.up.supervision import supervise
from app.up.token import has_own_login, login_file, make_login, make_token, token_file, token_of
from workers.adapters import embedded_redis
from workers.catalog import CatalogFile
from workers.model.errors import UserError
from workers.runtime.settings import Settings, host_and_port

_LAST_ONES_END = 60.0  # seconds that the programs of a killed `tegu up` have to end
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def run_up(settings: Settings, *, verbose: bool = False) -> None:
    """Run everything until a signal says to stop.

    Args:
        settings: of all of it.
        verbose: whether Celery, gunicorn and Redis may speak of themselves.

    Raises:
        CatalogError: when the catalog is missing or wrong.
        UserError: when a port is taken, the data directory is in use, or there is no Redis to start.
    """
    catalog = settings.catalog.absolute()
    CatalogFile(catalog).current()
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"TEGU_DATA_DIR: {settings.data_dir} cannot be made: {error.strerror or error}"
        raise UserError(message) from error
    log = LogLines(settings.log_format, verbose=verbose)
    with _only_one(settings.data_dir) as was_killed:
        deadline = time.monotonic() + (_LAST_ONES_END if was_killed else 0.0)
        if was_killed:
            log.notice("the last `tegu up` was killed; its programs end by themselves, which may take a moment")
        redis = _redis(settings, deadline)
        _check_ports(settings, deadline)
        is_first = settings.api_token is None and make_token(settings.data_dir)
        if settings.flower_bind is not None and has_own_login():
            make_login(settings.data_dir)
        config = settings.data_dir / "supervisor.conf"
        config.write_text(supervisor_config(programs(settings), redis, settings.data_dir), encoding="utf-8")
        _greet(settings, log)
        _tell_how_to_log_in(settings, log, is_first=is_first)
        adopt_orphans()

        def is_ready() -> bool:
            load(flower=settings.flower_bind is not None)  # while Redis starts
            return redis is None or embedded_redis.answers(settings.redis_socket)

        try:
            supervise(
                config,
                log,
                _environment(settings, catalog),
                is_ready,
            )
        finally:
            end_descendants()
        log.notice("stopped")


def _environment(settings: Settings, catalog: Path) -> dict[str, str]:
    """What programs get beside this process's own: the same files wherever they run, the token, objects as a log."""
    found = {"TEGU_CATALOG": str(catalog), "TEGU_DATA_DIR": str(settings.data_dir), "TEGU_LOG_FORMAT": "json"}
    if settings.api_token is None:
        found["TEGU_API_TOKEN_FILE"] = str(token_file(settings.data_dir))
    return found


@contextlib.contextmanager
def _only_one(data_dir: Path) -> Iterator[bool]:
    """Hold the data directory's lock, which names its holder for whoever comes second.

    Yields:
        Whether the last holder was killed: it did not take its name away.
    """
    descriptor = os.open(data_dir / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(descriptor, 32).decode(errors="replace").strip()
            message = f"another `tegu up` (process {holder}) uses {data_dir}; stop it, or choose another TEGU_DATA_DIR"
            raise UserError(message) from error
        was_killed = bool(os.read(descriptor, 32))
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        try:
            yield was_killed
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _redis(settings: Settings, deadline: float) -> Program | None:
    """The embedded Redis, once the socket is free; None when TEGU_REDIS_URL names one."""
    if settings.redis_url is not None:
        return None
    path = settings.redis_socket
    while embedded_redis.is_listening(path):
        if time.monotonic() > deadline:
            message = f"something else listens on {path}; stop it, or set TEGU_REDIS_URL to use it"
            raise UserError(message)
        time.sleep(0.1)
    program, folder = embedded_redis.find_redis_server(), settings.data_dir / "redis"
    embedded_redis.check_can_read(program, folder)
    argv = embedded_redis.redis_argv(program, path, folder)
    return Program(REDIS, tuple(argv), 30)


def _check_ports(settings: Settings, deadline: float) -> None:
    for name, bind in (("TEGU_BIND", settings.bind), ("TEGU_FLOWER_BIND", settings.flower_bind)):
        while bind and (problem := _try_to_listen(*host_and_port(bind))) is not None:
            if time.monotonic() >= deadline:
                message = f"{name}: cannot listen on {bind}: {problem}; stop what does, or choose another"
                raise UserError(message)
            time.sleep(0.1)


def _try_to_listen(host: str, port: int) -> str | None:
    """Why a server could not listen on an address; None when it could."""
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except OSError as error:
        return error.strerror or str(error)
    return None


def _greet(settings: Settings, log: LogLines) -> None:
    if settings.flower_bind is None:
        log.notice("starting", web=f"http://{settings.bind}", flower="off")
        return
    log.notice("starting", web=f"http://{settings.bind}", flower=f"http://{settings.flower_bind}")
    if has_own_login():
        log.notice("Flower asks for a login, user:password", file=str(login_file(settings.data_dir)))
    elif host_and_port(settings.flower_bind)[0] not in _LOOPBACK:
        log.notice("Flower can be reached from other machines, and only FLOWER_… says who is let in")


def _tell_how_to_log_in(settings: Settings, log: LogLines, *, is_first: bool) -> None:
    """At the first start by a link; later it would be one more way in that lies in a log."""
    token = token_of(settings)
    if is_first and token:
        log.notice("made the token of API and pages", file=str(token_file(settings.data_dir)))
        log.notice("log in once, within 15 minutes", link=make_link(settings, token))
    else:
        log.notice("`tegu open` prints a link that logs in")
