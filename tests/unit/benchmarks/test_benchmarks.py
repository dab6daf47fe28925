"""Benchmarks are run by people; here only that they still say what they should. Nothing is timed."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks import replay
from benchmarks.__main__ import NAMES, main, number, run
from benchmarks.figure import Figure, by_turns, medians
from benchmarks.history import History
from benchmarks.repositories import git, make_repository, stack_files
from benchmarks.system import seconds_of
from workers.adapters.git import open_local

COMPOSE = "services:\n  app:\n    image: busybox:stable\n    volumes: ['./data:/data']\n"


# ---------------------------------------------------------------- figures


def test_a_figure_with_a_floor_is_judged_by_its_ratio() -> None:
    assert Figure("q", 12, 10, 1.25).ratio == 1.2
    assert Figure("q", 12, 10, 1.25).met is True
    assert Figure("q", 13, 10, 1.25).met is False


def test_a_figure_without_a_floor_is_judged_by_what_was_measured() -> None:
    assert Figure("q", 0.05, goal=0.1).met is True
    assert Figure("q", 0.2, goal=0.1).met is False
    assert Figure("q", 0, goal=0).met is True


def test_a_figure_without_a_goal_only_informs() -> None:
    assert Figure("q", 12, 10).met is None


def test_turns_are_taken_in_alternating_order() -> None:
    order: list[str] = []

    def act(name: str, taken: float) -> float:
        order.append(name)
        return taken

    times = by_turns([lambda: act("a", 1), lambda: act("b", 5)], 3)
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert medians(times) == [1, 5]


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (1727.9, "ms", "1,728 ms"),
        (14.63, "MB", "14.6 MB"),
        (1.184, "s", "1.18 s"),
        (0.0533, "ms", "0.0533 ms"),
        (0.1, "ms", "0.1 ms"),
        (300.0, "ms", "300 ms"),
        (1.5, "x", "1.50x"),
        (0, "", "0"),
    ],
)
def test_numbers_are_shown_with_the_digits_that_count(value: float, unit: str, shown: str) -> None:
    assert number(value, unit) == shown


def test_every_benchmark_can_be_imported() -> None:
    for name in NAMES:
        module = __import__(f"benchmarks.{name}", fromlist=["measure"])
        assert callable(module.measure)


def test_figures_are_printed_and_a_broken_benchmark_does_not_keep_the_others_from_running(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def good() -> Iterator[Figure]:
        yield Figure("how long", 2, 1, 1.5, remark="why")

    def broken() -> Iterator[Figure]:
        yield Figure("how far", 1)
        message = "no road"
        raise RuntimeError(message)

    out = io.StringIO()
    code = run({"broken": broken, "good": good}, Console(file=out, width=140), as_json=True)
    assert code == 1
    assert "no road" in out.getvalue()
    assert "missed" in out.getvalue()
    far, long = json.loads(capsys.readouterr().out)
    assert (far["benchmark"], far["question"]) == ("broken", "how far")
    assert (long["ratio"], long["goal"], long["met"], long["remark"]) == (2.0, 1.5, False, "why")


def test_an_unknown_benchmark_is_refused_with_the_names_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["decding"])
    assert "deciding" in capsys.readouterr().err


# ---------------------------------------------------------------- repositories


def test_a_repository_is_made_and_added_to(tmp_path: Path) -> None:
    first = make_repository(tmp_path / "r.git", [stack_files("a"), {"services/a/README.md": None}])
    (last,) = make_repository(tmp_path / "r.git", [{"new": "line\n"}])
    assert git("rev-list", "main", cwd=tmp_path / "r.git").split() == [last, *reversed(first)]
    names = git("ls-tree", "-r", "--name-only", "main", cwd=tmp_path / "r.git").split()
    assert len(names) == 10
    assert "services/a/README.md" not in names


def test_engine_times_are_read_to_the_microsecond() -> None:
    assert seconds_of("2026-11-23T11:22:33.123456789Z") == seconds_of("2026-11-23T11:22:33Z") + 0.123456
    assert seconds_of("2026-11-23T11:22:33.5Z") == seconds_of("2026-11-23T11:22:33Z") + 0.5


# ---------------------------------------------------------------- replay


def test_a_made_up_history_touches_exactly_what_it_should(tmp_path: Path) -> None:
    totals = replay.replay_made_up(tmp_path, stacks=12, commits=60)
    assert totals.commits == 60
    assert totals.missed == []
    assert totals.needless == []
    assert 0 < totals.touched < totals.everything
    assert totals.beyond_folder
    assert totals.within_folder


def test_the_same_seed_makes_the_same_history() -> None:
    assert list(History(5).changes(20)) == list(History(5).changes(20))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "r.git"
    make_repository(
        folder,
        [
            {"web/app/compose.yaml": COMPOSE, "web/app/data/x": "1", "db/docker-compose.yml": COMPOSE},
            {"web/app/data/x": "2"},
            {"web/app/README.md": "words"},
            {"README.md": "words"},
            {"old/app/compose.yml": COMPOSE},
            {"old": None},
        ],
    )
    return folder


def test_any_repository_is_replayed_with_a_stack_for_every_folder_that_held_a_compose_file(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replay.main([str(repository), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown.pop("commits_per_second") > 0
    assert shown == {
        "commits": 5,
        "stacks_touched": 2,
        "stacks_whose_folder_changed": 3,
        "stacks_there_were": 11,
        "touched_though_their_folder_did_not_change": 0,
        "left_alone_though_their_folder_changed": 1,
        "commits_that_touched_nothing": 3,
        "invalid": 0,
    }


def test_folders_of_one_name_become_stacks_with_names_of_their_own(repository: Path) -> None:
    with open_local(repository) as place:
        catalog = replay.every_folder(place, replay.first_parents(place))
    assert {stack.name: stack.path for stack in catalog.stacks()} == {
        "db": "db",
        "old-app": "old/app",
        "web-app": "web/app",
    }


def test_a_replay_may_be_limited_to_the_newest_commits_and_guided_by_a_catalog(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog = tmp_path / "tegu.yaml"
    catalog.write_text(f"repos:\n  home:\n    url: {repository}\n    ref: main\n    discover: ['web/*']\n")
    assert replay.main([str(repository), "--catalog", str(catalog), "--limit", "4"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("4 commits in ")
    assert "stacks touched per commit:                     0.000" in shown
    assert "1 times a stack's folder changed, but nothing that reaches it: left alone" in shown
