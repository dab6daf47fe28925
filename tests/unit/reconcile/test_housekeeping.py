"""Once a day: pins of stacks that are gone are dropped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.git_server import Source
from tests.records import a_record
from tests.redis_server import RedisServer
from workers.adapters.state.marks import Removed
from workers.adapters.state.state import State
from workers.reconcile.housekeeping import keep_house
from workers.runtime.settings import Settings
from workers.services import Services

STACK, GONE, DOWN = "default/a", "default/gone", "default/down"


@pytest.fixture
def services(tmp_path: Path, state: State, redis_server: RedisServer) -> Iterator[Services]:
    source = Source(tmp_path / "source")
    source.commit({"a/compose.yaml": "services: {}"})
    catalog = tmp_path / "tegu.yaml"
    catalog.write_text(f"repos:\n  r: {{url: {source.path}, ref: main}}\nstacks:\n  a: {{repo: r, path: a}}\n")
    made = Services(Settings(data_dir=state.data_dir, catalog=catalog, redis_url=redis_server.url))
    yield made
    made.close()


def test_pins_of_stacks_that_are_gone_are_dropped_and_others_stay(services: Services) -> None:
    clone = services.clone("r")
    commit = clone.fetch(["main"])["main"]
    for stack in (STACK, GONE, DOWN):
        clone.pin(f"deployed/{stack}", commit)
        clone.pin(f"previous/{stack}", commit)
    services.state.journal.update(STACK, record=a_record(commit))
    services.state.journal.update(DOWN, record=a_record(commit), removed=Removed("gone", done="down"))
    assert keep_house(services, "local", ["r"]) == ("r",)
    assert set(clone.pins()) == {f"deployed/{STACK}", f"previous/{STACK}"}


def test_the_pin_of_a_stack_whose_journal_was_lost_stays(services: Services) -> None:
    clone = services.clone("r")
    clone.pin(f"deployed/{STACK}", clone.fetch(["main"])["main"])
    (services.settings.data_dir / "stacks" / STACK).mkdir(parents=True)
    keep_house(services, "local", ["r"])
    assert set(clone.pins()) == {f"deployed/{STACK}"}


def test_the_house_is_kept_once_a_day(services: Services) -> None:
    services.clone("r").fetch(["main"])
    assert keep_house(services, "local", ["r"]) == ("r",)
    assert keep_house(services, "local", ["r"]) == ()
    assert keep_house(services, "nas", ["r"]) == ("r",)
