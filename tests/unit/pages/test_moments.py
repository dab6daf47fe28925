"""Times and durations as people say them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.pages.moments import Times, lasting, relative, seconds_between

NOW = datetime(2026, 11, 23, 13, 34, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "ago", "exact"),
    [
        ("2026-11-23T13:34:15.994Z", "just now", "2026-11-23 13:34:15 UTC"),
        ("2026-11-23T13:33:16Z", "1 min ago", "2026-11-23 13:33:16 UTC"),
        ("2026-11-23T14:33:16+01:00", "1 min ago", "2026-11-23 13:33:16 UTC"),
        ("2026-11-20T13:33:16.000+00:00", "3 d ago", "2026-11-20 13:33:16 UTC"),
        ("2026-11-23T13:35:16Z", "in 1 min", "2026-11-23 13:35:16 UTC"),
        ("2024-11-23T13:35:16Z", "1 y ago", "2024-11-23 13:35:16 UTC"),
    ],
)
def test_a_stored_time_is_told_by_its_age_and_exactly(text: str, ago: str, exact: str) -> None:
    moment = Times(lambda: NOW).moment(text)
    assert moment is not None
    assert (moment.ago, moment.exact, moment.machine) == (ago, exact, text)


@pytest.mark.parametrize("text", [None, "", "yesterday", "2026-13-01T00:00:00Z"])
def test_what_is_no_time_is_none(text: str | None) -> None:
    assert Times(lambda: NOW).moment(text) is None


@pytest.mark.parametrize(
    ("seconds", "said"), [(4, "just now"), (-4, "just now"), (59, "59 s ago"), (3600, "1 h ago"), (-86_400, "in 1 d")]
)
def test_ages(seconds: float, said: str) -> None:
    assert relative(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, ""),
        (-1, "0.0 s"),
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (61, "1 min 1 s"),
        (3600, "1 h"),
        (90_061, "1 d 1 h"),
    ],
)
def test_durations(seconds: float | None, said: str) -> None:
    assert lasting(seconds) == said


@pytest.mark.parametrize(("start", "end"), [(None, "2026-11-23T13:34:16Z"), ("x", "y"), ("2026-11-23T13:34:16Z", "")])
def test_a_duration_between_times_that_are_none_is_not_known(start: str | None, end: str) -> None:
    assert seconds_between(start, end) is None
