"""What stood still for a deployment runs again where the way back fails as well."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.records import a_record
from tests.unit.deploy.transaction.grounds import a_container, a_ground
from tests.unit.deploy.transaction.test_intent import INTENT
from workers.adapters.docker.container import CONFIG_HASH, Container
from workers.adapters.docker.engine import Engine
from workers.adapters.state.deployed import RecordedContainer
from workers.deploy.containers.aside import name_aside
from workers.deploy.transaction.last_resort import start_what_stands
from workers.model.errors import CommandFailed


class Starting(Engine):
    """An engine with these containers, of which one does not start."""

    def __init__(self, *there: Container, broken: str) -> None:
        super().__init__("unix:///nowhere")
        self.there, self.broken, self.done = there, broken, list[str]()

    def containers(self, project: str | None = None, *, one_off: bool = False) -> tuple[Container, ...]:
        assert (project, one_off) == ("a", False)
        return self.there

    def start(self, container_id: str) -> None:
        if container_id == self.broken:
            what = "start"
            raise CommandFailed(what, 500, "the port is taken")
        self.done.append(container_id)

    def rename(self, container_id: str, name: str) -> None:
        self.done.append(f"{container_id} is {name}")


def test_what_ran_before_is_started_and_nothing_else(tmp_path: Path) -> None:
    aside = replace(a_container("aside", "exited"), id="0" * 64)
    made_anew = a_container("made", "created", labels={CONFIG_HASH: "old"})
    engine = Starting(
        a_container("broken", "created"),
        a_container("web"),
        a_container("db", "exited"),
        a_container("job", "exited"),
        replace(aside, name=name_aside(aside)),
        made_anew,
        a_container("new", "exited", labels={CONFIG_HASH: "new"}),
        broken="id-broken",
    )
    known = RecordedContainer(id="before", service="made", config_hash="old", state="running")
    said: list[str] = []
    ground = a_ground(tmp_path, said=said, record=replace(a_record(), containers={"a-made-1": known}))
    ground = replace(ground, tools=replace(ground.tools, engine=engine))
    ran = ("id-broken", "id-web", "id-db", "id-job", aside.id)
    intent = replace(INTENT, starts=frozenset((each, "1") for each in ran), resting=frozenset({"job"}))
    start_what_stands(ground, intent)
    assert engine.done == ["id-db", f"{aside.id} is {aside.name}", aside.id, "id-made"]
    assert said[0].startswith("a-broken-1 does not start: ")


def test_an_engine_that_is_away_is_no_further_problem(tmp_path: Path) -> None:
    start_what_stands(a_ground(tmp_path), INTENT)
