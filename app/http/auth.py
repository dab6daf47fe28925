"""Who may use the API: whoever knows the token, also by a session that began with it; else nobody.

Without a token it answers nobody, not even on loopback: a request that a proxy on this machine has passed on comes from
a loopback address, too, and that it has passed none cannot be told from headers. Where TEGU_API_OPEN is `loopback`,
whoever runs Tegu has said that there is no such proxy, or one that is trusted.

"On this machine" is a fact about the connection, never about a header that anybody can write. A reverse proxy
on this machine also connects from a loopback address, so a request that went through one is not local unless
the proxy is trusted and every address that `X-Forwarded-For` tells of is local, too. A browser on this machine is
not its user's will either: pages of other sites reach loopback addresses, directly or by a name of theirs that
resolves to one.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from urllib.parse import urlsplit

from flask import Request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from app.http.guesses import Guesses
from app.http.sessions import Sessions, read_cookie
from workers.runtime.settings import Settings

_FORWARDED = re.compile(r"x-forwarded-.+", re.IGNORECASE)
"""What a trusted proxy says of a request, among it the addresses that it came from."""
_PASSED_ON = re.compile(r"forwarded|via|cdn-loop|.*(forwarded|(real|client|connecting)-?ip).*", re.IGNORECASE)
"""What else proxies write, each in its own way (RFC 7239, RFC 9110 section 7.6.3, RFC 8586, Cloudflare, Akamai, …)."""
_READING = frozenset({"GET", "HEAD"})


class Guard:
    """Lets requests to the API pass, or not.

    Args:
        settings: which token, and who needs none.
        sessions: those that began with the token. They only read here: what a browser sends by itself is nobody's will.
    """

    def __init__(self, settings: Settings, sessions: Sessions) -> None:
        self._settings = settings
        self._sessions = sessions
        self._guesses = Guesses()

    def check(self, request: Request) -> None:
        """Let the request pass, or not.

        Raises:
            Unauthorized: it lacks the token.
            Forbidden: there is no token.
            TooManyRequests: too many wrong tokens came from there.
            RedisUnavailable: nobody can say whether it has a session.
        """
        if is_open_to(request, self._settings):
            return
        if not self._settings.api_token:
            detail = "the API answers nobody until TEGU_API_TOKEN is set; `tegu up` makes a token where there is none"
            raise Forbidden(detail)
        if "Authorization" in request.headers:
            self._check_token(request, self._settings.api_token.reveal())
        elif request.method not in _READING or not self._sessions.visitor(read_cookie(request)):
            raise _unauthorized()

    def _check_token(self, request: Request, token: str) -> None:
        self._guesses.check(request.remote_addr)
        if not has_token(request, token):
            self._guesses.note_wrong(request.remote_addr)
            raise _unauthorized()


def is_open_to(request: Request, settings: Settings) -> bool:
    """Whether no token is needed for the request."""
    return settings.api_open == "loopback" and is_local(request, settings.trusted_proxies)


def _unauthorized() -> Unauthorized:
    detail = "send `Authorization: Bearer` with the token of TEGU_API_TOKEN"
    return Unauthorized(detail, www_authenticate=WWWAuthenticate("bearer", {"realm": "tegu"}))


def has_token(request: Request, token: str) -> bool:
    """Whether the request carries the token; compared in constant time, as bytes."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    sent = given.strip().encode("latin-1", "replace")
    return bool(token) and scheme.lower() == "bearer" and hmac.compare_digest(sent, token.encode())


def is_local(request: Request, trusted_proxies: int) -> bool:
    """Whether a program on this machine, and no page of another site in a browser here, has sent the request.

    Args:
        request: the request.
        trusted_proxies: how many proxies stand in front. Where a request passed fewer, whoever is in front of those
            wrote the rest of `X-Forwarded-For`.
    """
    before = request.environ.get("werkzeug.proxy_fix.orig", request.environ)
    if not _is_loopback(before.get("REMOTE_ADDR")) or not _came_from_here(request, trusted_proxies):
        return False
    return _is_local_name(request.host) and _is_same_site(request)


def _came_from_here(request: Request, trusted_proxies: int) -> bool:
    """Whether no proxy has passed the request on, or only trusted ones, for a client on this machine."""
    names = set(request.headers.keys())
    forwarded = {name for name in names if _FORWARDED.fullmatch(name)}
    if any(_PASSED_ON.fullmatch(name) for name in names - forwarded):
        return False
    if not forwarded:
        return True
    addresses = request.headers.get("X-Forwarded-For", "").split(",")
    return 0 < trusted_proxies <= len(addresses) and all(_is_loopback(address.strip()) for address in addresses)


def _is_loopback(address: str | None) -> bool:
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_loopback


def _is_local_name(host: str) -> bool:
    """A name that a browser was led here by would be the other site's own."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name == "localhost" or name.endswith(".localhost") or _is_loopback(name)


def _is_same_site(request: Request) -> bool:
    """Browsers say whose page sends a request; other programs do not, and need not."""
    origin = request.headers.get("Origin")
    if origin is not None and origin.partition("://")[2] != request.host:
        return False
    return request.headers.get("Sec-Fetch-Site", "none") in {"none", "same-origin"}
