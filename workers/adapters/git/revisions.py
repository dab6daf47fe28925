"""What a commit can be called in a repository, for whoever is typing it: a process of its own, and never an error."""

from __future__ import annotations

from workers.adapters.git.environment import local_env
from workers.adapters.git.local import LocalRepo
from workers.model.errors import CommandFailed
from workers.runtime.process import run

_SECONDS = 2.0
_NAMES = ("refs/heads", "refs/tags")


def revisions(repo: LocalRepo, most: int) -> list[tuple[str, str]]:
    """Branches and tags, the newest first, then the newest commits of these; each with the commit's subject.

    Args:
        repo: that has them.
        most: how many at most, of the ones and of the others.
    """
    told = "%(refname:lstrip=2)%00%(subject)"
    names = _asked(repo, "for-each-ref", "--sort=-creatordate", f"--count={most}", f"--format={told}", *_NAMES)
    return [*names, *_asked(repo, "log", "--branches", "--tags", f"--max-count={most}", "--format=%h%x00%s")]


def _asked(repo: LocalRepo, *words: str) -> list[tuple[str, str]]:
    try:
        done = run(["git", *words], what=f"git {words[0]}", env=local_env(repo.path), timeout=_SECONDS)
    except CommandFailed:
        return []
    rows = (line.partition("\0") for line in done.stdout.splitlines())
    return [(name, subject) for name, _, subject in rows]
