"""Who may use the API: whoever knows the token; without one, only people on this machine.

"On this machine" is a fact about the connection, never about a header that anybody can write. A reverse proxy
on this machine also connects from a loopback address, so a request that went through one is not local unless
the proxy is trusted and says that its own client is. A browser on this machine is not its user's will either:
pages of other sites reach loopback addresses, directly or by a name of theirs that resolves to one.
"""

from __future__ import annotations

import hmac
import ipaddress
from urllib.parse import urlsplit

from flask import Request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from workers.settings import Settings

_PROXY_HEADERS = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via")


def check(request: Request, settings: Settings) -> None:
    """Let the request pass, or not.

    Raises:
        Unauthorized: it lacks the token.
        Forbidden: there is no token, and it does not come from this machine.
    """
    if settings.api_token:
        if not has_token(request, settings.api_token.reveal()):
            detail = "send `Authorization: Bearer` with the token of TEGU_API_TOKEN"
            raise Unauthorized(detail, www_authenticate=WWWAuthenticate("bearer", {"realm": "tegu"}))
    elif not is_local(request, settings.trusted_proxies):
        detail = "the API answers on loopback only until TEGU_API_TOKEN is set"
        raise Forbidden(detail)


def has_token(request: Request, token: str) -> bool:
    """Whether the request carries the token; compared in constant time, as bytes."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    sent = given.strip().encode("latin-1", "replace")
    return bool(token) and scheme.lower() == "bearer" and hmac.compare_digest(sent, token.encode())


def is_local(request: Request, trusted_proxies: int) -> bool:
    """Whether a program on this machine, and no page of another site in a browser here, has sent the request."""
    before = request.environ.get("werkzeug.proxy_fix.orig", request.environ)
    addresses = {before.get("REMOTE_ADDR"), request.remote_addr}
    if not all(map(_is_loopback, addresses)):
        return False
    if not trusted_proxies and any(name in request.headers for name in _PROXY_HEADERS):
        return False
    return _is_local_name(request.host) and _is_same_site(request)


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
