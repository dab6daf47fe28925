"""A run fails for what it made worse: each row is a story of runs, and which of them have failed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pytest

from workers.adapters.state.results import StackResult, endings_of
from workers.adapters.state.state import State
from workers.model.words import Action, Outcome, Reason

A = "prod/a"


@dataclass(frozen=True)
class Look:
    """A run in which a stack ended. `workers` none: somebody asked for the very stack."""

    outcome: Outcome
    content: str = "v1"
    commit: str = "c1"
    trigger: str = "webhook"
    reason: Reason | None = None
    message: str = ""
    asked: bool = False


def failed_before(content: str = "v2", commit: str = "c2", trigger: str = "webhook") -> Look:
    return Look(Outcome.SKIPPED, content, commit, trigger, Reason.FAILED_BEFORE)


GOOD, BACK = Look(Outcome.UNCHANGED), Look(Outcome.ROLLED_BACK, "v2", "c2")
BROKEN = Look(Outcome.INVALID, "", "c1", message="a:3: no")
HEALED = Look(Outcome.DEPLOYED, "v1", "c2", reason=Reason.DRIFTED)


STORIES = {
    "a broken push, then others that do not touch it": (
        [BROKEN, replace(BROKEN, commit="c2"), replace(BROKEN, commit="c3")],
        "x--",
    ),
    "a broken push is looked at twice": ([BROKEN, BROKEN], "x-"),
    "another mistake at the same place": ([BROKEN, replace(BROKEN, commit="c2", message="a:4: no")], "xx"),
    "a fix that leaves it as broken": ([BROKEN, replace(BROKEN, commit="c2", content="folder2")], "xx"),
    "whoever asks for the very stack is told": ([BROKEN, replace(BROKEN, asked=True), BROKEN], "xx-"),
    "held content": ([GOOD, BACK, failed_before(commit="c3"), failed_before(commit="c4")], "-x--"),
    "held content that is pushed again": (
        [BACK, GOOD, failed_before(commit="c4"), failed_before(commit="c5")],
        "x-x-",
    ),
    "other content that fails, too": ([BACK, Look(Outcome.ROLLED_BACK, "v3", "c3")], "xx"),
    "the same content ends otherwise": ([Look(Outcome.FAILED, "v2", "c2"), replace(BACK, commit="c3")], "xx"),
    "tried again by itself": ([Look(Outcome.FAILED, "v2"), Look(Outcome.FAILED, "v2", trigger="reconcile")], "x-"),
    "healed meanwhile": ([BACK, HEALED, failed_before(commit="c3")], "x--"),
    "cancelled by somebody": ([Look(Outcome.CANCELLED, "v2", "c2"), failed_before(commit="c3")], "--"),
    "paused meanwhile": ([BROKEN, Look(Outcome.SKIPPED, reason=Reason.PAUSED), replace(BROKEN, commit="c2")], "x--"),
    "found by the clock, and the push that brought it comes": (
        [replace(BROKEN, trigger="reconcile"), replace(BROKEN, trigger="reconcile"), BROKEN, BROKEN],
        "x-x-",
    ),
    "found by the clock, and another push comes": (
        [replace(BROKEN, trigger="poll"), replace(BROKEN, commit="c2")],
        "x-",
    ),
}


@pytest.mark.parametrize(("looks", "failures"), STORIES.values(), ids=STORIES.keys())
def test_a_run_fails_for_what_it_made_worse(state: State, looks: Sequence[Look], failures: str) -> None:
    assert "".join("x" if run_of(state, look) == "failed" else "-" for look in looks) == failures


def run_of(state: State, *looks: Look) -> str:
    runs = [begun(state, look) for look in looks]
    end(state, runs, looks[-1])
    return shown(state, runs[-1])[0]


def begun(state: State, look: Look) -> str:
    run = state.runs.create("homelab", look.trigger, () if look.asked else ("local",))
    state.runs.plan(run, [(A, look.commit)])
    if not look.asked:
        state.runs.end_pull(run, "homelab", "local", commits={}, error=None, repo_ref="main")
    return run


def end(state: State, runs: Sequence[str], look: Look) -> None:
    result = StackResult(A, Action.NONE, look.reason, look.outcome, look.commit, None, look.message, look.content)
    state.runs.finish(runs, result)


def shown(state: State, run: str) -> tuple[str, bool]:
    found = state.runs.get(run)
    assert found is not None
    return found.status, found.stacks[A].still


def test_what_is_old_is_shown_as_such(state: State) -> None:
    for expected in (("failed", False), ("succeeded", True)):
        run = begun(state, BROKEN)
        end(state, [run], BROKEN)
        assert shown(state, run) == expected
    found = state.runs.get(run)
    assert found is not None
    assert found.to_json()["stacks"][A]["still"] is True


def test_runs_that_waited_for_one_look_end_alike(state: State) -> None:
    runs = [begun(state, BROKEN), begun(state, BROKEN)]
    end(state, runs, BROKEN)
    assert [shown(state, run) for run in runs] == [("failed", False)] * 2


def test_told_twice_it_is_not_old(state: State) -> None:
    """A reply was lost, or the task is delivered again."""
    run = begun(state, BROKEN)
    end(state, [run], BROKEN)
    end(state, [run], BROKEN)
    assert shown(state, run) == ("failed", False)


def test_people_hear_of_content_that_fails_again_and_not_of_what_is_left_alone_since() -> None:
    parts = [StackResult(A, Action.NONE, Reason.FAILED_BEFORE, Outcome.SKIPPED, still=still) for still in (False, True)]
    endings = endings_of([text for part in parts for text in (A, "run", json.dumps(part.in_run()), "")])
    assert [each.outcome for each in endings] == [Outcome.FAILED, Outcome.SKIPPED]


def pulled(state: State, error: str | None, trigger: str = "webhook", commits: Mapping[str, str] | None = None) -> str:
    run = state.runs.create("homelab", trigger, ("local",))
    assert state.runs.start_pull(run, "homelab", "local")
    fetched = {"main": "c1"} if commits is None else commits
    state.runs.end_pull(run, "homelab", "local", commits=fetched, error=error, repo_ref="main")
    found = state.runs.get(run)
    assert found is not None
    return f"{found.status} {found.pulls['local'].status} {found.pulls['local'].still}"


def test_what_is_amiss_beside_what_was_pulled_is_told_once(state: State) -> None:
    told, known = "failed failed False", "succeeded succeeded True"
    missing = "there is no branch develop"
    assert pulled(state, missing, "reconcile") == told
    assert pulled(state, missing, "reconcile") == known
    assert pulled(state, missing) == told
    assert pulled(state, missing) == known
    assert pulled(state, "there is no branch next") == told
    assert pulled(state, None) == "succeeded succeeded False"
    assert pulled(state, missing) == told


def test_a_pull_that_sees_nothing_new_has_failed_each_time(state: State) -> None:
    assert {pulled(state, "no answer", commits={}) for _ in range(3)} == {"failed failed False"}
