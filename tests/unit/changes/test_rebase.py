"""A record whose folder has another name is what a fresh look there finds, but for digests that name the folder."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.changes.worlds import KEY, World
from workers.changes.closure import take_snapshot
from workers.changes.comparison import is_same_closure
from workers.changes.rebase import moved_path, rebased

COMPOSE = """
services:
  web:
    build: {context: img}
    volumes: ["./conf:/c"]
    env_file: [web.env]
    configs: [c]
configs: {c: {file: ./c.txt}}
"""
FILES = {
    "compose.yaml": COMPOSE,
    "img/Dockerfile": "FROM scratch",
    "img/.dockerignore": "x",
    "img/x": "",
    "conf/a": "1",
    "web.env": "A=1",
    "c.txt": "c",
}


def at(folder: str) -> dict[str, object]:
    return {f"{folder}/{path}": text for path, text in FILES.items()}


def test_a_record_finds_its_content_at_the_other_place_and_nowhere_else(world: World) -> None:
    before = take_snapshot(replace(world.stack, path="apps/old"), world.tree(at("apps/old")), world.outside, KEY)
    tree = world.tree(at("apps/new"))
    there = rebased(before, "apps/new")
    assert is_same_closure(there, tree)
    assert not is_same_closure(there, world.tree(at("apps/new") | {"apps/new/conf/a": "2"}))
    assert not is_same_closure(before, tree)
    fresh = take_snapshot(replace(world.stack, path="apps/new"), tree, world.outside, KEY)
    same = ("entries", "folders", "filtered", "filters", "outside", "model", "compose_files", "env_files", "secrets")
    assert {name: getattr(there, name) for name in same} == {name: getattr(fresh, name) for name in same}
    for name, each in fresh.services.items():
        assert (there.services[name].content, there.services[name].model) == (each.content, each.model)
    assert rebased(before, "apps/old") is before


@pytest.mark.parametrize(
    ("path", "expected"),
    [("a", "b"), ("a/x", "b/x"), ("ab/x", "ab/x"), ("c", "c"), ("../a", "../a")],
)
def test_what_lies_outside_of_the_folder_stays_where_it_was(path: str, expected: str) -> None:
    assert moved_path(path, "a", "b") == expected
