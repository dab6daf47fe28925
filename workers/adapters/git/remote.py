"""The network calls of a repo: one `git fetch` for all of its refs, and no more.

A ref that the server does not have makes `git fetch` fail as a whole. So the refs that are known from the
last time are simply fetched; only when one of them is new, or turns out to be gone, is the server asked
first what it has. So it is when a ref is something that another one would come before (a tag of a short name):
nobody but the server knows whether there is a branch of that name by now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workers.adapters.git.environment import remote_env
from workers.adapters.git.failures import missing_ref
from workers.model.errors import CommandFailed, GitUnavailable
from workers.model.refs import BRANCHES, TAGS, chosen, full_names
from workers.model.stack import Repo
from workers.runtime.late import late

if TYPE_CHECKING:
    from workers.adapters.git import commands
else:
    commands = late("workers.adapters.git.commands")  # brings GitPython, which only a command needs

_OPTIONS = (
    "--quiet",
    "--no-progress",
    "--no-tags",
    "--no-prune",
    "--no-recurse-submodules",
    "--no-write-fetch-head",
    "--no-auto-maintenance",
    "--no-show-forced-updates",
)


class Remote:
    """A repo's server, as seen from a Git directory that the caller has locked.

    Args:
        repo: where to fetch from.
        git_dir: the bare clone.
        timeout: seconds for each call.
        lock: the descriptor of the repo's lock, which Git inherits and so holds for as long as it runs.
    """

    def __init__(self, repo: Repo, git_dir: Path, *, timeout: float, lock: int) -> None:
        if not commands.is_safe_url(repo.url):
            message = f"repo {repo.name}: this kind of URL is not allowed; use https, http, ssh, git or a local path"
            raise GitUnavailable(message)
        self._repo = repo
        self._local = commands.CleanGit(git_dir)
        self._network = commands.CleanGit(git_dir, env=remote_env(repo, git_dir), timeout=timeout, pass_fds=(lock,))

    def fetch(self, refs: Sequence[str]) -> Mapping[str, str]:
        """Bring the followed refs up to date.

        Returns:
            The full name that each ref stands for; refs that the server does not have are left out.

        Raises:
            CommandFailed: when the server cannot be reached, or the clone is damaged.
        """
        known = full_refs(self._local)
        sources = _choose(refs, known)
        if all(sources.get(ref) == full_names(ref)[0] for ref in refs):
            try:
                return self._fetch(sources, known)
            except CommandFailed as error:
                if missing_ref(error) is None:
                    raise
        return self._fetch(_choose(refs, self._advertised(refs)), full_refs(self._local))

    def _fetch(self, sources: Mapping[str, str], known: Mapping[str, str]) -> Mapping[str, str]:
        wanted = list(dict.fromkeys(sources.values()))
        # Whatever is not brought up to date would be taken for the newest one some day, or be in the way of a ref
        # below its name.
        for full in known.keys() - wanted:
            self._local.update_ref("-d", full)
        if not wanted:
            return sources
        # Only the followed refs are offered to the server as known, not every pin.
        tips = [f"--negotiation-tip={full}" for full in wanted if full in known]
        specs = [f"+{full}:{full}" for full in wanted]
        self._network.fetch(*_OPTIONS, *tips, "--", self._repo.url, *specs)
        return sources

    def _advertised(self, refs: Iterable[str]) -> list[str]:
        """Which of the names that the refs may stand for the server has."""
        wanted = [full for ref in refs for full in full_names(ref)]
        lines = str(self._network.ls_remote("--quiet", "--", self._repo.url, *wanted)).splitlines()
        there = {line.partition("\t")[2] for line in lines}
        return [full for full in wanted if full in there]


def full_refs(git: commands.CleanGit, prefixes: Sequence[str] = (BRANCHES, TAGS)) -> Mapping[str, str]:
    """The refs of a Git directory below some prefixes: full name -> the id that it holds."""
    lines = str(git.for_each_ref("--format=%(refname) %(objectname)", *prefixes)).splitlines()
    return dict(line.split(" ") for line in lines)


def _choose(refs: Iterable[str], there: Iterable[str]) -> Mapping[str, str]:
    """The full name for each ref that has one among those that are there."""
    names = set(there)
    return {ref: full for ref in refs if (full := chosen(ref, names)) is not None}
