"""What the command line says of runs, plans and stacks: the pages' words, without what everybody knows."""

from __future__ import annotations

from typing import Any

import pytest

from app.cli.naming import Names
from app.cli.plan_text import plan_sentence, told
from app.cli.result_text import result_lines, run_sentence
from workers.adapters.state.results import StackResult
from workers.adapters.state.run import Run
from workers.model.words import Action, Outcome, Reason, RunStatus, Trigger

ONLY, SEVERAL = Names(["default"]), Names(["production", "staging"])


def row(action: str = "none", reason: str = "unchanged", **more: Any) -> dict[str, Any]:
    return {"stack": "default/a", "action": action, "reason": reason, "paths": [], "services": {}} | more


def a_run(status: RunStatus, *results: StackResult, error: str | None = None) -> Run:
    return Run(
        id="r1",
        repo="homelab",
        trigger=Trigger.CLI,
        who=None,
        status=status,
        forced=False,
        has_pulls=True,
        ref="main",
        commit=None,
        queued_at="2026-11-23T13:34:16.994Z",
        started_at="2026-11-23T13:34:16.994Z",
        finished_at="2026-11-23T13:34:18.994Z" if status.ended else None,
        error=error,
        pulls={},
        stacks={each.stack: each for each in results},
    )


@pytest.mark.parametrize(
    ("names", "text", "said"),
    [
        (ONLY, "default/db failed before default/app", "db failed before app"),
        (ONLY, "put it at /var/lib/tegu/stacks/default/app/.env", "put it at /var/lib/tegu/stacks/default/app/.env"),
        (ONLY, "`tegu resume default/app` ends it", "`tegu resume app` ends it"),
        (SEVERAL, "production/db waits", "production/db waits"),
    ],
)
def test_an_environment_is_named_only_where_there_are_several(names: Names, text: str, said: str) -> None:
    assert names.within(text) == said


def test_what_a_run_did_to_a_stack_is_said_with_why_and_where_to_look() -> None:
    done = StackResult("default/a", Action.RESTART, Reason.CONTENT_CHANGED, Outcome.DEPLOYED, "c" * 40, "d1")
    assert list(result_lines(done, ONLY)) == ["a  deployed  restarted: its files changed, cccccccccc"]
    message = "web is unhealthy\ndefault/b waits"
    failed = StackResult("default/a", Action.UP, Reason.RETRIED, Outcome.ROLLED_BACK, None, "d1", message)
    assert list(result_lines(failed, ONLY)) == [
        "a  rolled back  tried again",
        "    web is unhealthy",
        "    b waits",
        "    `tegu log d1` shows what happened",
    ]
    still = StackResult("production/a", Action.NONE, Reason.FAILED_BEFORE, Outcome.SKIPPED, still=True)
    assert list(result_lines(still, SEVERAL)) == ["production/a  still failing  this content failed before"]


def test_a_run_ends_in_a_sentence() -> None:
    done = StackResult("default/a", outcome=Outcome.DEPLOYED)
    assert run_sentence(a_run(RunStatus.SUCCEEDED, done), ONLY) == "Done: 1 deployed in 2 s (run r1)."
    away = a_run(RunStatus.FAILED, error="the server does not answer")
    assert run_sentence(away, ONLY) == "Failed: the server does not answer (run r1)."
    going = run_sentence(a_run(RunStatus.RUNNING), ONLY)
    assert going == "Run r1 is running; `tegu log r1 -f` shows how it goes on."


def test_a_plan_says_what_would_be_done_to_which_services_and_why() -> None:
    services = {"web": {"action": "restart"}, "db": {"action": "recreate"}, "job": {"action": "none"}}
    changed = row("recreate", "content_changed", services=services, paths=["a/app.yml"])
    assert told(changed, ONLY) == ("a", "restart web, recreate db", "its files changed: a/app.yml")
    unreadable = row(reason="blocked", message="a/compose.yaml cannot be read")
    assert told(unreadable, ONLY) == ("a", "blocked", "a/compose.yaml cannot be read")
    gone = row("remove", "removed")
    assert told(gone, ONLY) == ("a", "let go", "it is gone from its repository or the catalog")
    assert told(row(reason="paused"), SEVERAL) == ("default/a", "leave alone", "it is paused")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "There is no stack."),
        ([row(), row()], "Nothing would be done: 2 stacks need nothing."),
        ([row("up", "first_deploy"), row()], "1 stack would change, 1 needs nothing."),
        ([row(reason="paused"), row(), row()], "Nothing would change, 1 would be left alone, 2 need nothing."),
    ],
)
def test_a_plan_ends_in_a_sentence(rows: list[dict[str, Any]], said: str) -> None:
    assert plan_sentence(rows) == said
