"""Settings are written as they are read."""

from __future__ import annotations

import pytest

from workers.errors import UsageError
from workers.settings import load_settings, parse_duration, write_duration


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
        ("TEGU_TRUSTED_PROXIES", "-1"),
        ("TEGU_LOG_FORMAT", "xml"),
        ("TEGU_API_TOKEN_FILE", "/nowhere/token"),
    ],
)
def test_a_setting_that_cannot_work_is_named(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=name):
        load_settings({name: value})


def test_every_wrong_setting_is_told_at_once() -> None:
    with pytest.raises(UsageError) as told:
        load_settings({"TEGU_CONCURRENCY": "0", "TEGU_WORKER": "-"})
    assert len(str(told.value).splitlines()) == 2
