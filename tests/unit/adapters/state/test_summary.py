"""A run in one sentence."""

from __future__ import annotations

from workers.adapters.state.results import StackResult
from workers.adapters.state.summary import summary
from workers.model.words import Outcome, Reason


def part(name: str, outcome: Outcome | None, reason: Reason | None = None, *, still: bool = False) -> StackResult:
    return StackResult(f"prod/{name}", None, reason, outcome, still=still)


def test_what_was_done_comes_first_and_what_was_left_alone_last() -> None:
    parts = [
        *(part(name, Outcome.UNCHANGED, Reason.UNCHANGED) for name in "ab"),
        part("c", Outcome.SKIPPED, Reason.PAUSED),
        part("broken", Outcome.INVALID, Reason.INVALID, still=True),
        part("d", Outcome.SKIPPED, Reason.FAILED_BEFORE),
        part("e", Outcome.ROLLED_BACK),
        part("f", Outcome.DEPLOYED),
    ]
    said = summary(parts, "2026-11-23T13:34:16.994Z", "2026-11-23T13:35:23.100Z")
    assert said == (
        "1 deployed, 1 rolled back, 1 failed before, 1 still invalid: broken, 1 paused, 2 unchanged in 1 min 6 s"
    )


def test_of_many_that_are_in_trouble_still_some_are_named() -> None:
    parts = [part(name, Outcome.SKIPPED, Reason.FAILED_BEFORE, still=True) for name in "abcde"]
    assert summary(parts) == "5 still failing: a and b and c and 2 more"


def test_a_run_that_goes_on_tells_no_time() -> None:
    assert summary([part("a", None)], "2026-11-23T13:34:16.994Z", None) == "1 waiting"
    assert summary([]) == "no stack looked at"
