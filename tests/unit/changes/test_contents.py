from __future__ import annotations

import json

import pytest

from tests.unit.changes.worlds import LIVE, Link, Submodule, World
from workers.changes.limits import MAX_IGNORE_FILE_BYTES
from workers.model.errors import InvalidStack

Y = "app/compose.yaml"


def test_a_hand_placed_secret_in_the_repository_s_layout_is_an_input(world: World) -> None:
    files = {Y: "{services: {a: {image: x, secrets: [s]}}, secrets: {s: {file: ./token}}}"}
    with pytest.raises(
        InvalidStack, match=rf"service a: secrets s: app/token is neither .* put it at {LIVE}/app/token"
    ):
        world.snapshot(files)
    world.outside.files[f"{LIVE}/app/token"] = "1"
    snapshot = world.snapshot(files)
    assert snapshot.outside_paths == ("app/token",)
    world.outside.files[f"{LIVE}/app/token"] = "2"
    assert world.decide_from(snapshot, files).services["a"].action == "restart"


def test_a_build_secret_from_the_environment_is_no_file(world: World) -> None:
    text = "{services: {a: {build: {context: ., secrets: [s]}}}, secrets: {s: {environment: T}}}"
    assert set(world.snapshot({Y: text, "app/Dockerfile": ""}).services["a"].content) == {"app/Dockerfile", "app"}


def test_a_build_secret_s_file_is_masked_wherever_it_is_shown(world: World) -> None:
    text = "{services: {a: {build: {context: ., secrets: [s]}}}, secrets: {s: {file: ./token}}}"
    assert "app/token" in world.snapshot({Y: text, "app/Dockerfile": "", "app/token": "1"}).secrets


@pytest.mark.parametrize(("path", "others"), [("app/s", {}), ("app/.env", {}), ("app/t/Dockerfile", {"tool": "build"})])
def test_one_hook_hides_nothing_of_another_and_misses_no_env_file(
    world: World, path: str, others: dict[str, str]
) -> None:
    hooks = "[{image: app-tool, env_file: gone.env, configs: [c]}, {image: y, secrets: [s]}]"
    text = f"services: {{web: {{image: x, pre_start: {hooks}}}, tool: {{build: ./t}}}}\n"
    text += "configs: {c: {content: '${C}'}}\nsecrets: {s: {file: ./s}}"
    files = {Y: text, "app/.env": "C=1", "app/s": "1", "app/t/Dockerfile": "FROM x"}
    assert world.summary(files, files | {path: "C=2"}) == {"web": "recreate", **others}


@pytest.mark.parametrize("first", ["type: tmpfs", "type: image, source: y"])
def test_a_mount_behind_one_that_is_no_folder_counts(world: World, first: str) -> None:
    text = f"services: {{a: {{image: x, volumes: [{{{first}, target: /t}}, './f:/f']}}}}"
    files = {Y: text, "app/f": "1"}
    assert world.summary(files, files | {"app/f": "2"}) == {"a": "restart"}


@pytest.mark.parametrize(
    ("service", "message"),
    [
        ("volumes: ['./sub:/s']", "volumes: app/sub is a submodule"),
        ("build: {context: ./sub, dockerfile_inline: F}", "build context: app/sub is a submodule"),
        ("label_file: gone", "label_file: app/gone is neither"),
        ("security_opt: ['seccomp:gone']", "security_opt: app/gone is neither"),
        ("security_opt: ['seccomp:../../gone']", r"security_opt: '../../gone' leads out"),
        ("configs: [sub]", "configs sub: app/sub is a submodule"),
        ("configs: [far]", "configs far: /gone is neither"),
        ("build: {context: ./i, dockerfile_inline: F, secrets: [gone]}", "build secret: app/gone is neither"),
        ("pre_start: [{volumes: ['./sub:/s']}]", "pre_start 0: volumes: app/sub is a submodule"),
        ("pre_start: [{configs: [sub]}]", "pre_start 0: configs sub: app/sub is a submodule"),
        ("pre_start: [{env_file: sub}]", "pre_start 0: env_file: app/sub is a submodule"),
        ("pre_start: [{security_opt: ['seccomp:gone']}]", "pre_start 0: security_opt: app/gone is neither"),
    ],
)
def test_a_message_says_which_service_names_a_path_and_where(world: World, service: str, message: str) -> None:
    text = f"services: {{a: {{image: x, {service}}}}}\nsecrets: {{gone: {{file: gone}}}}\n"
    text += "configs: {sub: {file: sub}, far: {file: /gone}}"
    with pytest.raises(InvalidStack, match=rf"^service a: {message}"):
        world.snapshot({Y: text, "app/sub": Submodule("1" * 40)})


