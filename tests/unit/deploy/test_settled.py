"""A decision to do nothing that is remembered is the one that would be made again: else nothing is remembered.

Each state meets a third of the events, each event a third of the states; `thorough` are the other pairs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from tests.git_server import Source
from tests.records import a_record, record_at
from workers.adapters.state.clock import text_of
from workers.adapters.state.fast_path import Look
from workers.adapters.state.leases import Lease
from workers.adapters.state.marks import Hold, Pin
from workers.deploy.files.layout import Folders
from workers.deploy.observed import Request
from workers.deploy.settled import remembered, settled
from workers.deploy.sight import Sight
from workers.model.stack import Stack
from workers.model.words import Action, Decision, Outcome, Reason
from workers.services import Services

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
COMPOSE = "services: {web: {image: 'web:%s', env_file: app.env}}\n"
LATER = NOW + timedelta(minutes=5)


@dataclass(frozen=True)
class Place:
    """One stack, and whatever may happen to it."""

    services: Services
    source: Source
    id: str = "default/a"

    @property
    def stack(self) -> Stack:
        return self.services.stacks.find(self.id)

    def push(self, files: dict[str, str | None]) -> str:
        self.source.commit(files)
        return self.services.clone("r").fetch(["main"])["main"]

    def deploy(self) -> str:
        """Let it count as deployed as it is."""
        commit = self.services.clone("r").fetch(["main"])["main"]
        record = record_at(self.services, self.stack, commit, repo="r")
        self.services.state.records.put(self.id, record, None, deployed_commit=commit)
        return commit

    def option(self, text: str) -> None:
        catalog = self.services.settings.catalog
        catalog.write_text(catalog.read_text().replace("path: a", f"path: a, {text}"))

    def hold(self, **fields: object) -> None:
        commit = self.services.clone("r").newest("main") or ""
        content = Sight(self.services, self.stack).content(commit)
        held = {"why": "it broke", "outcome": Outcome.FAILED, **fields}
        self.services.state.holds.hold(self.id, Hold(content, **held))  # type: ignore[arg-type]

    def look(self) -> Look:
        return self.services.state.quick.peek([self.id])[self.id]

    def decide(self, now: datetime = NOW) -> Decision | None:
        """What is decided anew."""
        return settled(self.services, self.stack, Request(), self.look(), now)

    def recall(self, now: datetime = NOW) -> Decision | None:
        """What is remembered."""
        newest = self.services.clone("r").newest("main")
        assert newest is not None
        return remembered(self.services, self.stack, self.look(), newest, now)


@pytest.fixture
def place(services: Services, source: Source) -> Place:
    made = Place(services, source)
    made.push({"a/compose.yaml": COMPOSE % 1, "a/app.env": "A=1\n", "b/compose.yaml": COMPOSE % 1})
    return made


def deployed_and_changed(place: Place) -> None:
    place.deploy()
    place.push({"a/compose.yaml": COMPOSE % 2})


def paused(place: Place) -> None:
    deployed_and_changed(place)
    place.services.state.pauses.pause(place.id, "me", "holiday")


def paused_by_option(place: Place) -> None:
    deployed_and_changed(place)
    place.option("paused: true")


def paused_before_its_first_deployment(place: Place) -> None:
    place.services.state.pauses.pause(place.id, "me")


def held(place: Place) -> None:
    deployed_and_changed(place)
    place.hold()


def held_for_a_while(place: Place) -> None:
    deployed_and_changed(place)
    place.hold(retry_at=text_of(LATER))


def obstructed_before_its_first_deployment(place: Place) -> None:
    place.hold(retry_at=text_of(LATER), obstructed=True)


def invalid(place: Place) -> None:
    place.deploy()
    place.push({"a/compose.yaml": "services: [\n"})


def invalid_by_a_missing_file(place: Place) -> None:
    place.push({"a/compose.yaml": "services: {web: {image: web, env_file: gone.env}}\n"})


def pinned(place: Place) -> None:
    commit = place.deploy()
    newest = place.push({"a/compose.yaml": COMPOSE % 2})
    place.services.state.pins.pin(place.id, Pin(commit, "release", "me", reached=True, head=newest))


def pinned_until_a_push(place: Place) -> None:
    commit = place.deploy()
    newest = place.push({"a/compose.yaml": COMPOSE % 2})
    place.services.state.pins.pin(place.id, Pin(commit, "push", "me", reached=True, head=newest))


def paused_while_pinned(place: Place) -> None:
    pinned(place)
    commit = place.services.clone("r").newest("main") or ""
    place.services.state.pins.pin(place.id, Pin(commit, "release", "me", reached=True, head=commit))
    place.push({"a/compose.yaml": COMPOSE % 3})
    place.services.state.pauses.pause(place.id, "me")


STATES: dict[Callable[[Place], None], Reason] = {
    paused: Reason.PAUSED,
    paused_by_option: Reason.PAUSED,
    paused_before_its_first_deployment: Reason.PAUSED,
    held: Reason.FAILED_BEFORE,
    held_for_a_while: Reason.FAILED_BEFORE,
    obstructed_before_its_first_deployment: Reason.OBSTRUCTED,
    invalid: Reason.INVALID,
    invalid_by_a_missing_file: Reason.INVALID,
    pinned: Reason.PINNED,
    pinned_until_a_push: Reason.PINNED,
    paused_while_pinned: Reason.PAUSED,
}


def a_push_to_another(place: Place) -> None:
    place.push({"b/compose.yaml": COMPOSE % 9})


def a_push_to_it(place: Place) -> None:
    place.push({"a/compose.yaml": COMPOSE % 4})


def a_push_of_a_file_that_was_missing(place: Place) -> None:
    place.push({"a/gone.env": "A=1\n", "a/.env": "B=2\n"})


def a_push_of_an_override(place: Place) -> None:
    place.push({"a/compose.override.yaml": "services: {web: {labels: {a: b}}}\n"})


def its_folder_is_gone(place: Place) -> None:
    place.push({"a/compose.yaml": None, "a/app.env": None})


def a_file_on_the_host(place: Place) -> None:
    live = place.services.live(place.stack)
    for name in (".env", "gone.env"):
        path = Path(live, "a", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("IMAGE=other\n")


def a_pause(place: Place) -> None:
    place.services.state.pauses.pause(place.id, "you", "for another reason")


def the_end_of_every_mark(place: Place) -> None:
    state = place.services.state
    state.pauses.resume(place.id)
    state.holds.release(place.id)
    state.pins.release(place.id)


def another_option(place: Place) -> None:
    place.option("variables: {A: b}")


def found_drift(place: Place) -> None:
    place.services.state.records.set_status(place.id, drift={"web": "missing"})


def another_record(place: Place) -> None:
    place.services.state.records.put(place.id, a_record("0" * 40, repo="r"), None)


def a_deployment_under_way(place: Place) -> None:
    Folders.of(place.services.settings.data_dir, place.stack).undo.mkdir(parents=True)


EVENTS = [
    a_push_to_another,
    a_push_to_it,
    a_push_of_a_file_that_was_missing,
    a_push_of_an_override,
    its_folder_is_gone,
    a_file_on_the_host,
    a_pause,
    the_end_of_every_mark,
    another_option,
    found_drift,
    another_record,
    a_deployment_under_way,
]
PAIRS = [
    pytest.param(state, event, marks=[pytest.mark.thorough] if (row + column) % 3 else [])
    for row, state in enumerate(STATES)
    for column, event in enumerate(EVENTS)
]


@pytest.mark.parametrize(("state", "event"), PAIRS)
def test_what_is_remembered_is_what_would_be_decided(
    place: Place, state: Callable[[Place], None], event: Callable[[Place], None]
) -> None:
    state(place)
    decided = place.decide()
    assert decided is not None
    assert (decided.action, decided.reason) == (Action.NONE, STATES[state])
    assert place.recall() is not None, "nothing has changed"
    event(place)
    known = place.recall()
    if event is a_push_to_another and state is not pinned_until_a_push:
        assert known is not None, "nothing that concerns it has changed"
    assert known is None or known == place.decide()


@pytest.mark.parametrize("state", [held_for_a_while, obstructed_before_its_first_deployment])
def test_what_is_tried_again_by_itself_is_remembered_until_then(place: Place, state: Callable[[Place], None]) -> None:
    state(place)
    assert place.decide() is not None
    assert place.recall(LATER - timedelta(seconds=1)) == place.decide(LATER - timedelta(seconds=1))
    assert place.recall(LATER) is None


def test_what_is_being_deployed_is_not_answered_from_memory(place: Place) -> None:
    paused(place)
    assert place.decide() is not None
    with cast("Lease", place.services.state.leases.acquire(f"stack:{place.id}", "deployment 01")):
        assert place.recall() is None
    assert place.recall() is not None


def test_a_pin_until_a_push_is_remembered_once_a_push_did_not_change_the_stack(place: Place) -> None:
    pinned_until_a_push(place)
    for number in range(3):
        place.push({"b/app.env": f"A={number}\n"})
        assert (place.recall() is not None) is (number > 0)
        assert place.decide() is not None


def test_what_was_decided_for_another_try_is_not_remembered_for_others(place: Place) -> None:
    place.option("drift: report")
    held(place)
    assert settled(place.services, place.stack, Request(again=True), place.look(), NOW) is not None
    assert place.recall() is None
