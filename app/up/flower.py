"""Flower as `tegu up` runs it: with a login of its own, and only under names that are this machine's.

`python -m app.up.flower --address=… --port=…` is `celery -A workers flower` with what that has no option for. The login
lies in a private file of the data directory, and so in no argument and in no environment.
"""

from __future__ import annotations

import atexit
import contextlib
import ipaddress
import signal
import socket
import sys
from collections.abc import Collection, Sequence
from urllib.parse import urlsplit

from flower import command
from flower.app import Flower
from flower.urls import settings as flower_settings
from tornado.httputil import HTTPMessageDelegate, HTTPServerRequest
from tornado.options import options
from tornado.web import RequestHandler

from app.up.token import flower_login, has_own_login
from workers.celery import app
from workers.runtime.settings import Settings, load_settings

_MISDIRECTED = 421


def main(arguments: Sequence[str]) -> None:
    """Run it until a signal says to stop.

    Args:
        arguments: Flower's own options.
    """
    settings = load_settings()
    command.apply_env_options()
    command.apply_options("flower", arguments)
    _ask_for_login(settings)
    command.extract_settings()
    command.setup_logging()
    flower = GuardedFlower(names_of(settings), capp=app, options=options, **flower_settings)
    atexit.register(flower.stop)
    signal.signal(signal.SIGTERM, command.sigterm_handler)
    flower.start_http_server()
    with contextlib.suppress(KeyboardInterrupt, SystemExit):  # this is how it ends
        flower.start()


def _ask_for_login(settings: Settings) -> None:
    if options.basic_auth or options.auth or not has_own_login():
        return
    login = flower_login(settings.data_dir)
    if login is not None:
        options.basic_auth = [login.reveal()]


def names_of(settings: Settings) -> frozenset[str]:
    """The names that this machine is called by; addresses need none."""
    public = urlsplit(settings.public_url or "").hostname
    own = (socket.gethostname(), socket.getfqdn(), "localhost", public or "")
    return frozenset(name.lower() for name in own if name)


class GuardedFlower(Flower):  # type: ignore[misc]
    """Flower that answers only what is meant for this machine.

    A page elsewhere may let its own name stand for an address of this machine (DNS rebinding), and a browser then takes
    what is here for that page's own.

    It loads Tegu's tasks, and all that they work with, only when somebody orders something: to show what workers tell
    of them it needs none.

    Args:
        names: that it is called by.
        more: as Flower takes it.
    """

    def __init__(self, names: Collection[str], **more: object) -> None:
        # Reads all settings before threads do: whoever comes while they are read gets Celery's defaults.
        app.conf.get("broker_url")
        app.loader.default_modules = ()  # what Flower imports at once; looked up anew when it is asked for again
        super().__init__(**more)
        del app.loader.default_modules
        self._names = names

    def find_handler(self, request: HTTPServerRequest, **more: object) -> HTTPMessageDelegate:
        """Who answers a request."""
        if is_meant_for(request.host_name, self._names):
            if request.method == "POST":
                self.capp.loader.import_default_modules()
            found: HTTPMessageDelegate = super().find_handler(request, **more)
            return found
        refusal: HTTPMessageDelegate = self.get_handler_delegate(request, _Refusal)
        return refusal


class _Refusal(RequestHandler):
    """Says how it may be asked."""

    def prepare(self) -> None:
        """Answer whatever it is."""
        self.set_status(_MISDIRECTED)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish("Ask by an address, or by this machine's own name; TEGU_PUBLIC_URL names one more.\n")

    def check_xsrf_cookie(self) -> None:
        """Nothing is done, whoever asks."""


def is_meant_for(host: str, names: Collection[str]) -> bool:
    """Whether the host in a request is one of these names, or an address, which nobody can let stand for another."""
    name = host.lower().strip("[]").rstrip(".")
    if name in names or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1:])
