from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.changes.worlds import KEY, Files, Link, Submodule, World, make_stack
from workers.changes.closure import looked_up
from workers.changes.tree import Nowhere
from workers.changes.two_commits import is_unreachable, plan_stack
from workers.model.stack import Stack
from workers.model.words import Action, Decision, Reason

PLAIN = "services: {a: {image: 'x:${TAG:-1}', volumes: ['./conf:/c', '/etc/hosts:/h']}}"


def unreachable(world: World, files: Files, stack: Stack | None = None) -> bool:
    return is_unreachable(stack or world.stack, world.tree(files), world.tree({**files, "other/file": "changed"}))


def plan(world: World, before: Files, after: Files) -> Decision:
    return plan_stack(world.stack, world.tree(before), world.tree(after), Nowhere(), KEY)


def test_a_stack_that_stays_in_its_folder_is_out_of_reach(world: World) -> None:
    assert unreachable(world, {"app/compose.yaml": PLAIN, "app/.env": "TAG=1", "app/conf/x": ""})


def test_a_stack_whose_folder_changed_is_within_reach(world: World) -> None:
    files = {"app/compose.yaml": PLAIN}
    assert not is_unreachable(world.stack, world.tree(files), world.tree(files | {"app/conf": "1"}))
    assert not is_unreachable(world.stack, world.tree(files), world.tree({"x": ""}))
    assert not is_unreachable(world.stack, world.tree(files), world.tree({"app": "a file"}))


def test_equal_trees_reach_nothing(world: World) -> None:
    files = {"app/compose.yaml": "include: [../x]"}
    assert is_unreachable(world.stack, world.tree(files), world.tree(files))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("compose.yaml", "services: {a: {image: x, volumes: ['../shared:/s']}}"),
        ("compose.yaml", "include: [a.yaml]"),
        ("compose.yaml", "services: {a: {extends: {file: a.yaml, service: b}}}"),
        ("compose.yaml", 'services: {a: {volumes: ["\\x2e\\u002e/s:/s"]}}'),
        ("compose.yaml", "services: {a: {volumes: ['.${EMPTY}./s:/s']}}"),
        ("compose.yaml", "services: {a: {volumes: ['${X:-a.}./s:/s']}}"),
        ("compose.yaml", "services: {a: {volumes: ['.${X:-./s}:/s']}}"),
        ("compose.yaml", 'services: {a: {volumes: [".\\\n./s:/s"]}}'),
        ("compose.yaml", 'services: {a: {volumes: [".\\\r\n./s:/s"]}}'),
        ("compose.yaml", 'services: {a: {volumes: [".\\\u2028./s:/s"]}}'),
        ("compose.yaml", "services: {a: {volumes: [!!binary Li4vczovcw==]}}"),
        ("compose.yaml", "services: {a: {volumes: [!<tag:yaml.org,2002:binary> Li4vczovcw==]}}"),
        ("compose.yaml", "%TAG !e! tag:yaml.org,2002:\n---\nservices: {a: {volumes: [!e!binary Li4vczovcw==]}}"),
        ("compose.yaml", "services: {a: {volumes: ['.${EMPTY}${EMPTY}./s:/s']}}"),
        ("compose.yaml", "services: {a: {volumes: ['${EMPTY}.${EMPTY:-}./s:/s']}}"),
        ("compose.yaml", "services: {a: {volumes: ['$EMPTY.${EMPTY:+a b}./s:/s']}}"),
        ("compose.override.yml", "services: {a: {volumes: ['../s:/s']}}"),
        (".env", 'TAG="\\0056\\0056/x"'),
        (".env", "TAG: ./x"),
        (".env", "TAG=x/. # and more"),
        (".env", "TAG=../x"),
        (".env", "TAG=x\nDIR=."),
        (".env", "TAG='./x'"),
        (".env", "TAG=x/../../y"),
        (".env", "TAG=x/.$EMPTY"),
        (".env", "TAG=$EMPTY./x"),
        (".env", "TAG=${EMPTY}./x"),
        (".env", "TAG=${EMPTY:-.}"),
        (".env", "TAG=${EMPTY-'./x'}"),
        (".env", "TAG=${SET:+./x}"),
        (".env", "TAG=${EMPTY:-x/.}"),
    ],
)
def test_a_stack_that_may_look_outside_is_within_reach(world: World, name: str, text: str) -> None:
    assert not unreachable(world, {"app/compose.yaml": PLAIN, f"app/{name}": text})


