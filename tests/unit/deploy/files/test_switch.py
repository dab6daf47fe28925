"""A switch of files does what it says, can be taken back exactly, and survives a kill before any system call."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from tests.releases import STRIDE
from workers.deploy.files.layout import Folders, remove_tree
from workers.deploy.files.manifest import EXECUTABLE, SYMLINK, load_manifest, object_id, save_manifest
from workers.deploy.files.safe_path import Root
from workers.deploy.files.switch import Disk, Switching
from workers.deploy.files.switch_plan import Do, Operation, Planner, Switch
from workers.model.errors import BlockedStack
from workers.model.words import Entry

FILE = 0o100644

# What a folder holds: path -> text, `->target` for a symlink, `!text` for an executable, "/" for an empty folder.
Files = dict[str, str]


def entry(text: str) -> Entry:
    mode = SYMLINK if text.startswith("->") else EXECUTABLE if text.startswith("!") else FILE
    return Entry(mode, object_id(text.removeprefix("->").encode(), "0" * 40))


def manifest(files: Files) -> dict[str, Entry]:
    return {path: entry(text) for path, text in files.items()}


def write(root: Path, files: Files) -> None:
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if text == "/":
            target.mkdir()
        elif text.startswith("->"):
            target.symlink_to(text.removeprefix("->"))
        else:
            target.write_text(text)
            target.chmod(0o755 if text.startswith("!") else 0o644)


def read(root: Path) -> Files:
    """Everything below a folder, folders only where they are empty."""
    found: Files = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if path.is_symlink():
            found[name] = f"->{path.readlink()}"
        elif path.is_file():
            found[name] = path.read_text()
        elif not any(path.iterdir()):
            found[name] = "/"
    return found


@dataclass
class Case:
    """A switch: what Git had and has, and what else is in the stack's directory."""

    old: Files
    new: Files
    around: Files = field(default_factory=dict)
    local: Files = field(default_factory=dict)  # what containers have made of tracked files
    adopt: bool = False
    protected: tuple[str, ...] = ()
    made_of: tuple[str, ...] = ()
    after: Files | None = None
    kept: Files = field(default_factory=dict)


CASES = {
    "nothing to do": Case({"a": "1"}, {"a": "1"}),
    "a first deployment": Case({}, {"s/compose.yaml": "c", "s/conf/app.ini": "1"}),
    "a replaced file": Case({"a": "1", "b": "1"}, {"a": "2", "b": "1"}),
    "an added and a removed file": Case({"a": "1", "d/old": "1"}, {"a": "1", "e/f/new": "1"}),
    "a renamed folder": Case({"d/a": "1", "d/b": "2"}, {"e/a": "1", "e/b": "2"}),
    "a file becomes executable": Case({"a": "!x"}, {"a": "!y"}),
    "a file becomes a folder": Case({"a": "1"}, {"a/b": "2", "a/c": "3"}),
    "a folder becomes a file": Case({"a/b": "1", "a/c": "2"}, {"a": "1"}),
    "a symlink's target changes": Case({"l": "->one"}, {"l": "->two"}),
    "a symlink becomes a folder": Case({"l": "->one"}, {"l/x": "1"}),
    "a file becomes a symlink": Case({"a": "1", "b": "x"}, {"a": "->b", "b": "x"}),
    "what containers wrote stays": Case(
        {"s/a": "1"}, {"s/b": "1"}, around={"s/data/db": "d"}, after={"s/b": "1", "s/data/db": "d"}
    ),
    "data in a folder that Git empties": Case(
        {"d/a": "1"}, {"x": "1"}, around={"d/data": "d"}, after={"x": "1", "d/data": "d"}
    ),
    "a local change that Git leaves alone": Case(
        {"a": "1", "b": "1"}, {"a": "1", "b": "2"}, local={"a": "mine"}, after={"a": "mine", "b": "2"}
    ),
    "a local change that Git changes too": Case({"a": "1"}, {"a": "2"}, local={"a": "mine"}, kept={"a": "mine"}),
    "a local change of what Compose reads": Case(
        {"a": "1", "b": "1", "c": "1"},
        {"a": "1", "b": "1", "c": "1"},
        local={"a": "mine"},
        made_of=("a", "c"),
        kept={"a": "mine"},
    ),
    "a local change that Git removes": Case({"a": "1", "b": "1"}, {"b": "1"}, local={"a": "mine"}, kept={"a": "mine"}),
    "an empty folder where a file belongs": Case({}, {"conf": "1"}, around={"conf": "/"}, after={"conf": "1"}),
    "an equal file that Tegu did not write": Case({}, {"a": "1"}, around={"a": "1"}, after={"a": "1"}),
    "a file taken over": Case({}, {"a": "1"}, around={"a": "mine"}, adopt=True, after={"a": "1"}, kept={"a": "mine"}),
    "a folder taken over": Case(
        {}, {"a": "1"}, around={"a/x": "mine"}, adopt=True, after={"a": "1"}, kept={"a/x": "mine"}
    ),
    "a link taken over": Case(
        {}, {"a/b": "1"}, around={"a": "->/etc"}, adopt=True, after={"a/b": "1"}, kept={"a": "->/etc"}
    ),
    "a mounted file that Git removes": Case(
        {"a": "1", "b": "1"}, {"b": "1"}, protected=("a",), after={"a": "1", "b": "1"}
    ),
    "a mounted folder that Git empties": Case(
        {"d/a": "1", "b": "1"}, {"b": "1"}, protected=("d",), after={"d": "/", "b": "1"}
    ),
    "a missing file comes back": Case({"a": "1"}, {"a": "1", "b": "1"}, local={"a": ""}, after={"a": "1", "b": "1"}),
}


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    state = tmp_path / "state"
    return Folders(tmp_path / "live", state / "s.stage", state / "s.undo", state / "s.kept")


