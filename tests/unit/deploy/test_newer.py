"""Whether newer content waits for a stack that is being deployed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.git_server import Source
from workers.adapters.state.marks import Adoption, Hold, Pin
from workers.changes.snapshot import Snapshot
from workers.deploy.newer import newer_than
from workers.deploy.observe import without_engine
from workers.deploy.observed import Observed, Request
from workers.deploy.sight import Sight
from workers.deploy.target import At
from workers.model.stack import Stack
from workers.model.words import Trigger
from workers.services import Services

FIX: dict[str, str | None] = {"a/compose.yaml": "services: {web: {image: web:2}}\n"}


@pytest.fixture
def under_way(services: Services, stack: Stack) -> tuple[Observed, Snapshot]:
    """What a first deployment was made from."""
    facts = services.state.facts([stack.id])[stack.id]
    observed = without_engine(services, stack, Request(), datetime.now(UTC), deployed=None, facts=facts)
    snapshot = Sight(services, stack).compare(None, str(observed.newest)).snapshot
    assert snapshot is not None
    return observed, snapshot


def _push(services: Services, source: Source, files: dict[str, str | None], *, waits: bool = True) -> str:
    commit = source.commit(files)
    services.clone("r").fetch(["main"])
    if waits:
        run = services.state.runs.create("r", Trigger.WEBHOOK, ("local",))
        services.state.runs.plan(run, [("default/a", "")])
    return commit


def test_a_newer_commit_counts_once_a_run_waits_and_it_has_other_content(
    services: Services, source: Source, under_way: tuple[Observed, Snapshot]
) -> None:
    look = newer_than(services, *under_way)
    assert look() is None
    _push(services, source, {"README.md": "of no stack"}, waits=False)
    assert look() is None
    _push(services, source, {"README.md": "again"})
    assert look() is None
    fix = _push(services, source, FIX)
    assert look() == fix


@pytest.mark.parametrize("why", ["invalid", "gone", "paused", "held"])
def test_what_would_be_left_alone_is_not_waited_for(
    services: Services, source: Source, stack: Stack, under_way: tuple[Observed, Snapshot], why: str
) -> None:
    look = newer_than(services, *under_way)
    files: dict[str, dict[str, str | None]] = {
        "invalid": {"a/compose.yaml": "services: ["},
        "gone": {"a/compose.yaml": None},
    }
    fix = _push(services, source, files.get(why, FIX))
    if why == "paused":
        services.state.pauses.pause(stack.id, "somebody", "")
    if why == "held":
        services.state.holds.hold(stack.id, Hold(Sight(services, stack).content(fix)))
    assert look() is None


def test_what_follows_no_ref_or_brings_something_along_is_gone_through_with(
    services: Services, source: Source, under_way: tuple[Observed, Snapshot]
) -> None:
    observed, snapshot = under_way
    _push(services, source, FIX)
    pin = Pin(snapshot.commit, "release", "somebody")
    for other in (
        replace(observed, target=At(snapshot.commit, pin)),
        replace(observed, adoption=Adoption("move", "somebody")),
    ):
        assert newer_than(services, other, snapshot)() is None


def test_nobody_is_interrupted_while_redis_is_away(
    services: Services, source: Source, under_way: tuple[Observed, Snapshot]
) -> None:
    _push(services, source, FIX)
    settings = services.settings.model_copy(update={"redis_url": "unix:///nowhere"})
    away = Services(settings, redis_timeout=0.1)
    try:
        assert newer_than(away, *under_way)() is None
    finally:
        away.close()
