"""Settings are written as they are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.adapters.state.connection import connect
from workers.model.errors import UsageError
from workers.runtime.settings import host_and_port, load_settings, parse_duration, write_duration


@pytest.mark.parametrize("text", ["0s", "30s", "5m", "1h30m", "1d", "2d3h4m5s"])
def test_a_duration_is_written_as_it_is_read(text: str) -> None:
    assert write_duration(parse_duration(text)) == text


def test_a_bare_number_is_written_in_the_largest_units() -> None:
    assert write_duration(parse_duration("90")) == "1m30s"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TEGU_WORKER", "two words"),
        ("TEGU_WORKER", "Upper"),
        ("TEGU_CONCURRENCY", "0"),
        ("TEGU_CONCURRENCY", "many"),
        ("TEGU_RECONCILE", "0s"),
        ("TEGU_RECONCILE", "often"),
        ("TEGU_LOG_FORMAT", "xml"),
        ("TEGU_API_TOKEN_FILE", "/nowhere/token"),
        ("TEGU_API_TOKEN", " "),
        ("TEGU_REDIS_URL", "http://x"),
        ("TEGU_REDIS_URL", "localhost:6379"),
        ("TEGU_REDIS_URL", "redis://localhost:port"),
        ("TEGU_REDIS_URL", "redis://[::1"),
        ("TEGU_REDIS_URL", "redis://:pass/word@localhost"),
        ("TEGU_REDIS_URL", "unix://"),
        ("TEGU_BIND", "nope"),
        ("TEGU_BIND", "127.0.0.1"),
        ("TEGU_BIND", "127.0.0.1:"),
        ("TEGU_BIND", "127.0.0.1:0"),
        ("TEGU_BIND", "127.0.0.1:65536"),
        ("TEGU_BIND", "http://127.0.0.1:8000"),
        ("TEGU_FLOWER_BIND", "nope"),
    ],
)
def test_a_setting_that_cannot_work_is_named(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=name):
        load_settings({name: value})


def test_every_wrong_setting_is_told_at_once() -> None:
    with pytest.raises(UsageError) as told:
        load_settings({"TEGU_CONCURRENCY": "0", "TEGU_WORKER": "-"})
    assert len(str(told.value).splitlines()) == 2


@pytest.mark.parametrize("value", ["127.0.0.1", "127.0.0.1,10.0.0.1", "-1", "yes", "1.5"])
def test_trusted_proxies_are_counted(value: str) -> None:
    with pytest.raises(UsageError, match=r"TEGU_TRUSTED_PROXIES: .* is not a count"):
        load_settings({"TEGU_TRUSTED_PROXIES": value})


@pytest.mark.parametrize("url", ["redis://:secret@redis:6379/1", "rediss://redis", "unix:///run/redis.sock?db=1"])
def test_urls_of_redis_are_fine(url: str) -> None:
    settings = load_settings({"TEGU_REDIS_URL": url})
    assert settings.redis_url == url
    connect(settings.state_url)


def test_what_only_redis_py_knows_to_be_wrong_names_the_setting_too() -> None:
    with pytest.raises(UsageError, match="TEGU_REDIS_URL"):
        connect("redis://localhost?db=first")


@pytest.mark.parametrize(
    ("address", "expected"),
    [("0.0.0.0:80", ("0.0.0.0", 80)), ("[::1]:8000", ("::1", 8000)), (":8000", ("", 8000)), ("tegu:1", ("tegu", 1))],
)
def test_an_address_is_a_host_and_a_port(address: str, expected: tuple[str, int]) -> None:
    assert host_and_port(load_settings({"TEGU_BIND": address}).bind) == expected


@pytest.mark.parametrize(("content", "told"), [(b"", "no token"), (b" \n", "no token"), (b"\xff\xfe", "not a text")])
def test_a_file_without_a_token_does_not_open_the_api(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "token").write_bytes(content)
    with pytest.raises(UsageError, match=f"TEGU_API_TOKEN_FILE: .*{told}"):
        load_settings({"TEGU_API_TOKEN_FILE": str(tmp_path / "token")})


def test_a_token_is_read_without_the_line_end(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("tökén\n")
    token = load_settings({"TEGU_API_TOKEN_FILE": str(tmp_path / "token"), "TEGU_API_TOKEN": ""}).api_token
    assert token is not None
    assert token.reveal() == "tökén"


def test_there_is_one_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("one")
    given = {"TEGU_API_TOKEN": "another", "TEGU_API_TOKEN_FILE": str(tmp_path / "token")}
    for names in (given, dict(reversed(given.items()))):
        with pytest.raises(UsageError, match="TEGU_API_TOKEN_FILE: stands beside TEGU_API_TOKEN; keep one of them"):
            load_settings(names)
