"""The switch of files, with its intent in the journal; whatever fails is taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.deploy.transaction.grounds import a_ground, steps_of
from workers.adapters.state.journal import Journal
from workers.deploy.transaction.commit import commit
from workers.deploy.transaction.ground import Ground
from workers.deploy.transaction.intent import Intent
from workers.deploy.transaction.prepare import prepare_files
from workers.deploy.transaction.steps import Step
from workers.model.words import Entry

FILE = Entry(0o100644, "1")


def ready(root: Path, said: list[str] | None = None) -> Ground:
    return a_ground(root, said=said, new={"a/conf": FILE})


def test_the_intent_stands_in_the_journal_and_the_files_in_their_place(tmp_path: Path) -> None:
    said: list[str] = []
    ground, journal = ready(tmp_path, said), Journal(tmp_path)
    intent = commit(prepare_files(ground), journal)
    assert (ground.folders.live / "a/conf").read_text() == "a/conf"
    kept = journal.load(ground.stack.id).intent
    assert kept is not None
    assert (intent.switched, Intent.from_json(kept)) == (True, intent)
    assert steps_of(said) == [Step.INTEND, Step.SWITCH, Step.SWITCHED]


def test_a_switch_that_fails_leaves_nothing(tmp_path: Path) -> None:
    ground, journal = ready(tmp_path), Journal(tmp_path)
    prepared = prepare_files(ground)
    (ground.folders.stage / "a/conf").unlink()
    with pytest.raises(OSError, match="conf"):
        commit(prepared, journal)
    assert not (ground.folders.live / "a/conf").exists()
    assert journal.load(ground.stack.id).intent is None
    assert not ground.folders.unfinished
