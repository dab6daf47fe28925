"""Links that log in once: made by whoever knows the token, without Redis, and good for a quarter of an hour.

A link is a time, a random text, and a digest of both made with the token; that it was used is noted in Redis.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable

from workers.adapters.state.sessions import SessionStore
from workers.model.secret import Secret
from workers.runtime.settings import Settings, host_and_port

LINK_SECONDS = 900
_EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (compared, not listened on)
_LINK = re.compile(r"(([0-9]{1,12})-[0-9a-f]{32})-([0-9a-f]{64})")


def make_link(settings: Settings, token: Secret, clock: Callable[[], float] = time.time) -> str:
    """An address that logs in whoever opens it first.

    Args:
        settings: where the pages are: at TEGU_PUBLIC_URL, else where the server listens.
        token: the API's.
        clock: the time in seconds since the epoch.
    """
    host, port = host_and_port(settings.bind)
    host = _EVERYWHERE.get(host, host)
    listening = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    text = f"{int(clock()) + LINK_SECONDS}-{secrets.token_hex(16)}"
    return f"{(settings.public_url or listening).rstrip('/')}/login/{text}-{_seal(token, text)}"


def use_link(link: str, token: Secret, store: SessionStore, clock: Callable[[], float] = time.time) -> bool:
    """Whether a link, the last part of its address, logs in: it is genuine, not too old, and used for the first time.

    Raises:
        RedisUnavailable: nobody can say whether it was used.
    """
    found = _LINK.fullmatch(link)
    if not found or not hmac.compare_digest(found[3], _seal(token, found[1])):
        return False
    left = int(found[2]) - int(clock())
    return left > 0 and store.use_link(hashlib.sha256(link.encode()).hexdigest(), left)


def _seal(token: Secret, text: str) -> str:
    return hmac.new(token.reveal().encode(), f"link {text}".encode(), hashlib.sha256).hexdigest()
