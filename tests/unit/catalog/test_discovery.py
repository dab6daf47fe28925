"""Which folders are stacks, and what becomes of them."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from workers.catalog import Catalog, find_folders, matches_globs, parse_catalog, stack_folders
from workers.model.words import Entry


def catalog(text: str) -> Catalog:
    return parse_catalog(text, path=Path("/etc/tegu/tegu.yaml"), environ={})


@pytest.mark.parametrize(
    ("globs", "folder", "meant"),
    [
        (["services/*"], "services/a", True),
        (["services/*/"], "services/a", True),
        (["/services/*"], "services/a", True),
        (["services/*"], "services", False),
        (["services/*"], "services/a/b", False),
        (["services/**"], "services/a/b", True),
        (["**"], "", True),
        (["."], "", True),
        (["*"], "", False),
        (["**/stacks/*"], "a/b/stacks/c", True),
        (["services/[ab]?"], "services/ax", True),
        (["services/*", "!services/old"], "services/old", False),
        (["!services/old", "services/*"], "services/old", True),
        ([], "services/a", False),
    ],
)
def test_globs_name_folders_from_the_root(globs: list[str], folder: str, meant: bool) -> None:
    assert matches_globs(globs, folder) is meant


def test_only_folders_that_a_glob_leads_to_are_walked() -> None:
    tree = {"": ["services", "docs"], "services": ["b", "a"], "services/a": ["config"], "docs": ["x"]}
    asked = []

    def subfolders(folder: str) -> list[str]:
        asked.append(folder)
        return tree.get(folder, [])

    assert list(find_folders(["services/*"], subfolders)) == ["services/a", "services/b"]
    assert "docs" not in asked
    assert list(find_folders([], subfolders)) == []


DISCOVERING = "repos: {homelab: {url: /x, discover: ['services/*']}}\n"


def test_a_folder_is_a_stack_named_after_it_with_the_defaults_options() -> None:
    found, invalid = catalog(DISCOVERING + "defaults: {build: false, project: 'x-{stack}'}\n").discover(
        "homelab",
        "default",
        ["services/b", "services/a"],
    )
    assert [(stack.id, stack.path, stack.project, stack.options.build) for stack in found] == [
        ("default/a", "services/a", "x-a", False),
        ("default/b", "services/b", "x-b", False),
    ]
    assert invalid == ()


def test_the_root_folder_is_named_after_the_repo() -> None:
    found, _ = catalog("repos: {homelab: {url: /x, discover: ['.']}}").discover("homelab", "default", [""])
    assert [(stack.name, stack.path) for stack in found] == [("homelab", "")]


def test_an_entry_with_the_path_of_a_folder_configures_it_whatever_its_name_and_environments() -> None:
    text = DISCOVERING + (
        "environments: {p: {}, s: {worker: nas}}\n"
        "stacks: {other: {path: services/a, environments: [p]}, c: {path: x, environments: {s: {path: services/c}}}}\n"
    )
    for environment in ("p", "s"):
        found, invalid = catalog(text).discover("homelab", environment, ["services/a", "services/b", "services/c"])
        assert [stack.id for stack in found] == [f"{environment}/b"]
        assert invalid == ()


def test_folders_that_cannot_be_stacks_are_told_apart() -> None:
    text = "repos: {homelab: {url: /x, discover: ['**']}}\nstacks: {taken: {path: z}, p: {path: y, project: mine}}\n"
    found, invalid = catalog(text).discover(
        "homelab",
        "default",
        ["a/x", "b/x", "c/Nope", "d/taken", "e/mine", "f/good"],
    )
    assert [stack.id for stack in found] == ["default/good"]
    assert dict(invalid) == {
        "default/x": "a/x and b/x have one name; add all but one to stacks with another name",
        "default/Nope": "c/Nope: the folder's name is not a valid name; use 1 to 63 of a-z, 0-9, _ and -, "
        "beginning with a letter or digit, or add it to stacks with a name",
        "default/taken": "d/taken: the name is taken by z of homelab; add one of them to stacks with another name",
        "default/mine": "e/mine: default/p has the Compose project mine on the same Docker host already",
    }


def test_stacks_discovered_elsewhere_are_not_collided_with() -> None:
    text = "repos: {one: {url: /x, discover: ['*']}, two: {url: /y, discover: ['*']}}\n"
    first, _ = catalog(text).discover("one", "default", ["a"])
    found, invalid = catalog(text).discover("two", "default", ["a", "b"], others=first)
    assert [stack.id for stack in found] == ["default/b"]
    assert [name for name, _ in invalid] == ["default/a"]


def test_a_project_name_that_gets_too_long_is_told() -> None:
    text = DISCOVERING + "defaults: {project: 'a-long-prefix-{stack}'}\n"
    _, invalid = catalog(text).discover("homelab", "default", ["services/" + "x" * 60])
    assert "is not a valid name for its Compose project" in invalid[0][1]


def test_the_defaults_may_limit_the_environments() -> None:
    text = DISCOVERING + "environments: {p: {}, s: {worker: nas}}\ndefaults: {environments: [s]}\n"
    assert catalog(text).discover("homelab", "p", ["services/a"]) == ((), ())
    assert catalog(text).workers("homelab") == ("nas",)


def test_refs_and_workers_are_those_in_use() -> None:
    text = """
