from __future__ import annotations

import pytest

from tests.unit.changes.project_cases import PROJECTS, Y
from tests.unit.changes.worlds import KEY, DictOutside, Files, World, make_stack
from workers.changes.contents import Contents
from workers.changes.project import Project, read_project
from workers.changes.reach import Reach
from workers.changes.trace import Trace
from workers.changes.variables import Usage
from workers.model.errors import InvalidStack
from workers.model.stack import Stack

REFUSED = {
    "conflicting include": "app/compose.yaml: services.a is defined both here and in an included file",
    "required var": "app/compose.yaml:1: services.a.image: the required variable X is missing a value: gone",
    "empty service env_file missing": "service a: env_file: app/gone.env is neither in Git nor on this host; put it at",
    "null service": "services.a must be a mapping",
    "scalar service": "services.a",
    "list services": "services must be a mapping",
    "tab": "app/compose.yaml:2: not valid YAML",
    "dup key": "the key image is already defined",
    "self include": "app/compose.yaml includes itself",
    "self extends": "extends itself",
    "extends missing service": "app/compose.yaml: there is no service nope to extend",
    "extends missing file": "service a extends: app/nope.yaml is neither in Git",
    "env file a dir": "service a: env_file: app/d is a folder",
    "bad template": "app/compose.yaml:1: services.a.image: invalid template",
    "extends included service": "there is no service a to extend",
}


def read(world: World, files: Files, stack: Stack | None = None) -> tuple[Project, Trace, dict[str, Reach]]:
    trace = Trace(world.tree(files), world.outside, KEY)
    project = read_project(stack or world.stack, trace, world.outside, {}, KEY)
    contents = Contents(project, trace, KEY)
    return project, trace, {name: contents.reach(name, one, Usage()) for name, one in project.services.items()}


@pytest.mark.parametrize("case", [case for case in PROJECTS if case not in REFUSED])
def test_a_project_that_compose_can_read_is_read(world: World, case: str) -> None:
    project, trace, reaches = read(world, *PROJECTS[case])
    assert set(reaches) == set(project.services)
    assert set(trace.entries) >= {Y} or "files" in case


@pytest.mark.parametrize("case", REFUSED)
def test_a_project_that_compose_refuses_is_invalid_and_says_why(world: World, case: str) -> None:
    with pytest.raises(InvalidStack) as refused:
        read(world, *PROJECTS[case])
    assert REFUSED[case] in str(refused.value)


@pytest.mark.parametrize(
    ("case", "image"), [("include without .env", "z:none"), ("include with an env file and none", "z:none-1")]
)
def test_an_env_file_that_is_the_null_device_means_that_there_is_none(world: World, case: str, image: str) -> None:
    project, trace, _ = read(world, *PROJECTS[case])
    assert project.services["z"]["image"] == image
    assert "i/.env" not in trace.entries
    assert "/dev/null" not in trace.outside


@pytest.mark.parametrize("case", ["no env file", "no env file among others"])
def test_the_null_device_is_no_input(world: World, case: str) -> None:
    assert "/dev/null" not in read(world, *PROJECTS[case])[1].outside


def test_nested_includes_have_folders_and_variables_of_their_own(world: World) -> None:
    project, trace, reaches = read(world, *PROJECTS["nested include dirs"])
    assert project.services["a"]["image"] == "i:1-21"
    assert project.services["n"]["image"] == "x:19"
    assert set(reaches["a"].content) == {"pd/v"}
    assert set(reaches["n"].content) == {"pd/sub/q"}
    assert {"a/compose.yaml", "a/over.yaml", "a/1.env", "a/2.env", "pd/e.env", "pd/sub/c.yaml", "pd/sub/.env"} <= set(
        trace.entries
    )


def test_extended_services_keep_the_paths_of_their_files(world: World) -> None:
    _, trace, reaches = read(world, *PROJECTS["extends chain across files"])
    assert {"app/w", "b/o", "b/u", "b/deep", "b/deep/D"} <= set(reaches["w"].content)
    assert reaches["w"].environment == {"T": "1", "X": "1"}
    assert "b/deep/t.env" in trace.entries


def test_environment_wins_over_env_files_and_later_ones_over_earlier(world: World) -> None:
    _, _, reaches = read(world, *PROJECTS["env file precedence"])
    assert reaches["a"].environment == {"A": "lit$A", "B": "b1", "": "V", "Z": "z", "Q": "stackq"}


