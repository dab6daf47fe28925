"""Ids sort by time and can stand anywhere."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from workers.adapters.state.clock import now
from workers.adapters.state.identifiers import milliseconds_of, new_id

MOMENTS = st.integers(min_value=0, max_value=2**45 - 1)


@given(MOMENTS, MOMENTS)
def test_ids_sort_as_their_times_do(one: int, other: int) -> None:
    if one != other:
        assert (new_id(one) < new_id(other)) == (one < other)


@given(MOMENTS)
def test_an_id_tells_its_time(moment: int) -> None:
    assert milliseconds_of(new_id(moment)) == moment


def test_ids_are_short_distinct_and_safe() -> None:
    ids = {new_id(0) for _ in range(200)}
    assert len(ids) == 200
    assert all(re.fullmatch(r"[0-9a-z]{14}", identifier) for identifier in ids)


def test_now_is_utc_with_milliseconds() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", now())
