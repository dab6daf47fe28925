"""`/login` and `/logout`: the API token, typed once, or a link that `tegu open` has printed, becomes a session."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response as AnyResponse

from app.http.guesses import Guesses
from app.http.links import use_link
from app.http.sessions import Sessions, form_token, new_name, read_cookie, write_cookie
from app.pages.door import local_page
from workers.adapters.state.sessions import SessionStore
from workers.runtime.settings import Settings

WHO = "whoever has the token"
"""Who is logged in: one token has no names."""


def create_entrance(settings: Settings, sessions: Sessions, store: SessionStore) -> Blueprint:
    """The blueprint of login and logout."""
    blueprint = Blueprint("entrance", __name__)
    entrance = _Entrance(settings, sessions, store)
    blueprint.add_url_rule("/login", "login", entrance.ask, methods=["GET"])
    blueprint.add_url_rule("/login", "enter", entrance.enter, methods=["POST"])
    blueprint.add_url_rule("/login/<link>", "by_link", entrance.by_link, methods=["GET"])
    blueprint.add_url_rule("/logout", "logout", entrance.leave, methods=["POST"])
    return blueprint


class _Entrance:
    def __init__(self, settings: Settings, sessions: Sessions, store: SessionStore) -> None:
        self._settings = settings
        self._sessions = sessions
        self._store = store
        self._guesses = Guesses()

    def ask(self, problem: str = "", status: int = 200) -> AnyResponse:
        """The form; the cookie that it is tied to is no session."""
        name = read_cookie(request) or new_name()
        text = render_template(
            "login.html",
            problem=problem,
            has_token=self._settings.api_token is not None,
            form_token=form_token(name),
            next=local_page(request.values.get("next")),
        )
        return self._remember(make_response(text, status), name)

    def enter(self) -> AnyResponse:
        """The form has come."""
        token = self._settings.api_token
        if token is None:
            return self.ask()
        try:
            self._guesses.check(request.remote_addr)
        except TooManyRequests as error:
            return self.ask(str(error.description), 429)
        given = request.form.get("token", "").strip().encode()
        if not hmac.compare_digest(given, token.reveal().encode()):
            self._guesses.note_wrong(request.remote_addr)
            return self.ask("That is not the token.", 401)
        return self._let_in()

    def by_link(self, link: str) -> AnyResponse:
        """A link was opened."""
        if request.method == "HEAD":  # whoever only looks at where a link leads does not use it
            return Response()
        token = self._settings.api_token
        if token and use_link(link, token, self._store):
            return self._let_in()
        return self.ask("This link was used already, or is too old. `tegu open` prints another.", 401)

    def leave(self) -> AnyResponse:
        """Log out; what is asked next begins with a name that has never been a session."""
        self._sessions.end(read_cookie(request))
        return self._remember(redirect("/login", 303), new_name())

    def _let_in(self) -> AnyResponse:
        """Begin a session under a name that nobody could know before."""
        self._sessions.end(read_cookie(request))
        return self._remember(redirect(local_page(request.values.get("next")), 303), self._sessions.begin(WHO))

    def _remember(self, response: AnyResponse, name: str) -> AnyResponse:
        write_cookie(request, response, name, self._settings.public_url)
        return response