def test_resets_take_away_what_the_files_before_had(world: World) -> None:
    _, _, reaches = read(world, *PROJECTS["reset and override"])
    assert set(reaches["a"].content) == {"app/b"}
    assert reaches["a"].environment == {"B": "2"}


def test_a_raw_env_file_is_taken_as_it_is(world: World) -> None:
    text = "services: {a: {image: x, env_file: [{path: e, format: raw}]}}"
    _, _, reaches = read(world, {Y: text, "app/e": "A='$B'\n"})
    assert reaches["a"].environment == {"A": "'$B'"}


@pytest.mark.parametrize(
    ("names", "files"),
    [
        (["compose.yaml", "compose.yml", "docker-compose.yml"], ["compose.yaml"]),
        (["compose.yml", "docker-compose.yml", "docker-compose.yaml"], ["compose.yml"]),
        (["docker-compose.yml", "docker-compose.yaml"], ["docker-compose.yml"]),
        (["docker-compose.yaml", "compose.override.yaml"], ["docker-compose.yaml", "compose.override.yaml"]),
        (["compose.yaml", "compose.override.yaml", "compose.override.yml"], ["compose.yaml", "compose.override.yml"]),
        (["compose.yaml", "docker-compose.override.yaml"], ["compose.yaml", "docker-compose.override.yaml"]),
    ],
)
def test_files_are_picked_as_compose_picks_them(world: World, names: list[str], files: list[str]) -> None:
    project, _, _ = read(world, {f"app/{name}": "services: {a: {image: x}}" for name in names})
    assert [file.rpartition("/")[2] for file in project.files] == files


def test_the_root_may_be_the_project_directory(world: World) -> None:
    stack = make_stack("")
    project, trace, _ = read(world, {"compose.yaml": "services: {a: {image: x, volumes: ['.:/all']}}"}, stack)
    assert project.folder == world.outside.live
    assert trace.entries[""] is not None
    with pytest.raises(InvalidStack, match="no Compose file in the repository's root"):
        read(world, {"x": ""}, stack)


def test_a_project_without_services_is_invalid(world: World) -> None:
    with pytest.raises(InvalidStack, match=r"app/compose.yaml: it has no services"):
        read(world, {Y: "services: {}"})


def test_profiles_enable_services_and_those_without_always_are(world: World) -> None:
    files = {Y: "services: {a: {image: x}, b: {image: x, profiles: [p, q]}, c: {image: x, profiles: [r]}}"}
    assert set(read(world, files)[0].services) == {"a"}
    assert set(read(world, files, make_stack(profiles=("q",)))[0].services) == {"a", "b"}
    assert set(read(world, files, make_stack(profiles=("*",)))[0].services) == {"a", "b", "c"}
    assert read(world, files | {"app/.env": "COMPOSE_PROFILES=r,,q"})[0].profiles == ("q", "r")


def test_env_files_of_the_options_replace_the_default_one(world: World) -> None:
    files = {Y: "services: {a: {image: '${A}${B}'}}", "app/.env": "B=1", "x.env": "A=1"}
    world.outside.files["/etc/y.env"] = "A=2"
    project, trace, _ = read(world, files, make_stack(env_files=("x.env", "/etc/y.env")))
    assert project.services["a"]["image"] == "2"
    assert [path.rpartition("/")[2] for path in project.env_files] == ["x.env", "y.env"]
    assert "app/.env" not in trace.entries
    assert trace.unset == {"B": None}
    with pytest.raises(InvalidStack, match=r"env_files: gone is neither"):
        read(world, files, make_stack(env_files=("gone",)))


def test_files_from_elsewhere_are_refused_unless_they_are_allowed(world: World) -> None:
    included = {Y: "include: ['https://example.com/x.git']\nservices: {a: {image: x}}"}
    extended = {Y: "services: {a: {image: x, extends: {file: 'https://example.com/x.yaml', service: b}}}"}
    for files in (included, extended):
        with pytest.raises(InvalidStack, match="files from elsewhere are off"):
            read(world, files)
        trace = Trace(world.tree(files), world.outside, KEY)
        allowed = Stack("production", "app", "r", "app", "main", "w", "h", "app", world.stack.options, True)  # noqa: FBT003
        assert set(read_project(allowed, trace, world.outside, {}, KEY).services) == {"a"}


