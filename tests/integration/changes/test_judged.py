"""A made-up history replayed before the real Compose: what comes up is what its hash names."""

from __future__ import annotations

from pathlib import Path

from benchmarks.history import History
from benchmarks.judged import judged
from benchmarks.repositories import make_repository
from tests.integration.changes.judge import Judge


def test_every_release_makes_anew_what_tegu_brings_up(tmp_path: Path, judges: list[Judge]) -> None:
    make_repository(tmp_path / "history.git", [change.files for change in History(2).changes(8)])
    found = judged(tmp_path / "history.git", judges)
    assert found.agrees, "\n".join(found.lines())
    assert found.differing
    assert found.refused == 0
    assert found.stricter == found.laxer == []
