from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from tests.unit.changes.corpus import Case, case_names, load_case
from tests.unit.changes.worlds import KEY, LIVE, World
from workers.changes.closure import take_snapshot
from workers.changes.filtered import Filtered
from workers.changes.snapshot import Snapshot
from workers.model.errors import InvalidStack

ROOT = Path(__file__).parents[3]


def snapshot(case: Case) -> Snapshot:
    return take_snapshot(case.stack, World().tree(case.files(LIVE)), case.host(LIVE), KEY)


@pytest.mark.parametrize("name", case_names())
def test_a_project_has_the_closure_that_was_written_down(name: str) -> None:
    case = load_case(name)
    if case.invalid is not None:
        with pytest.raises(InvalidStack) as caught:
            snapshot(case)
        assert case.invalid in str(caught.value)
        return
    found = snapshot(case)
    assert {path for path, entry in found.entries.items() if entry} == case.closure
    assert {path for path, entry in found.entries.items() if not entry} == case.absent
    assert set(found.outside_paths) == set(case.outside)
    assert set(found.host_paths) == set(case.expected.get("host_paths", ()))
    assert list(found.unset) == case.expected.get("unset", [])


@pytest.mark.parametrize("name", [name for name in case_names() if "reaches" in load_case(name).expected])
def test_a_service_is_reached_by_the_paths_that_were_written_down(name: str) -> None:
    case = load_case(name)
    services = snapshot(case).services
    assert {name: set(services[name].content) for name in services} == {
        name: set(paths) for name, paths in case.expected["reaches"].items()
    }


@pytest.mark.parametrize("name", [name for name in case_names() if load_case(name).invalid is None])
def test_a_filtered_folder_keeps_what_was_written_down(name: str) -> None:
    case = load_case(name)
    found = snapshot(case)
    tree = World().tree(case.files(LIVE))
    left = {}
    for path in found.filtered:
        side = found.side(tree, path)
        assert isinstance(side, Filtered)
        left[path] = sorted([*(name for name, _ in side.files()), *(f"{name}/" for name in side.hollow())])
    assert left == case.expected.get("filtered", {})


def test_every_case_is_of_another_feature() -> None:
    features = [load_case(name).feature for name in case_names()]
    assert len(set(features)) == len(features) >= 60


def test_the_page_lists_every_case() -> None:
    writer = runpy.run_path(str(ROOT / "scripts/corpus_page.py"))
    assert (ROOT / "docs/reference/corpus.md").read_text(encoding="utf-8") == writer["page"](), "run the script"