def prepare(case: Case, folders: Folders) -> Switch:
    write(folders.live, {**case.old, **case.around})
    for path, text in case.local.items():
        (folders.live / path).unlink()
        if text:
            write(folders.live, {path: text})
    write(folders.stage, case.new)
    folders.undo.mkdir(parents=True)
    live = Root(folders.live)
    try:
        return Planner(
            live,
            folders.stage,
            old=manifest(case.old),
            new=manifest(case.new),
            adopt=case.adopt,
            protected=case.protected,
            made_of=case.made_of,
        ).plan()
    finally:
        live.close()


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_switch_brings_the_new_files_and_can_be_taken_back(case: Case, folders: Folders) -> None:
    switch = prepare(case, folders)
    before = read(folders.live)
    switching = Switching(folders, "one")

    switching.forward(switch)
    assert read(folders.live) == (case.new if case.after is None else case.after)
    assert read(folders.kept / "one") == case.kept

    switching.back(switch.operations)
    assert read(folders.live) == before
    switching.back(switch.operations)
    assert read(folders.live) == before


def killed_before(count: int, act: Callable[[Disk], None]) -> bool:
    """Do something in a child that is killed before its n-th change to the disk; whether it came that far."""
    child = os.fork()
    if child == 0:  # pragma: no cover (another process)
        seen = 0

        def before(_name: str) -> None:
            nonlocal seen
            seen += 1
            if seen == count:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            act(Disk(before))
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def forward(folders: Folders, switch: Switch, disk: Disk) -> None:
    Switching(folders, "one", disk).forward(switch)


def back(folders: Folders, operations: list[Operation], disk: Disk) -> None:
    Switching(folders, "one", disk).back(operations)


def reset(folders: Folders) -> None:
    for path in (folders.live, folders.stage, folders.undo, folders.kept):
        remove_tree(path)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_kill_before_any_change_leaves_a_switch_that_can_be_taken_back(case: Case, folders: Folders) -> None:
    count = 0
    killed = True
    while killed:
        count += 1
        reset(folders)
        switch = prepare(case, folders)
        before = read(folders.live)
        operations = [Operation.from_json(each.to_json()) for each in switch.operations]
        killed = killed_before(count, partial(forward, folders, switch))

        again = count % STRIDE + 1 - STRIDE
        repairing = True
        while repairing:  # the repair is killed, too, further on every time
            again += STRIDE
            repairing = killed_before(again, partial(back, folders, operations))
        assert read(folders.live) == before, f"killed before change {count}"


def test_a_kill_anywhere_leaves_no_moment_without_a_replaced_file(folders: Folders) -> None:
    switch = prepare(Case({"a": "1"}, {"a": "2"}), folders)
    seen: list[str] = []

    def look(name: str) -> None:
        assert (folders.live / "a").read_text() in {"1", "2"}
        seen.append(name)

    Switching(folders, "one", Disk(look)).forward(switch)
    assert seen == ["link", "rename"]


BLOCKED = {
    "a file that Tegu did not write": (Case({}, {"a": "1"}, around={"a": "mine"}), "a is in the way"),
    "a folder with such files": (Case({}, {"a": "1"}, around={"a/x": "mine"}), "a/x is in the way"),
    "a file where a folder belongs": (Case({}, {"a/b": "1"}, around={"a": "mine"}), "a is in the way"),
    "a link where a folder belongs": (Case({}, {"a/b": "1"}, around={"a": "->/tmp"}), "a is in the way"),
}


