"""The login: the token typed once, or a link, becomes a session; without one nothing is seen."""

from __future__ import annotations

import re
import time

import pytest
from flask.testing import FlaskClient

from app.http.guesses import MOST_WRONG
from app.http.links import LINK_SECONDS, make_link
from app.http.sessions import new_name
from tests.unit.pages.conftest import TOKEN, Serve, browser, form_token, log_in, page
from workers.adapters.state.state import State
from workers.model.secret import Secret
from workers.services import Services

PATHS = ["/"]


def cookie_of(client: FlaskClient) -> str:
    found = client.get_cookie("tegu_session_http")
    assert found is not None
    return found.value


# ---------------------------------------------------------------- strangers


@pytest.mark.parametrize("path", PATHS)
def test_a_stranger_is_sent_to_the_login_and_afterwards_to_where_he_wanted_to_go(
    stranger: FlaskClient, path: str
) -> None:
    answer = stranger.get(path)
    assert answer.status_code == 303
    assert answer.headers["Location"] == ("/login" if path == "/" else f"/login?next={path}")
    answer = stranger.post("/login", data={"token": TOKEN, "form": form_token(stranger), "next": path})
    assert (answer.status_code, answer.headers["Location"]) == (303, path)


def test_what_a_stranger_sees_of_a_page_that_is_none_says_nothing_of_tegu(stranger: FlaskClient) -> None:
    text = stranger.get("/nothing", headers={"Accept": "text/html"})
    assert text.status_code == 404
    assert "homelab" not in text.text
    assert stranger.get("/nothing").content_type == "application/problem+json"


@pytest.mark.parametrize("path", ["/healthz", "/login", "/static/tegu.css"])
def test_the_login_its_looks_and_the_health_are_open(stranger: FlaskClient, path: str) -> None:
    with stranger.get(path) as answer:
        assert answer.status_code == 200


def test_a_program_without_the_token_is_told_so_and_not_sent_anywhere(stranger: FlaskClient) -> None:
    assert stranger.get("/api/v1/stacks").status_code == 401


# ---------------------------------------------------------------- the token


def test_the_token_opens_the_pages_and_what_of_the_api_pages_read(stranger: FlaskClient) -> None:
    assert log_in(stranger) == 303
    assert stranger.get("/").status_code == 200
    assert stranger.get("/api/v1/stacks").status_code == 200


@pytest.mark.parametrize("token", ["", "x", f"{TOKEN}x", "ключ", "a" * 10_000])
def test_nothing_else_does(stranger: FlaskClient, token: str) -> None:
    assert log_in(stranger, token) == 401
    assert stranger.get("/").status_code == 303


def test_who_guesses_has_to_wait_and_is_told_so(stranger: FlaskClient) -> None:
    for _ in range(MOST_WRONG):
        assert log_in(stranger, "x") == 401
    form = form_token(stranger)
    answer = stranger.post("/login", data={"token": TOKEN, "form": form})
    assert answer.status_code == 429
    assert "wait a minute" in answer.text


def test_a_session_gets_a_name_that_nobody_knew_before(stranger: FlaskClient) -> None:
    stranger.set_cookie("tegu_session_http", planted := new_name())
    assert log_in(stranger) == 303
    assert cookie_of(stranger) != planted


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(stranger: FlaskClient) -> None:
    form = form_token(stranger)
    sent = stranger.post("/login", data={"token": TOKEN, "form": form}).headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(sent.split("; "))
    assert "Secure" not in sent


@pytest.mark.parametrize(
    ("options", "headers"),
    [
        ({"trusted_proxies": 1}, {"X-Forwarded-Proto": "https"}),
        ({"public_url": "https://tegu.example.com"}, {"Host": "tegu.example.com"}),
    ],
)
def test_behind_tls_the_cookie_is_for_tls_only(
    serve: Serve, options: dict[str, object], headers: dict[str, str]
) -> None:
    assert "Secure" in browser(serve(**options)).get("/login", headers=headers).headers["Set-Cookie"]


def test_redis_has_neither_the_name_nor_the_token(client: FlaskClient, state: State) -> None:
    kept = [str(key) for key in state.redis.scan_iter("*session*")]
    assert kept
    texts = " ".join(f"{key} {state.redis.get(key)!r}" for key in kept)
    assert cookie_of(client) not in texts
    assert TOKEN not in texts