@pytest.mark.parametrize(
    "text",
    [
        "services: {a: {image: 'x.${DOMAIN}.example.com', labels: ['a.${B}.c=d']}}",
        'services: {a: {command: "tab\\there"}}',
        "services: {a: {image: '${REGISTRY:-docker.io}/x'}}",
    ],
)
def test_dots_and_variables_in_other_places_do_no_harm(world: World, text: str) -> None:
    assert unreachable(world, {"app/compose.yaml": text})


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_compose_file_in_another_encoding_may_look_outside(world: World, encoding: str) -> None:
    mark = "" if encoding == "utf-16" else "\ufeff"
    text = mark + "services: {a: {volumes: ['../s:/s']}}"
    assert not unreachable(world, {"app/compose.yaml": text.encode(encoding)})


PIECES = st.sampled_from(
    [
        ".",
        ".",
        "/",
        "x",
        "$E",
        "${E}",
        "${E:-.}",
        "${E:-x}",
        "${X:+ y}",
        "$D",
        "$S",
        "\\\n",
        "\\x2e",
        "\\/",
        " ",
        "${N:-${E}}",
    ]
)
VALUES = st.lists(st.sampled_from([".", "/", "x", "$E", "${E}", "${E:-.}", "\\0056", '"', "'", " #"]), max_size=4).map(
    "".join
)


@settings(max_examples=300, deadline=None)
@given(path=st.lists(PIECES, max_size=8).map("".join), value=VALUES, sign=st.sampled_from("=:"))
@example(path="$D$S", value='"\\0056\\0056', sign="=")
@example(path="$D.", value="/.$E", sign="=")
def test_what_is_out_of_reach_looks_at_nothing_outside(path: str, value: str, sign: str) -> None:
    world = World()
    text = 'services: {a: {image: x, volumes: ["./' + path + ':/v"]}}'
    files = {"app/compose.yaml": text, "app/.env": f"E=\nD{sign}{value}\nS=/\n"}
    found = looked_up(world.stack, world.tree(files), Nowhere(), KEY)
    outside = [name for name in found if name.split("/")[0] != "app"]
    assert not outside or not unreachable(world, files)


@pytest.mark.parametrize(
    "options",
    [
        {"watch": ("other/file",)},
        {"env_files": ("other/file",)},
        {"files": ("../other/compose.yaml",)},
        {"variables": {"DIR": "../other"}},
    ],
)
def test_options_may_reach_out_too(world: World, options: dict[str, object]) -> None:
    stack = make_stack(**options)  # type: ignore[arg-type]
    assert not unreachable(world, {"app/compose.yaml": PLAIN}, stack)


def test_a_stack_at_the_root_is_always_within_reach(world: World) -> None:
    assert not unreachable(world, {"compose.yaml": PLAIN}, make_stack(""))


@pytest.mark.parametrize(
    ("text", "link", "harmless"),
    [
        (PLAIN, "app/link", False),
        (PLAIN, "app/conf/link", True),
        (PLAIN.replace("./conf:", "./conf/link:"), "app/conf/link", False),
        (PLAIN.replace("./conf:", "./conf/deep/x:"), "app/conf/deep/x", False),
        (PLAIN.replace("./conf:", "./conf/x:"), "app/conf/deep/link", True),
        (PLAIN.replace("./conf:", "$DIR/link:"), "app/conf/link", False),
        (PLAIN.replace("./conf:", "${DIR:-./conf}${X:-/link}:"), "app/conf/link", False),
    ],
)
def test_symlinks_matter_where_a_path_may_pass(world: World, text: str, link: str, harmless: bool) -> None:
    assert unreachable(world, {"app/compose.yaml": text, link: Link("../other/file")}) is harmless


