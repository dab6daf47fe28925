"""What a stack's removal comes to, as far as no engine has to answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.records import a_record
from tests.unit.deploy.observations import an_intent
from workers.adapters.state.deployed import Call
from workers.adapters.state.journal import JournalEntry
from workers.deploy.take_down import KEEP, obstacle, recorded_policy, stack_of, undo_move
from workers.model.errors import EngineUnavailable
from workers.model.stack import Policy, Stack
from workers.services import Services

CALL = Call("a", "a", (), (), (), {}, {}, when_removed="down")


@pytest.mark.parametrize(
    ("journal", "expected"),
    [(JournalEntry(), KEEP), (JournalEntry(call=CALL), "down"), (JournalEntry(call=CALL, when_removed="stop"), "stop")],
)
def test_what_the_options_said_last_counts(journal: JournalEntry, expected: Policy) -> None:
    assert recorded_policy(journal) == expected


def test_a_stack_that_is_gone_is_known_from_its_record() -> None:
    stack = stack_of("default/a", a_record(path="x", project="p", docker_host="tcp://h"))
    assert (stack.id, stack.path, stack.project, stack.docker_host) == ("default/a", "x", "p", "tcp://h")
    assert stack_of("default/a", None).project == "a"


def test_another_stack_s_project_and_a_paused_stack_are_left_alone(services: Services, stack: Stack) -> None:
    assert obstacle(services, replace(stack, name="old")) == (
        "left as it is, since its project a is that of default/a now"
    )
    services.state.pauses.pause(stack.id, "me", "")
    assert obstacle(services, stack) == "left as it is, since it is paused"


def test_who_runs_there_has_to_be_looked_at(services: Services, stack: Stack) -> None:
    with pytest.raises(EngineUnavailable):
        obstacle(services, stack)


def test_what_was_begun_where_it_belongs_or_out_of_reach_is_not_taken_down(services: Services, stack: Stack) -> None:
    intent = replace(an_intent(), docker_host=stack.docker_host, project=stack.project)
    undo_move(services, stack, None, intent, lock=0)
    undo_move(services, stack, None, replace(intent, docker_host="unix:///away"), lock=0)
