"""Where a stack was deployed last, as far as no engine has to answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.records import a_record
from workers.adapters.state.deployed import Call
from workers.adapters.state.journal import JournalEntry
from workers.adapters.state.marks import HandedOver
from workers.deploy.transaction.relocation import former_of
from workers.model.errors import EngineUnavailable
from workers.model.stack import Stack
from workers.services import Services

CALL = Call("a", "a", ("a/compose.yaml",), (), (), {}, {})
AWAY = "unix:///away"


def test_a_stack_that_is_where_it_was_has_no_former_place(services: Services, stack: Stack) -> None:
    assert former_of(services, stack, None, JournalEntry()) is None
    assert former_of(services, stack, a_record(), JournalEntry(record=a_record(), call=CALL)) is None


def test_one_that_was_given_away_is_out_of_reach(services: Services, stack: Stack) -> None:
    journal = JournalEntry(left=HandedOver("nas", "stop", at="2026-11-23T11:22:33Z"))
    former = former_of(services, stack, None, journal)
    assert former is not None
    assert (former.place, former.project, former.distant) == ("by worker nas", None, True)


def test_an_engine_that_is_gone_for_good_keeps_nobody(services: Services, stack: Stack) -> None:
    record = a_record(docker_host=AWAY)
    former = former_of(services, stack, record, JournalEntry(record=record, call=CALL))
    assert former is not None
    assert (former.place, former.project) == (f"to {AWAY}, which cannot be reached", None)


def test_a_project_that_is_another_stack_s_by_now_is_left_alone(services: Services, stack: Stack) -> None:
    renamed, record = replace(stack, project="b"), a_record(project=stack.project)
    assert former_of(services, renamed, record, JournalEntry(record=record, call=CALL)) is None


def test_what_another_worker_has_deployed_is_looked_for_here(services: Services, stack: Stack) -> None:
    with pytest.raises(EngineUnavailable):
        former_of(services, stack, a_record(worker="nas"), JournalEntry())
