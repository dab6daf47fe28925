"""Reading any Git directory: no network, no lock, no GitPython, and nothing written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from workers.adapters.git.export import stage
from workers.adapters.git.reader import Reader
from workers.adapters.git.tree import GitTree, Noted, NotedTree, is_known_commit, remember_root
from workers.model.commit import CommitNote
from workers.model.errors import UnknownName
from workers.model.refs import full_names, is_full_id, is_ref_name
from workers.model.words import Entry


class LocalRepo:
    """What can be read of a Git directory, through long-lived readers that start with the first question.

    Args:
        git_dir: the Git directory itself (`….git`), absolute.
        marker: a file to note damage in; None: nothing is written.
    """

    def __init__(self, git_dir: Path, *, marker: Path | None = None) -> None:
        self.path = git_dir
        self._reader = Reader(git_dir, marker)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def resolve(self, revision: str) -> str:
        """The commit that a revision names: a branch or tag as it is followed, else whatever Git takes for a commit.

        Raises:
            UnknownName: when it names none.
        """
        commit = (None if is_full_id(revision) else self.newest(revision)) or self._commit(revision)
        if commit is None:
            message = f"{revision!r} names no commit in {self.path}"
            raise UnknownName(message)
        return commit

    def newest(self, ref: str) -> str | None:
        """The commit of a branch or tag as it is here, tags peeled down to it; None when there is none of this name.

        Everybody who wants to know where a followed ref is asks this.
        """
        if not is_ref_name(ref):
            return None
        return next(filter(None, map(self._commit, full_names(ref))), None)

    def tree(self, commit: str) -> GitTree:
        """A commit's content.

        Args:
            commit: a commit id, or anything that `resolve` takes.

        Raises:
            UnknownName: when there is no such commit.
        """
        return GitTree(self._reader, commit if is_known_commit(commit) else self.resolve(commit))

    def noted(self, commit: str, noted: Noted) -> GitTree:
        """The same of a whole commit id, with a note of what is asked of its paths."""
        return NotedTree(self._reader, commit, noted)

    def said(self, commit: str) -> CommitNote | None:
        """What a commit says of itself; None when there is none of this id."""
        found = self._reader.read(f"{commit}^{{commit}}")
        return None if found is None else CommitNote.of_object(found[1])

    def stage(self, files: Mapping[str, Entry], target: Path) -> None:
        """Write files below a folder: raw blobs, modes 0644 and 0755, symlinks as links, never outside.

        Raises:
            InvalidStack: for a path that leads outside, and for what is neither file nor symlink.
            BlockedStack: when something is in the way.
        """
        stage(self._reader, files, target)

    def close(self) -> None:
        """End the readers; the next question starts them again."""
        self._reader.close()

    def _commit(self, name: str) -> str | None:
        found = self._reader.read(f"{name}^{{commit}}")
        if found is None:
            return None
        remember_root(found[0].oid, found[1])
        return found[0].oid


def open_local(path: Path) -> LocalRepo:
    """Open the repository that a folder is or lies in: bare, or a working tree, or a linked one.

    Raises:
        UnknownName: when there is none.
    """
    start = path.resolve()
    for folder in (start, *start.parents):
        git_dir = folder / ".git"
        if git_dir.is_dir():
            return LocalRepo(git_dir)
        if git_dir.is_file():
            return LocalRepo((folder / _linked(git_dir)).resolve())
        if (folder / "HEAD").is_file() and (folder / "objects").is_dir():
            return LocalRepo(folder)
    message = f"{path} is not in a Git repository"
    raise UnknownName(message)


def _linked(file: Path) -> str:
    """Where the `.git` file of a linked working tree or submodule points."""
    return file.read_text(encoding="utf-8", errors="surrogateescape").removeprefix("gitdir:").strip()
