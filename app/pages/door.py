"""Who sees pages: whoever is logged in; everybody else sees the login, and what it looks like."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from flask import Response, g, redirect, request
from werkzeug.exceptions import Forbidden, Unauthorized
from werkzeug.wrappers import Response as AnyResponse

from app.http.auth import is_open_to
from app.http.sessions import (
    Sessions,
    Visitor,
    form_token,
    is_form_token,
    new_name,
    read_cookie,
    write_cookie,
)
from workers.runtime.settings import Settings

_OPEN = frozenset({"pages.static", "pages.entrance.login", "pages.entrance.enter", "pages.entrance.by_link"})
_WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
HOME = "/"


class Door:
    """Stands before every page.

    Args:
        settings: who needs no token.
        sessions: of whoever is logged in.
    """

    def __init__(self, settings: Settings, sessions: Sessions) -> None:
        self._settings = settings
        self._sessions = sessions

    def check(self) -> AnyResponse | None:
        """Let a request pass, or send it to the login.

        Raises:
            Forbidden: a form that is of no page of ours.
            Unauthorized: a form of somebody who is not logged in any more.
            RedisUnavailable: nobody can say whether there is a session.
        """
        g.visitor = None
        if request.method in _WRITING:
            check_form()
        if request.endpoint in _OPEN:
            return None
        g.visitor = self.visitor()
        return None if g.visitor else _to_login()

    def visitor(self) -> Visitor | None:
        """Who looks; None for a stranger."""
        name = read_cookie(request)
        if not is_open_to(request, self._settings):
            return self._sessions.visitor(name)
        g.fresh = None if name else new_name()
        return Visitor("this machine", name or g.fresh, logged_in=False)

    def remember(self, response: Response) -> Response:
        """Let a browser that needs no login keep what its forms are tied to."""
        if fresh := g.get("fresh"):
            write_cookie(request, response, fresh, self._settings.public_url)
        return response

    def shown(self) -> dict[str, object]:
        """What every template may use: who looks, and what forms have to carry."""
        visitor = g.get("visitor")
        return {"visitor": visitor, "form_token": form_token(visitor.session) if visitor else ""}


def check_form() -> None:
    """See that a form comes from a page of ours.

    Raises:
        Forbidden: another site's page has sent it, or ours was open for too long.
    """
    origin = request.headers.get("Origin")
    same_site = request.headers.get("Sec-Fetch-Site", "same-origin") in {"same-origin", "none"}
    is_ours = origin is None or origin.partition("://")[2] == request.host
    if not (same_site and is_ours and is_form_token(request.form.get("form", ""), read_cookie(request))):
        message = (
            "This form was open for too long, or is none of ours. Go back, load the page again, and try once more."
        )
        raise Forbidden(message)


def check_may_act() -> None:
    """See that whoever looks may order something.

    Raises:
        Forbidden: they may only look.
    """
    visitor: Visitor | None = g.visitor
    if visitor is None or not visitor.may_act:
        message = "You may look at everything here, and order nothing."
        raise Forbidden(message)


def local_page(address: str | None) -> str:
    """Where to go after the login: to a page of ours, whatever a link says."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")):
        return HOME
    try:
        parts = urlsplit(address)
    except ValueError:
        return HOME
    return HOME if parts.netloc or parts.scheme or not address.isprintable() else address


def _to_login() -> AnyResponse:
    if request.method not in {"GET", "HEAD"}:
        message = "Nothing was done, since you are not logged in any more. Log in, and do it again."
        raise Unauthorized(message)
    wanted = request.full_path.rstrip("?")
    return redirect("/login" if wanted == HOME else f"/login?next={quote(wanted, safe='/')}", 303)
