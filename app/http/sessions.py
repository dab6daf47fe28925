"""Who is logged in: the API token, typed once, becomes a session of a browser.

The cookie is a random name and nothing else. What Redis has of a session (`workers.adapters.state.sessions`) is found
by the name's digest and holds a digest of the token made with the name, so neither can be got back from Redis, and a
session ends with its token. Why it is so: docs/decisions/sessions-in-redis.md.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Request
from werkzeug.wrappers import Response

from workers.adapters.state.sessions import SESSION_SECONDS, SessionStore, StoredSession
from workers.model.secret import Secret

_NAME = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at pages.

    Attributes:
        who: for people; one token has no names yet.
        session: the name that forms are tied to.
        logged_in: whether there is something to log out of.
        may_act: whether they may order something, beside looking. Who has the token may.
    """

    who: str
    session: str
    logged_in: bool = True
    may_act: bool = True


class Sessions:
    """Sessions of whoever knows the token; without one, nobody has any.

    Args:
        store: of Redis.
        token: the API's.
    """

    def __init__(self, store: SessionStore, token: Secret | None) -> None:
        self._store = store
        self._token = token.reveal().encode() if token else b""

    def begin(self, who: str) -> str:
        """Begin a session. Returns its name, for the cookie.

        Raises:
            RedisUnavailable: it could not be kept.
        """
        name = new_name()
        self._store.put(_digest(name), StoredSession(who, _tie(name, self._token)))
        return name

    def visitor(self, name: str) -> Visitor | None:
        """Who has this session; None where it is none, or no more.

        Raises:
            RedisUnavailable: nobody can say.
        """
        if not self._token or not _NAME.fullmatch(name):
            return None
        found = self._store.get(_digest(name))
        if found is None or not hmac.compare_digest(found.token, _tie(name, self._token)):
            return None
        return Visitor(found.who, name)

    def end(self, name: str) -> None:
        """End a session, if it is one."""
        self._store.drop(_digest(name))


def new_name() -> str:
    """The name of a session that nobody can guess; before a login it is only what forms are tied to."""
    return secrets.token_urlsafe(32)


def form_token(name: str) -> str:
    """What the forms of a browser have to carry: no page of another site knows it.

    It is another one each time: a secret that stands in every page could be guessed from the length of packed ones.
    """
    salt = secrets.token_hex(8)
    return f"{salt}-{_tie(name, f'form {salt}'.encode())}"


def is_form_token(given: str, name: str) -> bool:
    """Whether a form has come from a page of this browser's own."""
    salt, _, seal = given.partition("-")
    return bool(name) and hmac.compare_digest(seal.encode(), _tie(name, f"form {salt}".encode()).encode())


def cookie_name(request: Request) -> str:
    """Browsers do not tell the ports of a host apart; two Tegus on one machine must."""
    return f"tegu_session_{urlsplit(f'//{request.host}').port or request.scheme}"


def read_cookie(request: Request) -> str:
    """The name in a request's cookie; empty where there is none that could be one."""
    name = request.cookies.get(cookie_name(request), "")
    return name if _NAME.fullmatch(name) else ""


def write_cookie(request: Request, response: Response, name: str, public_url: str | None) -> None:
    """Let the browser keep a name: out of reach of scripts and of other sites, and behind TLS for TLS only."""
    outside = urlsplit(public_url or "")
    secure = request.is_secure or (outside.scheme == "https" and outside.netloc == request.host)
    response.set_cookie(
        cookie_name(request), name, max_age=SESSION_SECONDS, httponly=True, samesite="Lax", secure=secure, path="/"
    )


def _tie(name: str, to: bytes) -> str:
    return hmac.new(name.encode(), to, hashlib.sha256).hexdigest()


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