@pytest.mark.parametrize("service", ["image: x, volumes: ['./lfs:/l']", "image: x, configs: [c]", "build: ./i"])
def test_a_git_lfs_pointer_is_named(world: World, service: str) -> None:
    text = f"services: {{a: {{{service}}}}}\nconfigs: {{c: {{file: lfs}}}}"
    pointer = "version https://git-lfs.github.com/spec/v1\n"
    with pytest.raises(InvalidStack, match=r"^app/(i/)?lfs is a Git LFS pointer"):
        world.snapshot({Y: text, "app/lfs": pointer, "app/i/Dockerfile": "", "app/i/lfs": pointer})


def test_an_env_file_has_to_be_there_unless_it_is_said_not_to(world: World) -> None:
    with pytest.raises(InvalidStack, match=r"app/h\.env is neither"):
        world.snapshot({Y: "services: {a: {image: x, env_file: [{path: h.env}]}}"})


@pytest.mark.parametrize(
    ("service", "text"),
    [("label_file: l", "A=1\n?"), ("env_file: l", "A=1\n?"), ("env_file: [{path: l, format: raw}]", "A=1\n=")],
)
def test_a_line_that_cannot_be_read_is_named_with_its_file(world: World, service: str, text: str) -> None:
    with pytest.raises(InvalidStack) as caught:
        world.snapshot({Y: f"services: {{a: {{image: x, {service}}}}}", "app/l": text})
    assert (caught.value.file, caught.value.line) == ("app/l", 2)


def test_a_missing_dockerfile_is_named_where_its_context_is_in_git(world: World) -> None:
    with pytest.raises(InvalidStack, match="service a: Dockerfile: app/i/Dockerfile is neither"):
        world.snapshot({Y: "services: {a: {build: ./i}}", "app/i/x": ""})
    assert world.snapshot({Y: "services: {a: {build: ./i}}"}).entries["app/i"] is None


def test_a_dockerfile_in_lower_case_is_found_with_its_own_ignore_file(world: World) -> None:
    files = {
        Y: "services: {a: {build: ./i}}",
        "app/i/dockerfile": Link("../d"),
        "app/d": "FROM x",
        "app/i/dockerfile.dockerignore": "x",
        "app/i/x": "1",
    }
    assert world.summary(files, files | {"app/d": "FROM y"}) == {"a": "build"}
    assert world.summary(files, files | {"app/i/x": "2"}) == {}
    unsent = files | {"app/i/dockerfile.dockerignore": "*", "app/e": "FROM x"}
    assert world.summary(unsent, unsent | {"app/i/dockerfile": Link("../e")}) == {"a": "build"}


def test_a_dockerfile_need_not_be_utf_8(world: World) -> None:
    text = "services: {a: {build: ./i}, base: {build: ./b, image: base}}"
    files = {Y: text, "app/i/Dockerfile": b"# \xff\nFROM base", "app/b/Dockerfile": "FROM x"}
    assert world.summary(files, files | {"app/b/Dockerfile": "FROM y"}) == {"a": "build", "base": "build"}


@pytest.mark.parametrize(
    ("context", "ignore", "files", "counts"),
    [
        ("./i", "app/i/.dockerignore", {}, False),
        ("./i", "app/i/.dockerignore", {"app/i/.dockerignore": Link("deep/ignore"), "app/i/deep/ignore": "x"}, False),
        ("./i", "app/i/.dockerignore", {"app/i/.dockerignore": Link("../ignore"), "app/ignore": "x"}, True),
        ("..", ".dockerignore", {".dockerignore": Link("ignore"), "ignore": "app/i/x"}, False),
    ],
)
def test_an_ignore_file_has_to_be_sent_along_wherever_a_symlink_leads(
    world: World, context: str, ignore: str, files: dict[str, object], counts: bool
) -> None:
    written = {
        Y: f"services: {{a: {{build: {{context: {context}, dockerfile_inline: FROM x}}}}}}",
        ignore: "x",
        "app/i/x": "1",
        **files,
    }
    assert world.summary(written, written | {"app/i/x": "2"}) == ({"a": "build"} if counts else {})


@pytest.mark.parametrize(("link", "counts"), [("deep/ignore", True), ("../ignore", False)])
def test_an_ignore_file_that_only_the_host_has_hides_another_where_it_is_sent_along(
    world: World, link: str, counts: bool
) -> None:
    world.outside.files.update({f"{LIVE}/app/i/deep/ignore": "y", f"{LIVE}/app/ignore": "y"})
    files = {
        Y: "services: {a: {build: ./i}}",
        "app/i/Dockerfile": "FROM x",
        "app/i/Dockerfile.dockerignore": Link(link),
        "app/i/.dockerignore": "x",
        "app/i/x": "1",
    }
    assert world.summary(files, files | {"app/i/x": "2"}) == ({"a": "build"} if counts else {})


