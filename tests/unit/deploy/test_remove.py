"""What becomes of a stack that is gone, as far as no engine has to answer."""

from __future__ import annotations

import pytest

from tests.records import a_record
from workers.adapters.state.marks import Removed
from workers.deploy.remove import drop_pins, remove_gone
from workers.model.stack import Stack
from workers.model.words import Outcome
from workers.services import Services

WHY = "it is gone from the catalog"


@pytest.fixture
def deployed(services: Services, stack: Stack) -> str:
    services.state.records.put(stack.id, a_record(), 1)
    return stack.id


def test_what_no_pull_has_missed_is_not_gone(services: Services, deployed: str) -> None:
    assert remove_gone(services, deployed, "t") is None


def test_what_is_kept_is_reported_once(services: Services, deployed: str) -> None:
    services.state.records.set_status(deployed, removed=Removed(WHY, "keep", None, "2026-11-23T11:22:33Z"))
    for outcome in (Outcome.REMOVED, Outcome.SKIPPED):
        done = remove_gone(services, deployed, "t")
        assert done is not None
        assert (done.outcome, done.message) == (outcome, f"{WHY}; left as it is (when_removed: keep)")
    noted = services.state.records.status(deployed).removed
    assert noted is not None
    assert noted.done == "keep"


def test_git_forgets_what_is_deployed_no_more(services: Services, stack: Stack) -> None:
    clone = services.clone("r")
    clone.pin(f"deployed/{stack.id}", clone.resolve("main"))
    drop_pins(services, stack)
    assert clone.pins() == {}
