from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.unit.changes.change_cases import CASES
from tests.unit.changes.worlds import KEY, LIVE, Link, Submodule, World, make_stack
from workers.changes.closure import take_snapshot
from workers.changes.digest import keyed
from workers.changes.filtered import Filtered
from workers.changes.snapshot import Snapshot
from workers.changes.tree import Nowhere, walk
from workers.model.errors import InvalidStack
from workers.model.words import Entry

FILES = {
    "app/compose.yaml": "services: {a: {image: '${TAG}', volumes: ['./c:/c', './data:/d', './link:/l'], build: ./i}}",
    "app/c/x": "1",
    "app/c/deep/y": "1",
    "app/link": Link("../shared"),
    "app/i/Dockerfile": "FROM x",
    "app/i/.dockerignore": "*.md",
    "app/i/README.md": "",
    "app/i/main.py": "",
    "shared": "s",
    "other": "o",
}


@pytest.mark.parametrize("case", CASES)
def test_a_snapshot_survives_json(world: World, case: str) -> None:
    files = {path.removeprefix("../") if path[:3] == "../" else f"app/{path}": t for path, t in CASES[case][0].items()}
    snapshot = world.snapshot(files)
    again = Snapshot.from_json(json.loads(json.dumps(snapshot.to_json())))
    assert again == snapshot
    assert again.fingerprint == snapshot.fingerprint


def test_the_files_are_those_that_reach_the_stack(world: World) -> None:
    tree = world.tree(FILES)
    files = world.snapshot(FILES).files(tree)
    assert set(files) == set(FILES) - {"other", "app/i/README.md"}
    assert files["app/link"] == tree.entry("app/link")


def test_what_jobs_name_reaches_the_stack_too(world: World) -> None:
    files = {
        "app/compose.yaml": """\
services: {web: {image: x}}
jobs:
  load: {image: y, volumes: ['./mounted:/f', 'v:/v'], env_file: [a.env, {path: b.env}], label_file: [l]}
  read: {image: y, configs: [c], secrets: [{source: s}, gone]}
  make: {build: ./made}
  far: {build: 'https://git.example.com/x.git'}
  none:
volumes: {v: }
configs: {c: {file: ./conf}}
secrets: {s: {file: ./hidden}, gone: {environment: GONE}}
""",
        **{
            f"app/{name}": "A=1" for name in ("mounted/one", "a.env", "b.env", "l", "conf", "hidden", "made/Dockerfile")
        },
    }
    assert set(world.snapshot(files | {"app/other": ""}).files(world.tree(files))) == set(files)
    for name, who in (("mounted/one", ""), ("made/Dockerfile", ""), ("l", "job load: ")):
        with pytest.raises(InvalidStack, match=f"{who}app/{name} is a submodule"):
            world.snapshot(files | {f"app/{name}": Submodule("1" * 40)})


def test_what_compose_reads_is_known_apart_from_what_is_mounted_or_copied(world: World) -> None:
    text = "services: {a: {image: '${TAG}', env_file: a.env, volumes: ['./c:/c'], build: ./i}}"
    files = FILES | {"app/compose.yaml": text, "app/.env": "TAG=1", "app/a.env": "A=1"}
    made_of = world.snapshot(files).made_of
    assert made_of >= {"app/compose.yaml", "app/.env", "app/a.env", "app/i/Dockerfile"}
    assert not made_of & {"app/c", "app/c/x", "app/i/main.py", "other"}


def test_the_variables_that_were_looked_up_are_known_whether_they_are_there_or_not(world: World) -> None:
    files = FILES | {"app/compose.yaml": "services: {a: {image: '${TAG}', environment: {B: '${GONE:-1}', C: c}}}"}
    assert world.snapshot(files).asked_for == {"TAG", "GONE", "COMPOSE_PROFILES"}


def test_everything_that_compose_reads_is_confidential_but_the_compose_files_of_git(world: World) -> None:
    include = "include: [./more.yaml, ./other.txt, {path: ./none.yaml, env_file: ./vars.yml}]\n"
    text = include + "services: {a: {image: '${TAG}', env_file: [a.env, host.yml, /etc/c.env], label_file: l, "
    text += "volumes: ['./c:/c'], build: ./i}}"
    inner = "services: {x%d: {image: 'x:$V'}}"
    files = {
        "app/compose.yaml": text,
        "app/more.yaml": inner % 1,
        "app/other.txt": inner % 2,
        "app/vars.yml": "V=1",
        "app/top.yml": "TAG=1",
        "app/a.env": "A=1",
        "app/l": "a=b",
        "app/c/x": "1",
        "app/i/Dockerfile": "FROM x",
    }
    world.outside.files[f"{LIVE}/app/none.yaml"] = inner % 3
    world.outside.files[f"{LIVE}/app/host.yml"] = "B=1"
    world.outside.files["/etc/c.env"] = "C=1"
    world.stack = make_stack(env_files=("app/top.yml",))
    confidential = set(world.snapshot(files).confidential)
    assert confidential >= {
        "app/top.yml",
        "app/a.env",
        "app/l",
        "app/other.txt",
        "app/none.yaml",
        "app/host.yml",
        "app/vars.yml",
        "/etc/c.env",
    }
    assert not confidential & {"app/compose.yaml", "app/more.yaml", "app/c", "app/c/x"}


