"""What a deployment that was killed has left behind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.deploy.transaction.grounds import a_container
from tests.unit.deploy.transaction.test_intent import INTENT, VOLUME
from workers.adapters.docker.container import HOOK, REPLACES, Container
from workers.adapters.docker.engine import Engine
from workers.adapters.state.journal import Journal, JournalEntry
from workers.deploy.files.layout import Folders
from workers.deploy.files.switch_plan import Do, Operation
from workers.deploy.transaction.after_kill import (
    Interrupted,
    give_up,
    host_of,
    left_otherwise,
    look,
    merged,
    settle_half_made,
    tidy,
)
from workers.model.errors import CommandFailed, EngineUnavailable
from workers.model.words import Action

OLD, NEW = replace(a_container(), id="0" * 64), replace(a_container(), id="1" * 64)
HALF = replace(NEW, name=f"{OLD.id[:12]}_a-web-1", labels={REPLACES: "web"})


class Settling(Engine):
    """An engine with these containers, which notes what is done to them; one name is taken."""

    def __init__(self, *there: Container, taken: str = "") -> None:
        super().__init__("unix:///nowhere")
        self.there, self.taken, self.done, self.listings = list(there), taken, list[str](), 0

    def containers(self, project: str | None = None, *, one_off: bool = False) -> tuple[Container, ...]:
        assert (project, one_off) == ("a", True)
        self.listings += 1
        return tuple(self.there)

    def exists(self, container_id: str) -> bool:
        return any(each.id.startswith(container_id) for each in self.there)

    def remove(self, container_id: str) -> None:
        if self.taken == "busy":
            what = "remove"
            raise CommandFailed(what, 409, "its removal is in progress")
        self.done.append(f"remove {container_id[:1]}")
        self.there = [each for each in self.there if each.id != container_id]

    def rename(self, container_id: str, name: str) -> None:
        if name == self.taken:
            what = "rename"
            raise CommandFailed(what, 409, "it is taken")
        self.done.append(f"rename {container_id[:1]} {name}")


@pytest.mark.parametrize(
    ("engine", "done", "listings"),
    [
        (Settling(OLD), [], 1),
        (Settling(OLD, HALF), ["remove 1"], 2),
        (Settling(HALF), ["rename 1 a-web-1"], 2),
        (Settling(HALF, taken="a-web-1"), [], 2),
        (Settling(OLD, replace(NEW, labels={HOOK: "pre_start"})), ["remove 1"], 2),
        (Settling(OLD, replace(NEW, labels={HOOK: "pre_start"}), taken="busy"), [], 2),
        (Settling(OLD, replace(HALF, labels={})), [], 1),
    ],
    ids=[
        "nothing",
        "beside the old one",
        "without it",
        "whose name is taken",
        "a hook",
        "a hook that does not go",
        "somebody's own name",
    ],
)
def test_what_compose_left_half_made_is_settled_and_looked_at_again(
    engine: Settling, done: list[str], listings: int
) -> None:
    there = settle_half_made(engine, "a")
    assert (engine.done, engine.listings, there) == (done, listings, tuple(engine.there))


def test_where_somebody_has_just_looked_nobody_looks_again() -> None:
    engine = Settling(OLD)
    assert settle_half_made(engine, "a", (OLD,)) == (OLD,)
    assert engine.listings == 0


def test_a_switch_that_was_not_completed_is_taken_back_without_a_trace(tmp_path: Path) -> None:
    journal, folders = Journal(tmp_path), Folders(*(tmp_path / name for name in ("live", "stage", "undo", "kept")))
    folders.live.mkdir()
    folders.undo.mkdir()
    intent = replace(INTENT, operations=(), images={}, brought=(), halted=())
    entry = journal.update("default/a", intent=intent.to_json())
    tidy(entry, folders)
    assert folders.undo.exists()  # the intent speaks of it
    give_up("default/a", look(entry), journal, folders, Settling())
    assert journal.load("default/a") == JournalEntry()
    assert not folders.undo.exists()
    assert host_of(entry) == INTENT.docker_host


def test_files_that_cannot_go_back_are_no_reason_to_stay_with_an_attempt_for_ever(tmp_path: Path) -> None:
    journal, folders = Journal(tmp_path), Folders(*(tmp_path / name for name in ("live", "stage", "undo", "kept")))
    folders.live.mkdir()
    (folders.undo / "a").mkdir(parents=True)
    (folders.undo / "a/conf").write_text("old")
    (folders.live / "a").symlink_to(tmp_path)
    conf = Operation(Do.PUT, "a/conf", old=True)
    intent = replace(INTENT, operations=(conf,), images={}, brought=(), halted=(), switched=False)
    entry = journal.update("default/a", intent=intent.to_json())
    give_up("default/a", look(entry), journal, folders, Settling())
    assert journal.load("default/a") == JournalEntry()
    assert not folders.undo.exists()
    with pytest.raises(EngineUnavailable):  # where data was to be brought along, only the intent says where it is
        give_up("default/a", look(JournalEntry(intent=INTENT.to_json())), journal, folders, Engine("unix:///nowhere"))


def test_the_journal_says_what_was_interrupted() -> None:
    assert not look(JournalEntry())
    assert look(JournalEntry(intent=INTENT.to_json(), disturbed={"db": Action.RESTART})) == Interrupted(
        INTENT, {"db": Action.RESTART}
    )


def test_what_is_left_otherwise_comes_back_from_the_journal(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    left = journal.update("default/a", **left_otherwise({"web": Action.UP}, {"v": VOLUME}, ["n"]))
    assert look(left) == Interrupted(None, {"web": Action.UP}, {"v": VOLUME}, ("n",))
    assert journal.update("default/a", **left_otherwise({}, {}, ())) == JournalEntry()
    assert (tmp_path / "state/default/a.json").read_text() == "{}"


def test_the_stronger_action_wins() -> None:
    first, second = {"a": Action.UP, "b": Action.RESTART}, {"a": Action.SIGNAL, "c": Action.BUILD}
    assert merged(first, second) == {"a": Action.UP, "b": Action.RESTART, "c": Action.BUILD}
