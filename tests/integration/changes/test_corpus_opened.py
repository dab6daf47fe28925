"""Every file of the repository that the real Compose opens is in the closure, and every source of its model."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.integration.changes.judge import UNSET, Judge
from tests.integration.changes.watching import Sight, watched
from tests.unit.changes.corpus import Case, case_names, load_case
from tests.unit.changes.worlds import KEY, Files, Link, Submodule, World
from workers.adapters.docker.compose_argv import config_argv, prefix
from workers.adapters.docker.compose_project import project_of
from workers.changes.agreement import missing_sources
from workers.changes.closure import take_snapshot
from workers.changes.snapshot import Snapshot
from workers.runtime.process import Completed

READ_BY_UP = (
    *("seccomp", "config-file", "secret-file", "secret-outside-git", "bind-short"),
    *("secret-of-an-included-project", "everything-at-once", "label-file"),
)
"""Cases with files that only `up` reads, or that it might."""


@pytest.fixture(scope="session")
def strace() -> None:
    if shutil.which("strace") is None:
        reason = "there is no strace here (scripts/provision installs it)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


def write(files: Files, root: Path) -> None:
    for path, content in files.items():
        file = root / path
        if isinstance(content, Submodule):
            file.mkdir(parents=True)
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link):
            file.symlink_to(str(content))
        else:
            file.write_bytes(content if isinstance(content, bytes) else str(content).encode())


def ask(case: Case, judge: Judge, root: Path, log: Path, *command: str) -> tuple[Completed, Sight]:
    """Compose, called as Tegu calls it."""
    project = project_of(case.stack, root, root)
    env = {**project.environment, "HOME": "/root"}
    argv = [*prefix(project, judge.argv), *(command or config_argv())]
    return watched(argv, env, project.directory, root, log)


def unseen(sight: Sight, snapshot: Snapshot, case: Case) -> set[str]:
    """What was opened and is not in the closure."""
    opened = {path for path in sight.opened if not covered(path, snapshot) and path not in snapshot.outside}
    return opened - set(case.expected.get("opened_in_vain", ()))


def covered(path: str, snapshot: Snapshot) -> bool:
    """Whether the path is in the closure, or below a folder that is."""
    parts = path.split("/")
    return any("/".join(parts[:end]) in snapshot.entries for end in range(len(parts) + 1))


@pytest.mark.usefixtures("strace")
@pytest.mark.parametrize("name", case_names())
def test_what_compose_opens_is_in_the_closure(name: str, judges: list[Judge], tmp_path: Path) -> None:
    case = load_case(name)
    root = (tmp_path / "live").resolve()
    files = case.files(str(root))
    write(files, root)
    write(case.outside, root)
    for judge in judges:
        done, sight = ask(case, judge, root, tmp_path / "trace")
        if case.invalid is not None or not case.released(judge.version):
            assert (done.code == 0) == case.taken_all_the_same(judge.version), (judge.version, done.stderr)
            continue
        assert done.code == 0, (judge.version, done.stderr)
        snapshot = take_snapshot(case.stack, World().tree(files), case.host(str(root)), KEY)
        assert unseen(sight, snapshot, case) == set(), judge.version
        assert {path for path in sight.absent if not covered(path, snapshot)} == set(), judge.version
        said, named = set(UNSET.findall(done.stderr)), {name for name in snapshot.unset if ":" not in name}
        assert named <= said, judge.version
        assert (said != named) == (set(snapshot.unset) != named), judge.version  # of env files only places are told
        model = json.loads(done.stdout.replace("$$", "$"))
        assert missing_sources(snapshot, model, str(root / case.stack.path)) == (), judge.version


@pytest.mark.docker
@pytest.mark.usefixtures("strace", "engine")
@pytest.mark.parametrize("name", READ_BY_UP)
def test_what_up_would_open_is_in_the_closure(name: str, judges: list[Judge], tmp_path: Path) -> None:
    case = load_case(name)
    root = (tmp_path / "live").resolve()
    files = case.files(str(root))
    write(files, root)
    write(case.outside, root)
    snapshot = take_snapshot(case.stack, World().tree(files), case.host(str(root)), KEY)
    for judge in judges:
        command = ("--dry-run", "up", "--detach", "--no-build", "--pull", "never")
        done, sight = ask(case, judge, root, tmp_path / "trace", *command)
        assert done.code == 0, (judge.version, done.stderr)
        assert unseen(sight, snapshot, case) == set(), judge.version


@pytest.mark.usefixtures("strace")
def test_watching_sees_what_a_program_opens(tmp_path: Path) -> None:
    root = tmp_path.resolve() / "root"
    write({"a": "1", "é b": Link("d/link"), "d/link": Link("../a"), "unread": "1"}, root)
    argv = ["/bin/cat", "é b", "gone"]
    done, sight = watched(argv, {"PATH": "/bin"}, root, root, tmp_path / "trace")
    assert done.stdout == "1"
    assert sight.opened == {"é b", "d/link", "a"}
    assert sight.absent == {"gone"}
