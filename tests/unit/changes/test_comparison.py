from __future__ import annotations

import pytest

from tests.unit.changes.worlds import Files, Link, Program, World
from workers.changes.comparison import differing_files, is_same_closure

BUILT = "services: {a: {build: ./i}}"


@pytest.mark.parametrize(
    ("before", "after", "files"),
    [
        ({"d/a": "1"}, {"d/a": "1"}, []),
        ({"d/a": "1", "d/b": "1"}, {"d/a": "2", "d/b": "1"}, ["d/a"]),
        ({"d/a": "1"}, {"d/a": Program("1")}, ["d/a"]),
        ({"d/a": "1"}, {"d/a": Link("1")}, ["d/a"]),
        ({"d/a": "1"}, {}, ["d/a"]),
        ({}, {"d/x/a": "1", "d/x/b": "1"}, ["d/x/a", "d/x/b"]),
        ({"d": "1"}, {"d/a": "1"}, ["d", "d/a"]),
    ],
)
def test_differing_files_are_named_one_by_one(world: World, before: Files, after: Files, files: list[str]) -> None:
    one, other = world.tree({**before, "x": ""}), world.tree({**after, "x": ""})
    assert differing_files(one, one.entry("d"), other.entry("d"), "d") == files
    assert differing_files(one, one.root, other.root, "") == files


def test_a_filtered_folder_is_compared_by_what_is_left(world: World) -> None:
    files = {
        "app/compose.yaml": BUILT,
        "app/i/Dockerfile": "",
        "app/i/.dockerignore": "x",
        "app/i/x": "1",
        "app/i/y": "1",
    }
    record = world.snapshot(files)
    assert is_same_closure(record, world.tree(files | {"app/i/x": "2"}))
    assert not is_same_closure(record, world.tree(files | {"app/i/y": "2"}))
    assert not is_same_closure(record, world.tree({"app/compose.yaml": BUILT}))
    assert not is_same_closure(record, world.tree({"app/compose.yaml": BUILT, "app/i": "a file"}))


def test_a_filtered_context_that_vanishes_is_a_change(world: World) -> None:
    files = {"app/compose.yaml": BUILT, "app/i/Dockerfile": "", "app/i/.dockerignore": "x", "app/i/y": "1"}
    decision = world.decide(files, {"app/compose.yaml": BUILT})
    assert decision.paths == ("app/i/.dockerignore", "app/i/Dockerfile", "app/i/y")


def test_files_that_an_ignore_file_leaves_no_more_or_again_are_named(world: World) -> None:
    files = {"app/compose.yaml": BUILT, "app/i/Dockerfile": "", "app/i/y": "1", "app/i/x": "1"}
    filtered = files | {"app/i/.dockerignore": "x\n.dockerignore"}
    assert world.decide(filtered, files).paths == ("app/i/.dockerignore", "app/i/x")
    assert world.decide(files, filtered).paths == ("app/i/.dockerignore", "app/i/x")


def test_the_lookups_of_an_unchanged_stack_do_not_grow_with_the_repository(world: World) -> None:
    files = {"app/compose.yaml": "services: {a: {image: x, volumes: ['./c:/c']}}", "app/c/x": ""}
    record = world.snapshot(files)
    tree = world.tree(files | {f"other/{number}": "" for number in range(1000)})
    tree.lookups = 0
    assert world.unchanged(record, files)
    assert is_same_closure(record, tree)
    assert tree.lookups == len(record.entries) + len(record.folders)