def test_a_context_without_a_dockerfile_has_no_ignore_file_but_the_one_in_it(world: World) -> None:
    text = "services: {a: {build: {context: 'https://example.com/x.git', additional_contexts: {m: ./m}}}, "
    text += "b: {build: {context: ./n, dockerfile_inline: F}}}"
    outside = world.snapshot({Y: text, "app/m/x": "", "app/n/x": ""}).outside
    ignored = ["app/m/.dockerignore", "app/n/.dockerignore"]
    assert [path for path in outside if "compose" not in path] == ["app/.env", *ignored]
    with pytest.raises(InvalidStack, match=r"^service a: additional_contexts: app/m is a submodule"):
        world.snapshot({Y: text, "app/m": Submodule("1" * 40)})


def test_an_ignore_file_that_is_too_large_makes_the_stack_invalid(world: World) -> None:
    files = {Y: "services: {a: {build: ./i}}", "app/i/Dockerfile": ""}
    with pytest.raises(
        InvalidStack, match=r"^service a: build context: app/i/\.dockerignore has \d+ bytes; at most 1048576"
    ):
        world.snapshot(files | {"app/i/.dockerignore": "x" * (MAX_IGNORE_FILE_BYTES + 1)})


def test_a_pattern_that_the_builder_refuses_makes_the_stack_invalid_and_is_named_with_its_line(world: World) -> None:
    with pytest.raises(InvalidStack) as caught:
        world.snapshot(
            {Y: "services: {a: {build: ./i}}", "app/i/Dockerfile": "", "app/i/.dockerignore": "*.md\n\n[z-a]\n"}
        )
    assert (caught.value.file, caught.value.line) == ("app/i/.dockerignore", 3)


def test_a_context_that_is_fetched_from_elsewhere_is_no_input(world: World) -> None:
    text = "services: {a: {build: {context: 'https://example.com/x.git', dockerfile_inline: FROM x, "
    text += "additional_contexts: {m: 'https://example.com/y.git', n: ./n}}}}"
    assert set(world.snapshot({Y: text}).services["a"].content) == {"app/n"}
    assert not world.snapshot({Y: "services: {a: {build: 'https://example.com/x.git'}}"}).services["a"].content


def test_one_path_that_reaches_a_service_twice_asks_for_the_stronger_action(world: World) -> None:
    files = {Y: "services: {a: {build: ./i, volumes: ['./i:/i']}}", "app/i/Dockerfile": "", "app/i/x": "1"}
    assert world.summary(files, files | {"app/i/x": "2"}) == {"a": "build"}


@pytest.mark.parametrize(("path", "content"), [("app/.env", "A=9\n"), ("app/.env", ""), ("app/a.env", "A=9\n")])
def test_whatever_a_release_of_compose_takes_first_no_variable_of_an_env_file_is_missed(
    world: World, path: str, content: str
) -> None:
    text = "services: {a: {image: x, env_file: [a.env, b.env], environment: {A: fixed}}}"
    files = {Y: text, "app/.env": "A=1\n", "app/a.env": "A=1\n", "app/b.env": "B=$A\n"}
    assert world.summary(files, files | {path: content}) == {"a": "up"}


def test_a_variable_of_an_env_file_may_be_what_the_service_sets_already(world: World) -> None:
    text = "services: {a: {image: x, env_file: [a.env, b.env], environment: {A: fixed}}}"
    files = {Y: text, "app/.env": "", "app/a.env": "A=1\n", "app/b.env": "B=$A\n"}
    assert world.summary(files, files | {"app/.env": "A=fixed\n"}) == {}


def test_a_label_file_uses_the_labels_of_those_before_it(world: World) -> None:
    text = "services: {a: {image: x, label_file: [a.labels, b.labels], labels: {a: fixed}}}"
    files = {Y: text, "app/a.labels": "a=1\n", "app/b.labels": "b=$a\n"}
    assert world.summary(files, files | {"app/a.labels": "a=2\n"}) == {"a": "up"}


def test_a_variable_may_say_whether_an_env_file_must_be_there(world: World) -> None:
    files = {Y: "services: {a: {image: x, env_file: [{path: a.env, required: '${NEED}'}]}}", "app/.env": "NEED=no\n"}
    assert world.snapshot(files).entries["app/a.env"] is None
    with pytest.raises(InvalidStack, match=r"a\.env is neither"):
        world.snapshot(files | {"app/.env": "NEED=yes\n"})
    with pytest.raises(InvalidStack, match="neither true nor false"):
        world.snapshot(files | {"app/.env": "NEED=perhaps\n"})


@pytest.mark.parametrize("inline", [True, False])
def test_a_dockerfile_s_text_that_grows_without_end_is_refused_by_name(world: World, *, inline: bool) -> None:
    grows = "ARG A=aaaaaaaa\n" + "ARG A=$$A$$A\n" * 60 + "FROM $$A"
    build = {"context": ".", "dockerfile_inline": grows} if inline else {"context": "."}
    where = "service a: dockerfile_inline" if inline else "app/Dockerfile"
    with pytest.raises(InvalidStack, match=f"{where}: more than 1048576 characters are to be gone through"):
        world.snapshot(
            {Y: json.dumps({"services": {"a": {"build": build}}}), "app/Dockerfile": grows.replace("$$", "$")}
        )
