from __future__ import annotations

import pytest

from tests.unit.changes.worlds import World, make_stack
from workers.changes.rules import can_match, content_action, matching_rule, rule_problems
from workers.model.stack import Rule
from workers.model.words import Action

FILES = {
    "app/compose.yaml": "services: {a: {image: x, volumes: ['./conf:/c', './one.yml:/one', './later:/l']}, "
    "b: {build: ./i}}",
    "app/conf/a/b.yml": "",
    "app/one.yml": "",
    "app/i/Dockerfile": "",
}


def problems(world: World, *rules: Rule) -> list[str]:
    stack = make_stack(on_change=rules)
    return [problem.partition(": ")[2] for problem in rule_problems(stack, world.snapshot(FILES))]


@pytest.mark.parametrize(
    "pattern",
    ["app/conf/**", "*.yml", "/app/conf/a/", "**/b.yml", "app/**", "a?p/conf/x", "app/later/x", "app/i/main.py", "app"],
)
def test_a_rule_that_can_match_is_fine(world: World, pattern: str) -> None:
    assert problems(world, Rule((pattern,), Action.RESTART)) == []


@pytest.mark.parametrize(
    "pattern", ["other/**", "/conf/*", "app/compose.yaml", "app/i/Dockerfile/x/y", "!app/**", "app/con/x"]
)
def test_a_rule_where_nothing_of_the_stack_lies_can_never_match(world: World, pattern: str) -> None:
    found = problems(world, Rule((pattern,), Action.RESTART))
    assert found == [] if pattern.startswith("app/i/") else len(found) == 1
    if found:
        assert found[0].startswith(f"on_change rule 1 ({pattern}) can never match: nothing of the stack's content")


@pytest.mark.parametrize("earlier", ["*", "**", "/**", "/*", "app/conf/**"])
def test_a_rule_behind_one_that_takes_everything_can_never_match(world: World, earlier: str) -> None:
    found = problems(world, Rule((earlier,), Action.NONE), Rule(("app/conf/**",), Action.RESTART))
    assert found == ["on_change rule 2 (app/conf/**) can never match: an earlier rule matches the same paths"]


def test_a_rule_behind_one_that_takes_something_else_may_match(world: World) -> None:
    assert problems(world, Rule(("app/one.yml",), Action.NONE), Rule(("app/conf/**",), Action.RESTART)) == []


def test_a_rule_for_a_file_that_is_mounted_by_itself_is_fine(world: World) -> None:
    assert problems(world, Rule(("/app/one.yml",), Action.RESTART)) == []


def test_a_rule_behind_one_with_exceptions_may_match(world: World) -> None:
    assert problems(world, Rule(("**", "!app/conf/**"), Action.NONE), Rule(("app/conf/**",), Action.RESTART)) == []


def test_a_signal_needs_a_folder_bind(world: World) -> None:
    found = problems(world, Rule(("app/**",), Action.SIGNAL, signal="HUP"))
    assert len(found) == 1
    assert "cannot signal for app/one.yml: through a single-file bind" in found[0]
    assert problems(world, Rule(("app/conf/**",), Action.SIGNAL, signal="HUP")) == []


def test_a_rule_names_services_that_there_are(world: World) -> None:
    found = problems(world, Rule(("app/conf/**",), Action.RESTART, services=("a", "gone")))
    assert found == ["on_change rule 1 (app/conf/**) names the service gone, which the stack does not have"]


@pytest.mark.parametrize(
    ("pattern", "path", "folder", "can"),
    [
        ("*.md", "a/b", True, True),
        ("*.md", "a/b", False, False),
        ("/*.md", "a/b", True, False),
        ("a/*/c", "a/b", True, True),
        ("a/*/c", "a/b/c/d", True, True),
        ("**/c", "a/b", True, True),
        ("a/b/c", "", True, True),
        ("x/b", "a/b", True, False),
        ("!a", "a", True, False),
        ("/a/b", "a/b", False, True),
        ("/a/b/", "a", True, True),
    ],
)
def test_a_glob_can_match_in_a_folder_when_no_part_contradicts(
    pattern: str, path: str, folder: bool, can: bool
) -> None:
    assert can_match(pattern, path, folder=folder) is can


def test_the_first_rule_wins() -> None:
    rules = (Rule(("a/*.md",), Action.NONE), Rule(("a/**",), Action.RECREATE))
    assert matching_rule(rules, "a/x.md") is rules[0]
    assert matching_rule(rules, "a/b/x") is rules[1]
    assert matching_rule(rules, "b") is None


@pytest.mark.parametrize(
    ("default", "rule", "alone", "expected"),
    [
        (Action.RESTART, None, False, (Action.RESTART, None)),
        (Action.BUILD, Rule((), Action.NONE), False, (Action.NONE, None)),
        (Action.BUILD, Rule((), Action.RESTART), False, (Action.BUILD, None)),
        (Action.RECREATE, Rule((), Action.SIGNAL, signal="HUP"), False, (Action.RECREATE, None)),
        (Action.RESTART, Rule((), Action.RECREATE), False, (Action.RECREATE, None)),
        (Action.RESTART, Rule((), Action.SIGNAL, signal="HUP"), False, (Action.SIGNAL, "HUP")),
        (Action.RESTART, Rule((), Action.SIGNAL, signal="HUP"), True, (Action.RESTART, None)),
    ],
)
def test_a_rule_asks_for_what_can_be_enough(
    default: Action, rule: Rule | None, alone: bool, expected: tuple[Action, str | None]
) -> None:
    assert content_action(default, rule, mounted_alone=alone) == expected
