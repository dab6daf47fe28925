"""What is known of a stack, read once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.records import a_record
from workers.adapters.state.deployed import Deployed
from workers.adapters.state.journal import JournalEntry
from workers.deploy.observe import observe, whose
from workers.deploy.observed import Request
from workers.deploy.target import At
from workers.model.errors import EngineUnavailable
from workers.model.stack import Stack
from workers.services import Services

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OURS, THEIRS = a_record("ours", worker="local"), a_record("theirs", worker="nas")


@pytest.mark.parametrize(
    ("own", "known", "expected"),
    [
        (None, None, (None, None)),
        (None, OURS, (OURS, OURS)),
        (None, THEIRS, (None, THEIRS)),
        (OURS, THEIRS, (OURS, OURS)),
    ],
)
def test_the_journal_knows_what_this_worker_has_deployed(
    stack: Stack, own: Deployed | None, known: Deployed | None, expected: tuple[Deployed | None, Deployed | None]
) -> None:
    assert whose(stack, JournalEntry(record=own), known) == expected


def test_of_a_stack_that_was_never_deployed_no_engine_is_asked(services: Services, stack: Stack) -> None:
    commit = services.clone("r").resolve("main")
    seen = observe(services, stack, Request(), NOW)
    assert (seen.newest, seen.target, seen.has_folder) == (commit, At(commit), True)
    assert (seen.deployed, seen.containers, seen.lost) == (None, None, None)


@pytest.mark.parametrize("host", [None, "unix:///away"])
def test_an_engine_that_a_stack_has_had_may_be_gone_but_not_the_one_it_has(
    services: Services, stack: Stack, host: str | None
) -> None:
    services.state.journal.update(stack.id, record=replace(a_record(), docker_host=host))
    if host is None:
        with pytest.raises(EngineUnavailable):
            observe(services, stack, Request(), NOW)
    else:
        seen = observe(services, stack, Request(), NOW)
        assert (seen.containers, seen.has_moved) == (None, True)
