"""What the release before wrote is read, shown as that one showed it, and written again in the same form.

The files in `written_by_958c965` were made by that commit: real deployments of stacks named after what has happened to
them (`held`, `pinned`, `killed` after its switch …), the values in Redis and the journals as they were then, and what
`tegu status --json` showed. Ids of containers and paths are others, the same for the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import pytest

from workers.adapters.state.journal import Journal, JournalEntry, JournalFields
from workers.adapters.state.marked import Adoptions, Holds, Pauses, Pins
from workers.adapters.state.marks import Stop
from workers.adapters.state.rebuild import rebuild
from workers.adapters.state.state import State
from workers.adapters.state.status import Known, StatusFields, stored_fields
from workers.deploy.transaction.after_kill import look
from workers.model.words import Action, Outcome

WRITTEN = Path(__file__).parent / "written_by_958c965"


def written(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((WRITTEN / f"{name}.json").read_text())
    return found


JOURNALS, REDIS, ROWS = written("journals"), written("redis"), written("rows")


def values_of(kind: str) -> dict[str, Any]:
    """Values of a kind of key, by stack."""
    return {
        name.removeprefix("tegu:stack:").removesuffix(f":{kind}"): value
        for name, value in REDIS.items()
        if name.startswith("tegu:stack:") and name.endswith(f":{kind}")
    }


@pytest.fixture
def found(state: State) -> State:
    """State that finds all of it."""
    for name, value in REDIS.items():
        if isinstance(value, str):
            state.redis.set(name, value)
        elif isinstance(value, list):
            state.redis.sadd(name, *value)
        else:
            state.redis.hset(name, mapping=value)
    for stack, journal in JOURNALS.items():
        path = state.data_dir / "state" / f"{stack}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(journal))
    return state


def test_status_shows_what_it_showed(found: State) -> None:
    shown = {row["stack"]: row for row in found.rows()}
    told = {each: {name: row[name] for name in ROWS[each]} for each, row in shown.items()}
    assert told == ROWS | {"default/drift": ROWS["default/drift"] | {"status": "drifted"}}


def test_every_record_is_written_again_as_it_was(found: State) -> None:
    records = values_of("record")
    assert records
    for stack, text in records.items():
        record = found.records.get(stack)
        assert record is not None
        assert plain(record.to_json()) == json.loads(text)


def test_every_mark_is_written_again_as_it_was(found: State) -> None:
    marks: Mapping[str, Pauses | Holds | Pins | Adoptions] = {
        "paused": found.pauses,
        "held": found.holds,
        "pinned": found.pins,
        "adopting": found.adoptions,
    }
    for key, kind in marks.items():
        there = {stack: mark.to_json() for stack, mark in kind.all().items()}
        assert there == {stack: json.loads(text) for stack, text in REDIS[f"tegu:{key}"].items()}


def test_every_field_of_a_status_is_written_again_as_it_was(found: State) -> None:
    for stack, stored in values_of("status").items():
        known = found.records.status(stack)
        again = cast("StatusFields", {each.name: getattr(known, each.name) for each in fields(Known)[:-1]})
        there = {name: value for name, text in stored.items() if (value := json.loads(text)) is not None}
        assert {name: value for name, value in plain(stored_fields(**again)).items() if value} == there


def test_every_journal_is_written_again_as_it_was(found: State, tmp_path: Path) -> None:
    other = Journal(tmp_path / "other")
    entries = found.journal.all()
    assert entries.keys() == JOURNALS.keys()
    for stack, entry in entries.items():
        again = cast("JournalFields", {each.name: getattr(entry, each.name) for each in fields(JournalEntry)})
        assert other.update(stack, **again) == entry
        assert json.loads((tmp_path / "other/state" / f"{stack}.json").read_text()) == JOURNALS[stack]


def test_what_happened_is_known(found: State) -> None:
    journals = found.journal.all()
    interrupted = look(journals["default/killed"])
    assert interrupted.intent is not None
    assert (interrupted.intent.switched, interrupted.intent.services["web"]) == (True, Action.UP)
    assert journals["default/disturbed"].disturbed == {"web": Action.UP}
    gone, left, good = (journals[f"default/{name}"] for name in ("gone", "left", "good"))
    assert gone.removed is not None
    assert (gone.removed.policy, gone.removed.done) == ("stop", "stop")
    assert left.left is not None
    assert (left.left.to, left.left.theirs) == ("nas", True)
    assert good.call is not None
    assert (good.call.profiles, good.call.variables, good.call.keeps_unversioned) == (("x",), {"COLOUR": "red"}, True)
    assert good.record is not None
    assert (good.record.heals["web"].times, good.record.containers["t-good-job-1"].state) == (1, "exited")


def test_what_people_and_failures_have_said_is_known(found: State) -> None:
    pauses, holds, pins = found.pauses.all(), found.holds.all(), found.pins.all()
    assert (pauses["default/paused"].who, pauses["default/paused"].why) == ("alice", "holiday")
    held, later = holds["default/held"], holds["default/later"]
    assert held.beside is not None
    assert (held.outcome, held.attempts, held.retry_at) == (Outcome.ROLLED_BACK, 1, None)
    assert later.retry_at is not None
    reached, ordered = pins["default/pinned"], pins["default/ordered"]
    assert (reached.until, reached.reached, reached.before) == ("push", True, None)
    assert ordered.before is not None
    assert (ordered.who, ordered.reached, ordered.before.who, ordered.before.reached) == ("you", False, "me", True)
    adopted = found.adoptions.get("default/paused")
    assert adopted is not None
    assert adopted.data == "leave"
    status = found.records.status("default/drift")
    assert status.drift == {"web": "missing"}
    assert found.records.status("default/stopped").stopped == Stop("", "2026-11-28T02:13:58.558Z")


def test_an_empty_redis_is_filled_from_the_journals(found: State) -> None:
    before = {stack: found.records.get(stack) for stack in values_of("record")}
    found.redis.flushall()
    rebuilt = rebuild(found)
    assert set(rebuilt) == {
        stack for stack, journal in JOURNALS.items() if "record" in journal and "left" not in journal
    }
    assert {stack: found.records.get(stack) for stack in rebuilt} == {stack: before[stack] for stack in rebuilt}


def plain(value: object) -> Any:
    """A value after its journey through JSON, where tuples are lists."""
    return json.loads(json.dumps(value))
