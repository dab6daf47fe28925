"""Which values are hidden, and where."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from workers.runtime.masking import MASK, masked, masking_for_now
from workers.runtime.secrecy import hidden


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "four"),
        ("API_KEY", "K3y-of-8"),
        ("JWT_SECRET", "correct horse battery"),
        ("PIN_TOKEN", "482917"),
        ("X", "hunter2hunter2"),
        ("X", "EXAMPLESECRET"),
        ("X", "p4ssw0rd.with.dots"),
        ("X", "umlaute-hörbar"),
        ("", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"),
    ],
)
def test_a_secret_is_hidden(name: str, value: str) -> None:
    assert hidden([(name, value)], "").masked(f"bad: {value}, it says") == f"bad: {MASK}, it says"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "8080"),
        ("AUTH_ENABLED", "true"),
        ("NODE_ENV", "production"),
        ("SECRET_PORT", "8443"),
        ("TZ", "Europe/Berlin"),
        ("DOMAIN", "home.example.com"),
        ("IMAGE", "registry.example.com:5000/team/app:12"),
        ("DATA", "/srv/data"),
        ("SIZE", "short"),
        ("SINCE", "2026-11-28"),
        ("PASSWORD", "admin"),
        ("PASSWORD", "abc"),
        ("PASSWORD", ""),
    ],
)
def test_what_makes_a_log_readable_is_not(name: str, value: str) -> None:
    text = f"it says {value}: {value}"
    assert hidden([(name, value)], "").masked(text) == text


def test_what_stands_in_git_for_everybody_is_told() -> None:
    assert hidden([("DB_PASSWORD", "nextcloud")], "services: {nextcloud: {}}").masked("nextcloud failed") == (
        "nextcloud failed"
    )


def test_a_short_one_is_hidden_as_a_word_and_a_long_one_wherever_it_stands() -> None:
    found = hidden([("PASSWORD", "cat"), ("PASSWORD", "mouse"), ("PASSWORD", "long enough for it")], "")
    assert found.masked("mousetrap mouse, xlong enough for ity") == f"mousetrap {MASK}, x{MASK}y"


def test_lines_of_a_key_passwords_in_addresses_and_other_spellings_are_hidden() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\n-----END KEY-----"
    found = hidden([("A", key), ("URL", "postgres://me:s3cr@db/x"), ("TOKEN", 'a"b c/d')], "")
    assert "MIIE" not in found.masked("line MIIEvQIBADANBgkq")
    assert found.masked("connect to postgres://me:s3cr@other") == f"connect to postgres://me:{MASK}@other"
    assert found.masked('{"t": "a\\"b c/d"} ?t=a%22b%20c%2Fd') == f'{{"t": "{MASK}"}} ?t={MASK}'


def test_one_that_contains_another_is_hidden_as_a_whole() -> None:
    assert hidden([("PASSWORD", "mouse"), ("TOKEN", "mouse-and-elephant")], "").masked("mouse-and-elephant") == MASK


def test_it_is_hidden_in_all_that_is_told_while_something_is_under_way() -> None:
    with masking_for_now() as hide:
        hide(hidden([("PASSWORD", "mouse")], "").masked)
        assert masked("mouse") == MASK
    assert masked("mouse") == "mouse"


def test_what_is_a_secret_of_one_is_a_word_to_another_who_is_under_way_at_the_same_time() -> None:
    def meanwhile() -> str:
        with masking_for_now() as hide:
            hide(hidden([("TOKEN", "elephant")], "").masked)
            return masked("mouse and elephant")

    with masking_for_now() as hide, ThreadPoolExecutor(1) as pool:
        hide(hidden([("PASSWORD", "mouse")], "").masked)
        assert pool.submit(meanwhile).result() == f"mouse and {MASK}"
        assert masked("mouse and elephant") == f"{MASK} and elephant"