def test_a_session_ends_with_its_token(client: FlaskClient, serve: Serve) -> None:
    later = browser(serve(api_token=Secret("another")))
    later.set_cookie("tegu_session_http", cookie_of(client))
    assert later.get("/").status_code == 303
    assert later.get("/api/v1/stacks").status_code == 401


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("stacks", "/"),
        ("/stacks/production/a?x=1", "/stacks/production/a?x=1"),
        ("/a\r\nSet-Cookie: x", "/"),
        ("/[", "/%5B"),
    ],
)
def test_the_login_leads_to_no_other_site(stranger: FlaskClient, wanted: str, got: str) -> None:
    answer = stranger.post("/login", data={"token": TOKEN, "form": form_token(stranger), "next": wanted})
    assert answer.headers["Location"] == got


def test_without_a_token_nobody_logs_in_and_the_page_says_what_to_do(serve: Serve) -> None:
    client = browser(serve(api_token=None))
    text = page(client, "/login")
    assert "tegu up" in text
    form = client.get("/login")
    assert 'name="token"' not in form.text
    assert client.get("/").status_code == 303


# ---------------------------------------------------------------- forms


@pytest.mark.parametrize("form", ["", "x", "x-y", f"{'0' * 16}-{'0' * 64}", "ü-ü"])
def test_a_form_that_is_not_ours_is_refused(stranger: FlaskClient, form: str) -> None:
    form_token(stranger)  # which gives it a cookie
    assert stranger.post("/login", data={"token": TOKEN, "form": form}).status_code == 403


def test_a_form_of_another_browser_is_refused(services: Services, stranger: FlaskClient) -> None:
    other = form_token(browser(services))
    form_token(stranger)
    assert stranger.post("/login", data={"token": TOKEN, "form": other}).status_code == 403


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_a_form_that_another_site_has_sent_is_refused(stranger: FlaskClient, headers: dict[str, str]) -> None:
    fields = {"token": TOKEN, "form": form_token(stranger)}
    assert stranger.post("/login", data=fields, headers=headers).status_code == 403


def test_the_same_secret_never_stands_in_two_pages(client: FlaskClient) -> None:
    assert form_token(client, "/") != form_token(client, "/")


def test_who_logs_out_is_out_and_so_is_whoever_has_taken_the_cookie(services: Services, client: FlaskClient) -> None:
    taken = cookie_of(client)
    assert client.post("/logout").status_code == 403
    assert client.post("/logout", data={"form": form_token(client, "/")}).headers["Location"] == "/login"
    assert client.get("/").status_code == 303
    thief = browser(services)
    thief.set_cookie("tegu_session_http", taken)
    assert thief.get("/").status_code == 303


# ---------------------------------------------------------------- links


def path_of(services: Services, token: str = TOKEN, seconds: int = 0) -> str:
    link = make_link(services.settings, Secret(token), lambda: time.time() - seconds)
    assert link.startswith("http://127.0.0.1:8000/login/")
    return link.removeprefix("http://127.0.0.1:8000")


def test_a_link_logs_in_once(services: Services, stranger: FlaskClient) -> None:
    path = path_of(services)
    assert stranger.head(path).status_code == 200  # as a preview in a chat would ask
    answer = stranger.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert stranger.get("/").status_code == 200
    other = browser(services)
    assert other.get(path).status_code == 401
    assert other.get("/").status_code == 303


@pytest.mark.parametrize(
    ("token", "seconds", "change"),
    [("another", 0, ""), (TOKEN, LINK_SECONDS, ""), (TOKEN, 0, "x"), (TOKEN, 0, "-")],
)
def test_no_other_link_does(services: Services, stranger: FlaskClient, token: str, seconds: int, change: str) -> None:
    answer = stranger.get(path_of(services, token, seconds) + change)
    assert answer.status_code == 401
    assert "tegu open" in answer.text


@pytest.mark.parametrize(
    ("bind", "public", "start"),
    [
        ("0.0.0.0:80", None, "http://127.0.0.1:80/login/"),
        ("[::]:80", None, "http://[::1]:80/login/"),
        (":8000", None, "http://127.0.0.1:8000/login/"),
        ("127.0.0.1:8000", "https://tegu.example.com/", "https://tegu.example.com/login/"),
    ],
)
def test_a_link_leads_to_where_the_pages_are(serve: Serve, bind: str, public: str | None, start: str) -> None:
    settings = serve(bind=bind, public_url=public).settings
    assert re.fullmatch(re.escape(start) + "[0-9a-f-]+", make_link(settings, Secret(TOKEN)))


# ---------------------------------------------------------------- loopback is open


def test_where_loopback_is_open_pages_need_no_login_there_and_forms_are_still_ours(serve: Serve) -> None:
    client = browser(serve(api_open="loopback"))
    assert "Log out" not in page(client, "/")
    assert client.post("/logout", data={"form": ""}).status_code == 403
    assert client.get("/", environ_overrides={"REMOTE_ADDR": "203.0.113.7"}).status_code == 303