@pytest.mark.parametrize("include", ["[{}]", "[3]", "[{path: []}]"])
def test_an_include_needs_a_path(world: World, include: str) -> None:
    with pytest.raises(InvalidStack, match="include needs a path"):
        read(world, {Y: f"include: {include}\nservices: {{a: {{image: x}}}}"})


@pytest.mark.parametrize("extends", ["3", "{file: x}"])
def test_extends_needs_a_service(world: World, extends: str) -> None:
    with pytest.raises(InvalidStack, match="extends needs the name of a service"):
        read(world, {Y: f"services: {{a: {{image: x, extends: {extends}}}}}"})


def test_a_stack_is_made_of_a_limited_number_of_files(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.changes.model_loader.MAX_COMPOSE_FILES", 1)
    with pytest.raises(InvalidStack, match="at most 1 Compose files"):
        read(world, {Y: "include: [b.yaml]\nservices: {a: {image: x}}", "app/b.yaml": "services: {b: {image: x}}"})


def test_one_base_file_is_read_once_for_all_that_extend_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.changes.model_loader.MAX_COMPOSE_FILES", 2)
    text = "services: {a: {extends: {file: b.yaml, service: b}}, c: {extends: {file: b.yaml, service: b}}}"
    project, _, _ = read(world, {Y: text, "app/b.yaml": "services: {b: {image: x}}"})
    assert project.services["a"] == project.services["c"]


def test_values_that_are_no_mappings_are_left_for_compose_to_refuse(world: World) -> None:
    text = """
services:
  a:
    image: x
    volumes: {a: b}
    env_file: 3
    label_file: {a: b}
    build: [x]
    environment: text
    labels: text
    security_opt: {a: b}
    networks: text
    depends_on: text
    links: text
    profiles: text
configs: {c: text}
"""
    world.snapshot({Y: text})


@pytest.mark.parametrize(
    "text",
    [
        "services: {a: {image: x, env_file: {a: b}}}",
        "services: {a: {image: x, volumes: ['/aa:/bb:cc:dd']}}",
        "services: {a: {extends: b}, b: {image: x, volumes: [{target: /x}, 3]}}",
    ],
)
def test_what_cannot_be_merged_names_the_file(world: World, text: str) -> None:
    with pytest.raises(InvalidStack) as refused:
        read(world, {Y: text})
    assert refused.value.file == Y


def test_sections_may_be_null(world: World) -> None:
    project, _, _ = read(world, {Y: "services: {a: {image: x}}\nvolumes:\nnetworks:\n"})
    assert project.resource("volumes", "v") == {}


def test_an_absolute_path_outside_the_repository_is_no_content(world: World) -> None:
    text = "services: {a: {image: x, volumes: ['/etc/hosts:/h', '~/x:/x', tmp:/t], build: /srv/ctx, "
    text += "tmpfs: /t}, b: {image: y, build: {context: 'https://example.com/x.git', dockerfile: D}}}"
    world.outside.files["/srv/ctx/Dockerfile"] = "FROM x"
    snapshot = world.snapshot({Y: text})
    assert snapshot.host_paths == ("/etc/hosts", "/home/tegu/x", "/srv/ctx")
    assert set(snapshot.services["a"].content) == {"/srv/ctx/Dockerfile", "/srv/ctx/.dockerignore"} - {
        "/srv/ctx/.dockerignore"
    }


def test_a_file_outside_the_repository_may_be_included(world: World) -> None:
    world.outside.files["/etc/stacks/compose.yaml"] = "services: {b: {image: x, volumes: ['./x:/x']}}"
    snapshot = world.snapshot({Y: "include: [/etc/stacks/compose.yaml]\nservices: {a: {image: x}}"})
    assert snapshot.outside["/etc/stacks/compose.yaml"]
    assert "/etc/stacks/compose.yaml" in snapshot.model
    assert snapshot.services["b"].inputs[:1] == ("file:/etc/stacks/compose.yaml",)
    assert snapshot.host_paths == ("/etc/stacks/x",)


def test_without_a_host_the_live_directory_has_a_name_of_its_own(world: World) -> None:
    world.outside = DictOutside(live=None)
    project, _, _ = read(world, {Y: "services: {a: {image: '${PWD}'}}"})
    assert project.services["a"]["image"] == "/tegu-stack/app"
