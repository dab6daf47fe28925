"""What holds for every repository and every edit, not only for the ones somebody thought of."""

from __future__ import annotations

import json

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.changes.worlds import KEY, Link, World, make_stack
from workers.changes.closure import take_snapshot
from workers.changes.decision import decide
from workers.changes.snapshot import Snapshot
from workers.model.words import Action

NAMES = ["a", "b", "c.conf", "sub/x", "sub/y", "sub/deep/z", "-dash", "sp ace", "ünï"]
FOLDERS = ["app", "shared", "other"]
PATHS = [f"{folder}/{name}" for folder in FOLDERS for name in NAMES] + ["README.md", "app/README.md", "app/img/x"]
MOUNTS = ["./a", "./sub", "./sub/x", "../shared/b", "../shared/sub", "./gone", "./gone/deeper", "./link", "./sp ace"]
VARIABLES = ["TAG", "DIR", "UNUSED"]

services = st.fixed_dictionaries(
    {"image": st.sampled_from(["busybox", "x:${TAG:-1}", "y"])},
    optional={
        "volumes": st.lists(st.sampled_from([*(f"{mount}:/m/{mount}" for mount in MOUNTS), "data:/data"]), max_size=3),
        "env_file": st.sampled_from(
            [[{"path": "./env", "required": False}], [{"path": "../shared/a", "required": False}]]
        ),
        "environment": st.sampled_from([["TAG"], {"A": "${DIR:-none}"}]),
        "build": st.sampled_from([{"context": "./img", "dockerfile_inline": "FROM x"}]),
        "configs": st.just(["c"]),
    },
)
contents = st.sampled_from(["", "A=1", "A=2", "# comment\nA=1"])


@st.composite
def repositories(draw: st.DrawFn) -> dict[str, object]:
    model = {
        "services": draw(st.dictionaries(st.sampled_from(["web", "db", "job"]), services, min_size=1)),
        "configs": {"c": {"file": "../shared/c.conf"}},
        "volumes": {"data": None},
    }
    files: dict[str, object] = dict(draw(st.dictionaries(st.sampled_from(PATHS), contents, min_size=5)))
    files.setdefault("shared/c.conf", "")
    files["app/compose.yaml"] = yaml.safe_dump(model)
    files |= draw(st.sampled_from([{}, {"app/.env": "TAG=1\nDIR=d"}, {"app/compose.override.yaml": "x-a: b"}]))
    files |= draw(st.sampled_from([{}, {"app/link": Link("../shared/sub")}, {"app/link": Link("a")}]))
    files |= draw(st.sampled_from([{}, {"app/img/.dockerignore": "x"}, {"app/img/.dockerignore": "*\n!b"}]))
    return files


@settings(max_examples=80, deadline=None)
@given(files=repositories(), path=st.sampled_from(PATHS), text=contents)
def test_an_edit_outside_the_closure_decides_nothing_and_one_inside_is_always_named(
    files: dict[str, object], path: str, text: str
) -> None:
    world = World()
    record = world.snapshot(files)
    after = {**files, path: text + "\nA=edited"}
    snapshot = world.snapshot(after)
    inside = (
        path in record.entries or path in record.files(world.tree(files)) or path in snapshot.files(world.tree(after))
    )
    decision = world.decide_from(record, after, recorded=world.tree(files))
    assert world.unchanged(record, after) is not inside
    assert (path in decision.paths) is inside
    if not inside:
        assert (decision.action, decision.paths, decision.services) == (Action.NONE, (), {})
    mounted = [name for name, service in record.services.items() if path in service.content]
    assert all(decision.services[name].action is not Action.NONE for name in mounted)


@settings(max_examples=40, deadline=None)
@given(before=repositories(), after=repositories())
def test_deciding_from_the_record_equals_deciding_from_scratch(
    before: dict[str, object], after: dict[str, object]
) -> None:
    world = World()
    record = world.snapshot(before)
    kept = Snapshot.from_json(json.loads(json.dumps(record.to_json())))
    tree = world.tree(after)
    decision, snapshot = decide(world.stack, kept, tree, world.outside, KEY, recorded=world.tree(before))
    assert decision == world.decide(before, after)
    fresh = take_snapshot(world.stack, tree, world.outside, KEY)
    if snapshot is None:
        assert "volume" in decision.message
    elif decision.paths or decision.services or decision.inputs or decision.removed:
        assert snapshot == fresh
    else:
        assert snapshot.fingerprint == fresh.fingerprint
    assert world.unchanged(kept, after) is (fresh.fingerprint == record.fingerprint)
    assert world.unchanged(fresh, after)


@settings(max_examples=40, deadline=None)
@given(files=repositories(), path=st.sampled_from(PATHS))
def test_equal_closures_are_equal_fingerprints_and_write_equal_files(files: dict[str, object], path: str) -> None:
    world = World()
    one, other = world.snapshot(files), world.snapshot({**files, path: "something else"})
    same = one.files(world.tree(files)) == other.files(world.tree({**files, path: "something else"}))
    assert (one.fingerprint == other.fingerprint) is same


@settings(max_examples=40, deadline=None)
@given(files=repositories(), name=st.sampled_from(["OTHER", "X_1"]))
def test_renaming_a_variable_that_nothing_uses_changes_nothing(files: dict[str, object], name: str) -> None:
    world = World()
    world.stack = make_stack(variables={"NOT_USED": "1"})
    record = world.snapshot(files)
    world.stack = make_stack(variables={name: "1"})
    assert world.unchanged(record, files)
    files = {**files, "app/.env": "TAG=1\nNOT_USED=1"}
    renamed = world.decide(files, {**files, "app/.env": f"TAG=1\n{name}=1"})
    assert (renamed.action, renamed.services) == (Action.NONE, {})