repos:
  found: {url: /x, discover: ["*"]}
  listed: {url: /y, ref: v1}
  unused: {url: /z}
environments:
  p: {}
  s: {worker: nas, ref: develop}
  t: {worker: nas, ref: develop}
stacks:
  a: {repo: listed, path: a, environments: [s]}
defaults: {project: "{stack}-{environment}"}
"""
    value = catalog(text)
    assert value.refs("found") == ("main", "develop")
    assert value.refs("found", "local") == ("main",)
    assert value.refs("listed") == ("v1", "develop")
    assert value.refs("unused") == ("main",)
    assert (value.workers("found"), value.workers("listed")) == (("local", "nas"), ("nas",))
    assert value.workers("unused") == ("local",)
    assert (value.ref("listed", "p"), value.ref("listed", "s")) == ("v1", "develop")


class Listing:
    """A commit's tree as nested mappings: a folder is a mapping, a file None."""

    def __init__(self, root: dict[str, Any]) -> None:
        self.root = root
        self.read: list[str] = []

    def entry(self, path: str) -> Entry | None:
        return Entry(0o040000, path)

    def listing(self, oid: str) -> dict[str, Entry]:
        self.read.append(oid)
        folder = self.root
        for name in oid.split("/") if oid else ():
            folder = folder[name]
        prefix = f"{oid}/" if oid else ""
        return {name: Entry(0o100644 if child is None else 0o040000, prefix + name) for name, child in folder.items()}


def test_the_folders_of_a_commit_that_hold_a_compose_file_are_stacks() -> None:
    tree = Listing(
        {
            "services": {
                "a": {"compose.yaml": None},
                "b": {"docker-compose.yml": None, "data": {}},
                "empty": {"README": None},
                "odd": {"compose.yaml": {}},
                "compose.yaml": None,
            },
            "docs": {"compose.yaml": None},
        },
    )
    assert stack_folders(["services/*"], tree) == ("services/a", "services/b")
    assert "docs" not in tree.read
    assert "services/b/data" not in tree.read
    assert stack_folders([], tree) == ()


@pytest.mark.parametrize(
    "globs",
    [["**"], ["a/**/b"], ["**/b"], ["a/*", "!a/b"], ["**", "*"], ["a/**", "**/b/*"], ["[ab]/?"], ["."], ["**/**"]],
)
def test_the_walk_finds_what_the_globs_match_and_nothing_twice(globs: list[str]) -> None:
    names = ["a", "b", "c"]
    everything = ["/".join(parts) for depth in range(4) for parts in product(names, repeat=depth)]
    found = list(find_folders(globs, lambda folder: names if folder.count("/") < 2 else ()))
    assert sorted(found) == sorted(folder for folder in everything if matches_globs(globs, folder))
