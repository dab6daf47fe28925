"""The commits between two, as `git rev-list` has them: a process of its own, for somebody who looks at a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workers.adapters.git.local import LocalRepo
from workers.model.errors import CommandFailed
from workers.model.refs import is_full_id
from workers.runtime.late import late

if TYPE_CHECKING:
    from workers.adapters.git import commands
else:
    commands = late("workers.adapters.git.commands")  # brings GitPython

_SECONDS = 5.0
_MOST_PATHS = 200


def commits_between(
    repo: LocalRepo, old: str, new: str, most: int, paths: Sequence[str] | None = None
) -> list[tuple[str, bool]]:
    """The commits that one of two has and the other has not, the newest first.

    Args:
        repo: that has them.
        old: a commit, in full.
        new: another one.
        most: how many at most.
        paths: only those that changed one of these, all by default; of very many the first count.

    Returns:
        Each with whether `new` has it, else `old` has. None where one of the two is not there, or it would take long.
    """
    if old == new or not (is_full_id(old) and is_full_id(new)) or (paths is not None and not paths):
        return []
    words = ["--left-right", f"--max-count={most}", f"{old}...{new}", "--"]
    # A path is no pattern here, whatever it is called.
    words += [f":(literal){path}" for path in (paths or ())[:_MOST_PATHS]]
    try:
        told = commands.CleanGit(repo.path, timeout=_SECONDS).rev_list(*words)
    except CommandFailed:
        return []
    return [(line[1:], line.startswith(">")) for line in told.splitlines()]
