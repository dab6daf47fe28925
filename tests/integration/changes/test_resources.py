"""Whether two definitions of a network or volume are the same, judged by what the real Compose shows of them.

`make test` asks one release about each pair, the two in turn; `make test-releases` asks all of them about each.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.changes.judge import Judge
from tests.releases import THOROUGH
from tests.unit.changes.resource_cases import DIFFERENT, SAME, compose_file

COMPOSE = {"COMPOSE_PROJECT_NAME": "app"}
CASES = [*SAME, *DIFFERENT]


def shown(judge: Judge, folder: Path, section: str, definition: str) -> Any:
    (folder / "compose.yaml").write_text(compose_file(section, definition), encoding="utf-8")
    verdict = judge.config(folder, env=COMPOSE)
    assert verdict.model is not None, (judge.version, verdict.error)
    return verdict.model[section]["res"]


@pytest.mark.parametrize("case", CASES)
def test_compose_shows_alike_what_is_the_same(case: str, judges: list[Judge], tmp_path: Path) -> None:
    section, one, other = (SAME | DIFFERENT)[case]
    for judge in judges if THOROUGH else judges[CASES.index(case) % len(judges) :][:1]:
        same = shown(judge, tmp_path, section, one) == shown(judge, tmp_path, section, other)
        assert same is (case in SAME), judge.version