def test_a_symlink_that_a_variable_spells_is_found(world: World) -> None:
    files = {
        "app/compose.yaml": PLAIN.replace("./conf:", "$DIR:"),
        "app/conf/link": Link("x"),
        "app/.env": "DIR=conf/link",
    }
    assert not unreachable(world, files)


def test_the_plan_is_the_decision_with_the_first_commit_deployed(world: World) -> None:
    before = {"app/compose.yaml": PLAIN, "app/conf": "1"}
    decision = plan(world, before, before | {"app/conf": "2"})
    assert decision == world.decide(before, before | {"app/conf": "2"})
    assert decision.services["a"].action is Action.RESTART


def test_what_was_there_already_is_no_difference_when_it_is_mounted(world: World) -> None:
    before = {"app/compose.yaml": "services: {a: {image: x}}", "app/conf": "1"}
    assert plan(world, before, before | {"app/compose.yaml": PLAIN}).paths == ("app/compose.yaml",)


def test_a_plan_for_what_is_out_of_reach_reads_nothing(world: World) -> None:
    before = {"app/compose.yaml": PLAIN}
    after = world.tree(before | {"x": ""})
    decision = plan_stack(world.stack, world.tree(before), after, Nowhere(), KEY)
    assert decision == Decision("production/app", Action.NONE, Reason.UNCHANGED, after.commit)


def test_what_was_invalid_before_is_deployed_for_the_first_time(world: World) -> None:
    decision = plan(world, {"app/compose.yaml": "["}, {"app/compose.yaml": PLAIN})
    assert decision.reason is Reason.FIRST_DEPLOY
    assert plan(world, {"app/compose.yaml": PLAIN}, {"app/compose.yaml": "["}).reason is Reason.INVALID


@pytest.mark.parametrize(
    "broken",
    [
        {"app/compose.yaml": "services: ["},
        {"app/compose.yaml": "include: [../shared.yaml]", "shared.yaml": "services: {a: {image: '${X:?is needed}'}}"},
        {"app/compose.yaml": "services: {a: {image: x, volumes: ['../vendor:/v']}}", "vendor": Submodule("c0ffee")},
        {"README.md": "there is no stack here"},
    ],
)
def test_a_stack_that_is_as_broken_as_before_is_unchanged(world: World, broken: Files) -> None:
    decision = plan(world, broken, {**broken, "other/file": "changed"})
    assert (decision.action, decision.reason, decision.message) == (Action.NONE, Reason.UNCHANGED, "")


def test_a_stack_at_the_root_may_be_as_broken_as_before(world: World) -> None:
    world.stack = make_stack("")
    broken = {"compose.yaml": "services: [", "README.md": "1"}
    assert plan(world, broken, {**broken, "README.md": "2"}).reason is Reason.UNCHANGED


@pytest.mark.parametrize(
    ("broken", "change"),
    [
        ({"app/compose.yaml": "services: ["}, {"app/compose.yaml": "services: {"}),
        (
            {"app/compose.yaml": "include: [s.yaml]\nservices: {a: {image: '${X:?is needed}'}}", "app/s.yaml": "{}"},
            {"app/s.yaml": "{services: {b: {image: x}}}"},
        ),
    ],
)
def test_a_broken_stack_that_the_change_reaches_is_invalid(world: World, broken: Files, change: Files) -> None:
    assert plan(world, broken, {**broken, **change}).reason is Reason.INVALID


def test_a_hand_placed_env_file_makes_no_plan_invalid(world: World) -> None:
    before = {"app/compose.yaml": "services: {a: {image: x, env_file: .env}}"}
    assert plan(world, before, {"app/compose.yaml": "services: {a: {image: y, env_file: .env}}"}).action is Action.UP
