"""A working tree as it would be committed now: what is tracked, and what is neither that nor ignored.

Git itself makes the commit, with the ignore rules and filters of whoever asks; but into a folder of its own, whose
objects stand beside the repository's, so that of the repository nothing is written, its index included.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from workers.adapters.git.environment import local_env
from workers.adapters.git.local import LocalRepo
from workers.model.errors import CommandFailed, UsageError
from workers.runtime.process import run
from workers.runtime.settings import inherited

_SECONDS = 120.0
_MAKER = {f"GIT_{who}_{what}": "tegu" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
_OWN = ("HOME", "XDG_CONFIG_HOME", "PATH")  # a person's own ignore rules count, too
_NOT_OWN = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM", "GIT_ATTR_NOSYSTEM", "GIT_DIR")


@dataclass(frozen=True, slots=True)
class WorkingTree:
    """What a working tree would be as a commit.

    Attributes:
        root: its folder.
        repo: where the commit can be read.
        commit: its id, which is nobody else's.
        remotes: the addresses of the repositories that it knows.
    """

    root: Path
    repo: LocalRepo
    commit: str
    remotes: tuple[str, ...]


@contextmanager
def working_tree(folder: Path) -> Iterator[WorkingTree]:
    """What the working tree that a folder is or lies in would be as a commit; it can be read while the block runs.

    Raises:
        UsageError: the folder is in none, or Git does not read it.
    """
    env = {**local_env(folder), **inherited(_OWN), **_MAKER}
    env = {name: value for name, value in env.items() if name not in _NOT_OWN}
    with TemporaryDirectory(prefix="tegu-working-tree-") as scratch:
        made = Path(scratch, "made.git")
        try:
            root = Path(_git(folder, env, "rev-parse", "--show-toplevel"))
            commit = _committed(root, made, env)
        except CommandFailed as error:
            message = f"{folder}: {error.output.strip() or error}"
            raise UsageError(message) from error
        with LocalRepo(made) as repo:
            yield WorkingTree(root, repo, commit, _remotes(root, env))


def _committed(root: Path, made: Path, env: Mapping[str, str]) -> str:
    """Make the commit in a Git directory of its own."""
    own, common, form = _git(
        root, env, "rev-parse", "--absolute-git-dir", "--git-common-dir", "--show-object-format"
    ).splitlines()
    _git(root, env, "init", "--quiet", "--bare", "--template=", f"--object-format={form}", str(made))
    (made / "objects" / "info").mkdir(exist_ok=True)
    (made / "objects" / "info" / "alternates").write_text(f"{Path(root, common).resolve()}/objects\n")
    index = made / "index"
    if (known := Path(own, "index")).exists():  # with it, what is tracked stays so although it is ignored
        shutil.copyfile(known, index)
    env = {**env, "GIT_INDEX_FILE": str(index), "GIT_OBJECT_DIRECTORY": str(made / "objects")}
    _git(root, env, "add", "--all", "--", ":/")
    return _git(root, env, "commit-tree", "-m", "as it is", _git(root, env, "write-tree"))


def _remotes(root: Path, env: Mapping[str, str]) -> tuple[str, ...]:
    try:
        lines = _git(root, env, "config", "--get-regexp", r"^remote\..*\.url$").splitlines()
    except CommandFailed:  # there is none
        return ()
    return tuple(line.partition(" ")[2] for line in lines)


def is_same_address(one: str, other: str) -> bool:
    """Whether two addresses are of one repository, over whatever protocol and as whatever user."""
    return _place(one) == _place(other)


def _place(address: str) -> str:
    bare = re.sub(r"^[a-z+]+://", "", address)
    bare = re.sub(r"^[^/@]*@", "", bare)
    host, colon, path = bare.partition(":")
    port = re.match(r"\d+/", path)
    bare = f"{host}/{path[port.end() :] if port else path}" if colon and "/" not in host else bare
    return re.sub(r"//+", "/", bare).rstrip("/").removesuffix(".git")


def _git(folder: Path, env: Mapping[str, str], *arguments: str) -> str:
    argv = ["git", "-C", os.fspath(folder), *arguments]
    return run(argv, what=f"git {arguments[0]}", env=env, timeout=_SECONDS).stdout.rstrip("\n")
