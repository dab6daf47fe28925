"""The journal survives what Redis does not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from workers.adapters.state.journal import Journal
from workers.model.errors import UnknownName

STACK = "production/a"


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path)


def test_a_stack_without_a_journal_has_an_empty_one(journal: Journal) -> None:
    assert journal.load(STACK) == {}
    assert not journal.exists(STACK)
    assert journal.all() == {}


def test_what_is_saved_comes_back(journal: Journal) -> None:
    journal.save(STACK, {"record": {"commit": "c1"}, "fence": 3})
    journal.save("staging/b", {"record": {"commit": "é"}})
    assert journal.load(STACK) == {"record": {"commit": "c1"}, "fence": 3}
    assert list(journal.all()) == [STACK, "staging/b"]


def test_fields_are_set_and_dropped_one_by_one(journal: Journal) -> None:
    journal.save(STACK, {"fence": 3, "intent": {"to": "c2"}})
    assert journal.update(STACK, intent=None, pause={"who": "me"}) == {"fence": 3, "pause": {"who": "me"}}
    assert journal.load(STACK) == {"fence": 3, "pause": {"who": "me"}}


def test_writers_at_once_lose_nothing(journal: Journal) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: journal.update(STACK, **{f"field{number}": number}), range(40)))
    assert len(journal.load(STACK)) == 40


def test_only_its_owner_can_read_it(journal: Journal, tmp_path: Path) -> None:
    journal.save(STACK, {"fence": 1})
    modes = [oct((tmp_path / path).stat().st_mode)[-3:] for path in ("state/production/a.json", "state/production")]
    assert modes == ["600", "700"]


def test_no_other_file_is_left_behind(journal: Journal, tmp_path: Path) -> None:
    journal.save(STACK, {"fence": 1})
    with pytest.raises(TypeError):
        journal.save(STACK, {"fence": object()})
    assert [path.name for path in sorted((tmp_path / "state/production").iterdir())] == [".journal.lock", "a.json"]
    assert journal.load(STACK) == {"fence": 1}


@pytest.mark.parametrize("content", [b"", b'{"fence": 1', b"[]", b"\xff\x00"])
def test_a_damaged_journal_is_set_aside_and_reported(journal: Journal, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "state/production/a.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert journal.load(STACK) == {}
    [aside] = journal.damaged
    assert aside.read_bytes() == content
    assert journal.update(STACK, fence=2) == {"fence": 2}
    assert list(journal.all()) == [STACK]


def test_a_deleted_journal_is_gone(journal: Journal) -> None:
    journal.delete(STACK)
    journal.save(STACK, {"fence": 1})
    journal.delete(STACK)
    assert not journal.exists(STACK)


@pytest.mark.parametrize("stack", ["a", "../a/b", "a/..", "a/b/c", "production/", "Production/a", "a/b\n"])
def test_what_is_no_stack_id_leads_nowhere(journal: Journal, stack: str) -> None:
    with pytest.raises(UnknownName):
        journal.load(stack)
