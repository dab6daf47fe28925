"""Settings are written as they are read."""

from __future__ import annotations

import pytest

from workers.settings import parse_duration, write_duration


@pytest.mark.parametrize("text", ["0s", "30s", "5m", "1h30m", "1d", "2d3h4m5s"])
def test_a_duration_is_written_as_it_is_read(text: str) -> None:
    assert write_duration(parse_duration(text)) == text


def test_a_bare_number_is_written_in_the_largest_units() -> None:
    assert write_duration(parse_duration("90")) == "1m30s"
