"""Who may use the API. Every case is a request as the server hands it over."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app.http.factory import create_app
from app.http.guesses import MOST_WRONG
from app.http.sessions import Sessions
from tests.unit.app.conftest import Serve
from workers.model.secret import Secret

TOKEN = "a token with ümlauts"
WIRE = TOKEN.encode().decode("latin-1")


def status(client: FlaskClient, address: str = "127.0.0.1", **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get("/api/v1/runs", headers=named, environ_overrides={"REMOTE_ADDR": address}).status_code


@pytest.fixture
def guarded(serve: Serve) -> FlaskClient:
    return create_app(serve(api_token=Secret(TOKEN), api_open=None)).test_client()


# ---------------------------------------------------------------- with a token


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_whoever_knows_the_token_may(guarded: FlaskClient, scheme: str) -> None:
    assert status(guarded, "203.0.113.7", Authorization=f"{scheme} {WIRE}") == 200


@pytest.mark.parametrize(
    "value", ["", "Bearer", "Bearer ", "Bearer x", f"Basic {WIRE}", WIRE, "Bearer ключ", f"Bearer {WIRE}x"]
)
def test_nobody_else_may_not_even_on_loopback(guarded: FlaskClient, value: str) -> None:
    value = value.encode().decode("latin-1")
    response = guarded.get("/api/v1/runs", headers={"Authorization": value})
    assert response.status_code == 401
    assert response.content_type == "application/problem+json"
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_request_without_the_header_is_unauthorized(guarded: FlaskClient) -> None:
    assert status(guarded) == 401


def test_changing_things_needs_the_token_too(guarded: FlaskClient) -> None:
    assert guarded.post("/api/v1/repos/homelab/pull").status_code == 401


def test_who_guesses_has_to_wait_even_with_the_right_one(guarded: FlaskClient) -> None:
    for _ in range(MOST_WRONG):
        assert status(guarded, "203.0.113.7", Authorization="Bearer x") == 401
    assert status(guarded, "203.0.113.7", Authorization=f"Bearer {WIRE}") == 429
    assert status(guarded, "203.0.113.8", Authorization=f"Bearer {WIRE}") == 200


# ---------------------------------------------------------------- with a session


@pytest.fixture
def logged_in(serve: Serve) -> FlaskClient:
    services = serve(api_token=Secret(TOKEN), api_open=None)
    client = create_app(services).test_client()
    name = Sessions(services.state.sessions, Secret(TOKEN)).begin("somebody")
    client.set_cookie("tegu_session_http", name)
    return client


def test_a_session_reads(logged_in: FlaskClient) -> None:
    assert status(logged_in, "203.0.113.7") == 200


def test_a_session_orders_nothing_here_since_browsers_send_it_by_themselves(logged_in: FlaskClient) -> None:
    assert logged_in.post("/api/v1/repos/homelab/pull").status_code == 401


@pytest.mark.parametrize("cookie", ["", "x", "ä", "A" * 43, "A" * 5000])
def test_what_is_no_session_is_none(guarded: FlaskClient, cookie: str) -> None:
    assert status(guarded, Cookie=f"tegu_session_http={cookie.encode().decode('latin-1')}") == 401


def test_a_session_is_of_its_own_port(serve: Serve) -> None:
    services = serve(api_token=Secret(TOKEN), api_open=None)
    client = create_app(services).test_client()
    client.set_cookie("tegu_session_http", Sessions(services.state.sessions, Secret(TOKEN)).begin("somebody"))
    assert status(client, Host="localhost:8001") == 401


# ---------------------------------------------------------------- without a token


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "203.0.113.7"])
def test_without_a_token_nobody_is_answered(serve: Serve, address: str) -> None:
    client = create_app(serve(api_open=None)).test_client()
    assert status(client, address) == 403
    assert status(client, address, Authorization="Bearer ") == 403


def test_with_a_token_loopback_can_be_open_beside(serve: Serve) -> None:
    client = create_app(serve(api_token=Secret(TOKEN))).test_client()
    assert status(client) == 200
    assert status(client, "203.0.113.7") == 401


# ---------------------------------------------------------------- loopback is open


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_programs_on_this_machine_may(client: FlaskClient, address: str) -> None:
    assert status(client, address) == 200


@pytest.mark.parametrize(
    "address", ["203.0.113.7", "10.0.0.1", "172.17.0.1", "::ffff:10.0.0.1", "fe80::1", "", "localhost"]
)
def test_other_machines_may_not(client: FlaskClient, address: str) -> None:
    assert status(client, address) == 403


PROXY_HEADERS = ["Forwarded", "Via", "X-Real-IP", "X-Client-IP", "CF-Connecting-IP", "CDN-Loop"]


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Server", *PROXY_HEADERS])
@pytest.mark.parametrize("value", ["127.0.0.1", "203.0.113.7", "for=127.0.0.1"])
def test_what_came_through_a_proxy_is_not_local(client: FlaskClient, header: str, value: str) -> None:
    assert status(client, **{header: value}) == 403


def test_a_stranger_does_not_become_local_by_saying_so(client: FlaskClient) -> None:
    assert status(client, "203.0.113.7", X_Forwarded_For="127.0.0.1") == 403


@pytest.mark.parametrize(
    ("address", "forwarded", "expected"),
    [
        ("127.0.0.1", "127.0.0.1", 200),
        ("127.0.0.1", "203.0.113.7", 403),
        ("127.0.0.1", "127.0.0.1, 203.0.113.7", 403),
        ("203.0.113.7", "127.0.0.1", 403),
        ("172.17.0.1", "127.0.0.1", 403),
        ("127.0.0.1", "203.0.113.7, 127.0.0.1", 403),
        ("127.0.0.1", "127.0.0.1, 127.0.0.1", 200),
        ("127.0.0.1", "127.0.0.1,", 403),
        ("127.0.0.1", "", 403),
        ("127.0.0.1", "nonsense", 403),
    ],
)
def test_a_trusted_proxy_is_believed_about_its_client(
    serve: Serve, address: str, forwarded: str, expected: int
) -> None:
    client = create_app(serve(trusted_proxies=1)).test_client()
    assert status(client, address, X_Forwarded_For=forwarded) == expected


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("1.2.3.4", 403),
        ("127.0.0.1", 403),
        ("1.2.3.4, 127.0.0.1", 403),
        ("127.0.0.1, 1.2.3.4", 403),
        ("127.0.0.1, ::1", 200),
    ],
)
def test_a_request_that_passed_fewer_proxies_than_are_trusted_is_not_local(
    serve: Serve, forwarded: str, expected: int
) -> None:
    client = create_app(serve(trusted_proxies=2)).test_client()
    assert status(client, X_Forwarded_For=forwarded) == expected


@pytest.mark.parametrize("header", ["X-Forwarded-Proto", "X-Forwarded-Host", *PROXY_HEADERS])
@pytest.mark.parametrize("value", ["localhost", "for=1.2.3.4", "1.2.3.4"])
def test_a_trusted_proxy_that_does_not_name_its_client_is_not_believed(serve: Serve, header: str, value: str) -> None:
    client = create_app(serve(trusted_proxies=1)).test_client()
    assert status(client, **{header: value}) == 403


@pytest.mark.parametrize("header", PROXY_HEADERS)
def test_what_another_proxy_wrote_beside_counts_too(serve: Serve, header: str) -> None:
    client = create_app(serve(trusted_proxies=1)).test_client()
    assert status(client, X_Forwarded_For="127.0.0.1", **{header: "127.0.0.1"}) == 403


def test_behind_a_trusted_proxy_programs_on_this_machine_may_come_directly(serve: Serve) -> None:
    assert status(create_app(serve(trusted_proxies=1)).test_client()) == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1:8000", "localhost.evil.example", "[", "]", "[::2]"]
)
def test_a_name_of_another_site_that_leads_here_is_refused(client: FlaskClient, host: str) -> None:
    assert status(client, Host=host) == 403


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "tegu.localhost"])
def test_names_of_this_machine_are_fine(client: FlaskClient, host: str) -> None:
    assert status(client, Host=host) == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:3000", "http://["])
def test_a_page_of_another_site_may_not(client: FlaskClient, origin: str) -> None:
    assert status(client, Origin=origin, Host="localhost:8000") == 403


@pytest.mark.parametrize(
    ("site", "expected"), [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)]
)
def test_a_browser_says_whose_page_asks(client: FlaskClient, site: str, expected: int) -> None:
    assert status(client, Sec_Fetch_Site=site) == expected


def test_a_page_of_this_site_may(client: FlaskClient) -> None:
    assert status(client, Origin="http://localhost:8000", Host="localhost:8000") == 200
