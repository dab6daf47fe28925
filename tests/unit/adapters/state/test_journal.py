"""The journal survives what Redis does not."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.records import a_record
from workers.adapters.state.journal import Journal, JournalEntry
from workers.adapters.state.marks import Pause
from workers.model.errors import UnknownName

STACK = "production/a"


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path)


def test_a_stack_without_a_journal_has_an_empty_one(journal: Journal) -> None:
    assert journal.load(STACK) == JournalEntry()
    assert journal.find(STACK) is None
    assert not journal.exists(STACK)
    assert journal.all() == {}


def test_what_is_saved_comes_back(journal: Journal) -> None:
    journal.update(STACK, record=a_record("c1"), fence=3)
    journal.update("staging/b", record=a_record("é"))
    assert journal.load(STACK) == JournalEntry(record=a_record("c1"), fence=3)
    assert journal.load("staging/b") == JournalEntry(record=a_record("é"))
    assert list(journal.all()) == [STACK, "staging/b"]


def test_fields_are_set_and_dropped_one_by_one(journal: Journal) -> None:
    journal.update(STACK, fence=3, intent={"to": "c2"})
    left = JournalEntry(fence=3, pause=Pause("me", "", ""))
    assert journal.update(STACK, intent=None, pause=left.pause) == left
    assert journal.load(STACK) == left


def test_writers_at_once_lose_nothing(journal: Journal, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: journal.write_mark(STACK, f"field{number}", {"at": number}), range(40)))
    assert len(json.loads((tmp_path / "state/production/a.json").read_text())) == 40


def test_only_its_owner_can_read_it(journal: Journal, tmp_path: Path) -> None:
    journal.update(STACK, fence=1)
    modes = [oct((tmp_path / path).stat().st_mode)[-3:] for path in ("state/production/a.json", "state/production")]
    assert modes == ["600", "700"]


def test_no_other_file_is_left_behind(journal: Journal, tmp_path: Path) -> None:
    journal.update(STACK, fence=1)
    with pytest.raises(TypeError):
        journal.update(STACK, intent={"to": object()})
    assert [path.name for path in sorted((tmp_path / "state/production").iterdir())] == [".journal.lock", "a.json"]
    assert journal.load(STACK) == JournalEntry(fence=1)


@pytest.mark.parametrize("content", [b"", b'{"fence": 1', b"[]", b"\xff\x00"])
def test_a_damaged_journal_is_set_aside_and_reported(journal: Journal, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "state/production/a.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert journal.load(STACK) == JournalEntry()
    [aside] = journal.damaged
    assert aside.read_bytes() == content
    assert journal.update(STACK, fence=2) == JournalEntry(fence=2)
    assert list(journal.all()) == [STACK]


@pytest.mark.parametrize(
    "field",
    [
        {"record": {"commit": "c1"}},
        {"pin": {"until": "push"}},
        {"hold": {"fingerprint": "f", "outcome": "odd"}},
        {"call": {"files": []}},
        {"pause": "me"},
        {"disturbed": {"web": "shaken"}},
    ],
    ids=lambda field: next(iter(field)),
)
def test_a_journal_that_is_damaged_in_one_field_is_set_aside_before_anything_is_written(
    journal: Journal, tmp_path: Path, field: dict[str, object]
) -> None:
    path = tmp_path / "state/production/a.json"
    path.parent.mkdir(parents=True)
    for act in (journal.find, lambda stack: journal.update(stack, fence=2), lambda _: journal.all()):
        path.write_text(json.dumps({"fence": 1, **field}))
        act(STACK)
        assert json.loads(journal.damaged.pop().read_text()) == {"fence": 1, **field}
    assert journal.find(STACK) is None
    assert journal.update(STACK, fence=2) == JournalEntry(fence=2)


def test_fields_that_a_later_release_has_written_stay(journal: Journal, tmp_path: Path) -> None:
    path = tmp_path / "state/production/a.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"fence": 1, "later": {"a": [1]}}')
    journal.update(STACK, fence=2, pause=Pause("me", "", ""))
    journal.update(STACK, pause=None)
    assert json.loads(path.read_text()) == {"fence": 2, "later": {"a": [1]}}


def test_a_deleted_journal_is_gone(journal: Journal) -> None:
    journal.delete(STACK)
    journal.update(STACK, fence=1)
    journal.delete(STACK)
    assert not journal.exists(STACK)


@pytest.mark.parametrize("stack", ["a", "../a/b", "a/..", "a/b/c", "production/", "Production/a", "a/b\n"])
def test_what_is_no_stack_id_leads_nowhere(journal: Journal, stack: str) -> None:
    with pytest.raises(UnknownName):
        journal.load(stack)