def test_without_an_ignore_file_a_whole_context_is_written(world: World) -> None:
    files = {path: text for path, text in FILES.items() if "dockerignore" not in path}
    assert "app/i/README.md" in world.snapshot(files).files(world.tree(files))


def test_a_folder_that_is_mounted_and_built_from_counts_whole(world: World) -> None:
    text = "services: {a: {build: ./i, volumes: ['./i:/i']}, b: {build: ./i}}"
    files = FILES | {"app/compose.yaml": text}
    snapshot = world.snapshot(files)
    assert snapshot.filtered == {}
    assert "app/i/README.md" in snapshot.files(world.tree(files))
    assert world.summary(files, files | {"app/i/README.md": "2"}) == {"a": "build", "b": "build"}


def test_a_folder_that_two_ignore_files_filter_counts_whole(world: World) -> None:
    text = "services: {a: {build: ./i}, b: {build: {context: ./i, dockerfile: D}}, c: {build: ./i}}"
    files = FILES | {"app/compose.yaml": text, "app/i/D": "", "app/i/D.dockerignore": "*.py"}
    assert world.snapshot(files).filtered == {}


def test_an_ignore_file_that_git_lacks_filters_nothing(world: World) -> None:
    files = {path: text for path, text in FILES.items() if "dockerignore" not in path}
    world.outside.files[f"{LIVE}/app/i/.dockerignore"] = "*.md"
    assert world.snapshot(files).filtered == {}


def test_the_fingerprint_is_of_content_and_not_of_the_commit(world: World) -> None:
    one = world.snapshot(FILES)
    assert world.snapshot(FILES | {"other": "2"}).commit != one.commit
    assert world.snapshot(FILES | {"other": "2"}).fingerprint == one.fingerprint
    assert world.snapshot(FILES | {"app/i/README.md": "2"}).fingerprint == one.fingerprint
    assert world.snapshot(FILES | {"app/i/main.py": "2"}).fingerprint != one.fingerprint
    assert world.snapshot(FILES | {"app/c/x": "2"}).fingerprint != one.fingerprint
    world.outside.files[f"{LIVE}/app/.env"] = "A=1"
    assert world.snapshot(FILES).fingerprint != one.fingerprint
    del world.outside.files[f"{LIVE}/app/.env"]
    world.stack = make_stack(variables={"TAG": "1"})
    assert world.snapshot(FILES).fingerprint != one.fingerprint


def test_an_entry_that_is_a_submodule_is_not_written(world: World) -> None:
    snapshot = world.snapshot(FILES)
    odd = replace(snapshot, entries={"vendor": Entry(0o160000, "1" * 40)})
    assert odd.files(world.tree(FILES)) == {}


def test_a_submodule_in_a_filtered_context_is_refused_unless_it_is_ignored(world: World) -> None:
    with pytest.raises(InvalidStack, match="app/i/vendor is a submodule"):
        world.snapshot(FILES | {"app/i/vendor": Submodule("1" * 40)})
    world.snapshot(FILES | {"app/i/vendor": Submodule("1" * 40), "app/i/.dockerignore": "vendor"})


def test_paths_that_only_compose_knew_of_join_and_stay(world: World) -> None:
    tree = world.tree(FILES)
    joined = world.snapshot(FILES).joined(tree, ("other", "gone"))
    assert joined.entries["other"] == tree.entry("other")
    assert joined.extra == ("gone", "other")
    assert joined.warnings[0] == "Compose also uses other; it joins what is compared"
    again = take_snapshot(world.stack, tree, world.outside, KEY, record=joined)
    assert again.entries == joined.entries
    assert not world.unchanged(joined, FILES | {"other": "2"})


def test_the_command_line_s_files_are_repository_paths_or_absolute(world: World) -> None:
    world.stack = make_stack(files=("../base.yaml", "/etc/more.yaml"), env_files=("x.env",))
    world.outside.files["/etc/more.yaml"] = "services: {b: {image: x}}"
    snapshot = world.snapshot({"base.yaml": "services: {a: {image: x}}", "x.env": "", "app/x": ""})
    assert (snapshot.compose_files, snapshot.env_files) == (("base.yaml", "/etc/more.yaml"), ("x.env",))


def test_what_lies_outside_the_repository_is_told_of(world: World) -> None:
    world.stack = make_stack(profiles=("p",))
    text = "services: {a: {build: /host/i, volumes: ['/host/f:/f']}}"
    snapshot = world.snapshot({"app/compose.yaml": text})
    assert (snapshot.path, snapshot.profiles) == ("app", ("p",))
    assert sorted(snapshot.host_paths) == ["/host/f", "/host/i"]