@pytest.mark.parametrize(("case", "told"), BLOCKED.values(), ids=BLOCKED.keys())
def test_what_tegu_did_not_write_blocks_the_switch_and_stays(case: Case, told: str, folders: Folders) -> None:
    with pytest.raises(BlockedStack, match=told):
        prepare(case, folders)
    assert read(folders.live) == case.around


@pytest.mark.parametrize("path", ["../a", "a/../../b", "/etc/x", "a//b", "."])
def test_no_path_leaves_the_directory(path: str, folders: Folders) -> None:
    folders.stage.mkdir(parents=True)
    live = Root(folders.live)
    with pytest.raises(BlockedStack, match="does not stay"):
        Planner(live, folders.stage, old={}, new={path: entry("1")}, adopt=True).plan()
    live.close()


def test_a_symlink_that_turns_up_after_planning_leads_nowhere(folders: Folders, tmp_path: Path) -> None:
    switch = prepare(Case({"d/a": "1"}, {"d/a": "2"}), folders)
    elsewhere = tmp_path / "elsewhere"
    write(elsewhere, {"a": "theirs"})
    remove_tree(folders.live / "d")
    (folders.live / "d").symlink_to(elsewhere)

    with pytest.raises(BlockedStack, match="is not a folder"):
        Switching(folders, "one").forward(switch)
    assert read(elsewhere) == {"a": "theirs"}


def test_a_replaced_file_keeps_its_permissions_but_for_gits_executable_bit(folders: Folders) -> None:
    write(folders.live, {"a": "1", "b": "1"})
    (folders.live / "a").chmod(0o640)
    (folders.live / "b").chmod(0o640)
    write(folders.stage, {"a": "2", "b": "!2"})
    folders.undo.mkdir(parents=True)
    live = Root(folders.live)
    old, new = manifest({"a": "1", "b": "1"}), manifest({"a": "2", "b": "!2"})
    switch = Planner(live, folders.stage, old=old, new=new, adopt=False).plan()
    live.close()
    Switching(folders, "one").forward(switch)
    assert stat.S_IMODE((folders.live / "a").stat().st_mode) == 0o640
    assert stat.S_IMODE((folders.live / "b").stat().st_mode) == 0o750


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_owners_are_kept_and_new_files_get_their_folders(folders: Folders) -> None:
    write(folders.live, {"d/a": "1"})
    os.chown(folders.live / "d", 1001, 1002)
    os.chown(folders.live / "d/a", 1003, 1004)
    write(folders.stage, {"d/a": "2", "d/b": "1", "d/e/f": "1"})
    folders.undo.mkdir(parents=True)
    live = Root(folders.live)
    new = manifest({"d/a": "2", "d/b": "1", "d/e/f": "1"})
    switch = Planner(live, folders.stage, old=manifest({"d/a": "1"}), new=new, adopt=False).plan()
    live.close()
    Switching(folders, "one").forward(switch)
    owners = {name: (folders.live / name).stat() for name in ("d/a", "d/b", "d/e", "d/e/f")}
    assert {name: (found.st_uid, found.st_gid) for name, found in owners.items()} == {
        "d/a": (1003, 1004),
        "d/b": (1001, 1002),
        "d/e": (1001, 1002),
        "d/e/f": (1001, 1002),
    }


def test_what_a_container_made_of_a_new_file_is_kept_when_the_switch_is_taken_back(folders: Folders) -> None:
    switch = prepare(Case({"a": "1"}, {"a": "2", "b": "2"}), folders)
    switching = Switching(folders, "one")
    switching.forward(switch)
    (folders.live / "a").write_text("mine")
    (folders.live / "b").write_text("mine too")
    switching.back(switch.operations)
    assert read(folders.live) == {"a": "1"}
    assert read(folders.kept / "one") == {"a": "mine", "b": "mine too"}


def test_operations_come_in_the_order_additions_then_deletions(folders: Folders) -> None:
    switch = prepare(Case({"a": "1", "z/old": "1"}, {"a": "2", "b/new": "1"}), folders)
    assert [each.do for each in switch.operations] == [Do.PUT, Do.FOLDER, Do.PUT, Do.REMOVE, Do.PRUNE]


def test_a_manifest_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    files = {"a": entry("1"), "b/c": entry("->a")}
    save_manifest(tmp_path / "m", files)
    assert load_manifest(tmp_path / "m") == files
    assert load_manifest(tmp_path / "none") == {}