def test_secrets_are_known_by_their_use(world: World) -> None:
    text = "{services: {a: {image: x, secrets: [s], configs: [c], env_file: e}}, "
    text += "secrets: {s: {file: s}}, configs: {c: {file: c}}}"
    snapshot = world.snapshot({"app/compose.yaml": text, "app/s": "", "app/c": "", "app/e": ""})
    assert snapshot.secrets == ("app/.env", "app/e", "app/s")


def test_a_service_has_the_volumes_that_others_lend_it_even_in_a_circle(world: World) -> None:
    text = """\
services:
  a: {image: x, volumes: ['own:/o', './f:/f', {type: volume, target: /nameless}], volumes_from: [b]}
  b: {image: x, volumes: ['lent:/l'], volumes_from: ['c:ro']}
  c: {image: x, volumes: ['further:/f'], volumes_from: [a, b]}
"""
    assert world.snapshot({"app/compose.yaml": text}).services["a"].volumes == ("own", "lent", "further")


@pytest.mark.parametrize("field", ["network_mode", "ipc", "pid", "uts", "cgroup"])
def test_a_service_may_live_in_the_namespaces_of_another_one(world: World, field: str) -> None:
    text = f"services: {{a: {{image: x}}, b: {{image: x, {field}: 'service:a'}}}}"
    assert world.snapshot({"app/compose.yaml": text}).services["b"].shares_with == ("a",)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("../x", "watch: '../x' leads out"),
        ("sub", "watch: sub is a submodule"),
        ("lfs", "lfs is a Git LFS pointer"),
    ],
)
def test_a_watched_path_that_is_not_supported_is_named(world: World, path: str, message: str) -> None:
    world.stack = make_stack(watch=(path,))
    files = {"sub": Submodule("1" * 40), "lfs": "version https://git-lfs.github.com/spec/v1\n"}
    with pytest.raises(InvalidStack, match=f"^{message}"):
        world.snapshot({**FILES, **files})


def test_variables_without_a_value_are_reported(world: World) -> None:
    text = "services: {a: {image: 'x${ONE}${TWO:-}', env_file: e, environment: [THREE]}}"
    snapshot = world.snapshot({"app/compose.yaml": text, "app/e": "A=b\nB=$FOUR"})
    assert snapshot.unset == ("ONE", "app/e:2")


def test_a_closure_has_a_limited_size(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    most = len(world.snapshot(FILES).entries)
    monkeypatch.setattr("workers.changes.closure.MAX_CLOSURE", most)
    assert len(world.snapshot(FILES).entries) == most
    with pytest.raises(InvalidStack, match=f"has {most + 1} paths; at most {most} are supported"):
        world.snapshot(FILES | {"app/.env": Link("vars"), "app/vars": ""})


def test_a_key_may_have_any_length() -> None:
    assert keyed(b"", b"x") != keyed(b"k", b"x")
    assert keyed(b"k" * 100, b"x") != keyed(b"k" * 101, b"x")


def test_nowhere_has_nothing() -> None:
    assert Nowhere().read("/etc/passwd") is None


def test_walking_a_file_is_that_file(world: World) -> None:
    tree = world.tree(FILES)
    entry = tree.entry("shared")
    assert entry is not None
    assert list(walk(tree, entry, "shared")) == [("shared", entry)]
    assert [path for path, _ in walk(tree, tree.root)][:2] == ["app/c/deep/y", "app/c/x"]


def test_a_folder_of_a_context_of_which_nothing_is_left_is_hollow(world: World) -> None:
    files = {
        "app/compose.yaml": "services: {a: {build: ctx}}",
        "app/ctx/Dockerfile": "FROM x\n",
        "app/ctx/.dockerignore": "out/*\n",
        "app/ctx/out/x": "",
    }
    snapshot = world.snapshot(files)
    assert snapshot.hollow(world.tree(files)) == ("app/ctx/out",)
    assert "app/ctx/out" not in snapshot.files(world.tree(files))


def test_of_a_record_with_an_ignore_file_that_is_refused_by_now_the_whole_folder_counts(world: World) -> None:
    files = {
        "app/compose.yaml": "services: {a: {build: ctx}}",
        "app/ctx/Dockerfile": "FROM x\n",
        "app/ctx/.dockerignore": "Dockerfile\n",
    }
    snapshot = world.snapshot(files)
    assert "app/ctx/Dockerfile" in snapshot.files(world.tree(files))
    tree = world.tree({**files, "app/ctx/.dockerignore": "Dockerfile\n[\n"})
    older = replace(snapshot, entries={path: tree.entry(path) for path in snapshot.entries})
    side = older.side(tree, "app/ctx")
    assert isinstance(side, Filtered)
    assert [path for path, _ in side.files()] == ["app/ctx/.dockerignore", "app/ctx/Dockerfile"]
