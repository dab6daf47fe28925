"""Replay a repository's history through the planner of `tegu plan`, commit by commit.

    python -m benchmarks.replay REPOSITORY [--catalog FILE] [--repo NAME] [--limit N] [--json]

How many stacks does each commit touch, against "redeploy all stacks" and against "redeploy the stacks whose folder
changed"? Without a catalog, every folder that ever held a Compose file is a stack. Merged branches count as the one
commit that merged them, as a worker would see them.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from benchmarks.figure import Figure
from benchmarks.history import Change, History
from benchmarks.repositories import make_repository
from tests.git_server import GIT_ENV
from workers.adapters.git import LocalRepo, open_local
from workers.catalog import Catalog, load_catalog, parse_catalog, stack_folders
from workers.catalog.folders import COMPOSE_FILES
from workers.changes.tree import Tree
from workers.commands.plan_commits import preview
from workers.model.stack import Stack
from workers.model.words import Action, Decision, Reason

_FAST = 20.0
"""Commits a second below which nobody would replay a long history."""


@dataclass(slots=True)
class Totals:
    """What a history came to. `touched`, `folders` and `everything` count deployments of single stacks."""

    commits: int = 0
    seconds: float = 0.0
    touched: int = 0
    folders: int = 0
    everything: int = 0
    beyond_folder: int = 0
    within_folder: int = 0
    invalid: int = 0
    quiet: int = 0
    missed: list[str] = field(default_factory=list)
    needless: list[str] = field(default_factory=list)

    @property
    def speed(self) -> float:
        """Commits per second."""
        return self.commits / self.seconds if self.seconds else 0.0

    def to_json(self) -> dict[str, object]:
        """As `--json` prints it."""
        return {
            "commits": self.commits,
            "commits_per_second": round(self.speed, 1),
            "stacks_touched": self.touched,
            "stacks_whose_folder_changed": self.folders,
            "stacks_there_were": self.everything,
            "touched_though_their_folder_did_not_change": self.beyond_folder,
            "left_alone_though_their_folder_changed": self.within_folder,
            "commits_that_touched_nothing": self.quiet,
            "invalid": self.invalid,
        }

    def lines(self) -> Iterator[str]:
        """As people read it."""
        each = max(self.commits, 1)
        yield f"{self.commits} commits in {self.seconds:.1f} s: {self.speed:.0f} a second"
        yield f"stacks touched per commit:                  {self.touched / each:8.3f}"
        yield f"with 'redeploy those whose folder changed': {self.folders / each:8.3f}"
        yield f"with 'redeploy all stacks':                 {self.everything / each:8.3f}"
        yield f"{self.quiet} commits touched nothing"
        yield f"{self.within_folder} times a stack's folder changed, but nothing that reaches it: left alone"
        yield f"{self.beyond_folder} times a stack was reached from outside its folder: touched"
        if self.invalid:
            yield f"{self.invalid} times a stack could not be deployed as it was in the repository"


def replay(
    place: LocalRepo,
    commits: Iterable[str],
    catalog: Catalog,
    repo: str,
    expected: Mapping[str, frozenset[str]] | None = None,
) -> Totals:
    """Compare each commit with the one before.

    Args:
        place: where the commits are.
        commits: from the oldest to the newest; nothing is decided about the first.
        catalog: which folders are stacks.
        repo: its name in the catalog.
        expected: by commit, the names of the stacks that ought to be touched, where that is known.
    """
    totals = Totals()
    before = None
    started = time.perf_counter()
    for commit in commits:
        after = place.tree(commit)
        if before is not None:
            decisions = preview(catalog, repo, before, after)
            totals.seconds += time.perf_counter() - started
            _count(totals, catalog, repo, decisions, (before, after), None if expected is None else expected[commit])
            started = time.perf_counter()
        before = after
    return totals


def _count(
    totals: Totals,
    catalog: Catalog,
    repo: str,
    decisions: Sequence[Decision],
    trees: tuple[Tree, Tree],
    expected: frozenset[str] | None,
) -> None:
    before, after = trees
    paths = {stack.id: stack.path for stack in _stacks(catalog, repo, after)}
    there = [each for each in decisions if each.stack in paths and each.reason is not Reason.REMOVED]
    touched = {each.stack for each in there if each.action is not Action.NONE}
    folders = {each.stack for each in there if before.entry(paths[each.stack]) != after.entry(paths[each.stack])}
    totals.commits += 1
    totals.everything += len(there)
    totals.touched += len(touched)
    totals.folders += len(folders)
    totals.beyond_folder += len(touched - folders)
    totals.invalid += sum(each.reason is Reason.INVALID for each in there)
    totals.within_folder += sum(
        each.stack in folders and each.stack not in touched and each.reason is not Reason.INVALID for each in there
    )
    totals.quiet += not touched
    if expected is not None:
        names = {stack.partition("/")[2] for stack in touched}
        totals.missed += [f"{after.commit}: {name}" for name in sorted(expected - names)]
        totals.needless += [f"{after.commit}: {name}" for name in sorted(names - expected)]


def _stacks(catalog: Catalog, repo: str, tree: Tree) -> Iterator[Stack]:
    yield from catalog.stacks(repo)
    globs = catalog.repos[repo].discover
    folders = stack_folders(globs, tree) if globs else ()
    for environment in catalog.environments if folders else ():
        yield from catalog.discover(repo, environment, folders)[0]


# ---------------------------------------------------------------- any repository


def first_parents(place: LocalRepo, limit: int | None = None) -> list[str]:
    """The commits that led to the newest one, from the oldest to the newest; the newest `limit` and one before."""
    most = [] if limit is None else [f"--max-count={limit + 1}"]
    return _git(place, "rev-list", "--first-parent", *most, "HEAD").split()[::-1]


def every_folder(place: LocalRepo, commits: Sequence[str]) -> Catalog:
    """A catalog with a stack for each folder that held a Compose file in any of these commits."""
    span = [commits[-1]] if len(commits) == 1 else [f"{commits[0]}..{commits[-1]}"]
    names = _git(place, "log", "--format=", "--name-only", "-z", "--no-renames", "-m", "--first-parent", *span)
    names += _git(place, "ls-tree", "-r", "-z", "--name-only", commits[0])
    # `log` ends a commit's names with a line end and not with a NUL.
    files = {name.strip("\n") for name in names.split("\0")}
    folders = sorted({file.rpartition("/")[0] for file in files if file.rpartition("/")[2] in COMPOSE_FILES})
    stacks = {name: {"repo": "replay", "path": folder or "."} for name, folder in _named(folders).items()}
    text = yaml.safe_dump({"repos": {"replay": {"url": str(place.path), "ref": "HEAD"}}, "stacks": stacks})
    return parse_catalog(text, path=Path("replay.yaml"), environ={})


def _named(folders: Iterable[str]) -> dict[str, str]:
    """A stack's name for each folder: the folder's own where that is unique, else made of its whole path."""
    paths = list(folders)
    own = [path.rpartition("/")[2] for path in paths]
    found: dict[str, str] = {}
    for path, name in zip(paths, own, strict=True):
        first = _fit(name if own.count(name) == 1 else path)
        names = itertools.chain([first], (f"{first}-{number}" for number in itertools.count(2)))
        found[next(each for each in names if each not in found)] = path
    return found


def _fit(text: str) -> str:
    """A name that the catalog takes."""
    return re.sub(r"[^a-z0-9_-]+", "-", text.lower())[-50:].strip("-_") or "root"


def _git(place: LocalRepo, *arguments: str) -> str:
    argv = ["git", "-c", "core.quotePath=false", f"--git-dir={place.path}", *arguments]
    # Not by workers.runtime.process: a long history has more to say than what that keeps.
    done = subprocess.run(argv, env=GIT_ENV, check=True, capture_output=True)
    return done.stdout.decode("utf-8", "surrogateescape")


# ---------------------------------------------------------------- make bench


def measure() -> Iterator[Figure]:
    """A made-up history of which is known what every commit has to touch."""
    with tempfile.TemporaryDirectory(prefix="tegu-bench-") as folder:
        totals = replay_made_up(Path(folder), stacks=100, commits=300)
    each = totals.commits
    yield Figure(
        "replay: needless and missed deployments",
        len(totals.needless) + len(totals.missed),
        goal=0,
        unit="",
        remark=f"{len(totals.needless)} needless, {len(totals.missed)} missed in {each} commits to about 100 stacks",
    )
    yield Figure(
        "replay: stacks touched per commit, against 'whose folder changed'",
        totals.touched / each,
        totals.folders / each,
        unit="",
        remark=f"all stacks: {totals.everything / each:.0f}; going by folders touches {totals.within_folder} stacks "
        f"needlessly and misses {totals.beyond_folder}",
    )
    yield Figure(
        "replay: time per commit", 1000 / totals.speed, goal=1000 / _FAST, remark=f"{totals.speed:.0f} commits a second"
    )


def replay_made_up(folder: Path, *, stacks: int, commits: int) -> Totals:
    """Make a history in a folder and replay it."""
    changes: list[Change] = list(History(stacks).changes(commits))
    ids = make_repository(folder / "history.git", [change.files for change in changes])
    expected = {commit: change.touched for commit, change in zip(ids, changes, strict=True)}
    with open_local(folder / "history.git") as place:
        return replay(place, ids, every_folder(place, ids), "replay", expected)


# ---------------------------------------------------------------- the command


def main(arguments: Sequence[str] | None = None) -> int:
    """Replay a repository."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.replay", description=__doc__.partition("\n")[0] if __doc__ else ""
    )
    parser.add_argument("repository", type=Path, help="a Git repository on this machine, bare or not")
    parser.add_argument("--catalog", type=Path, help="a tegu.yaml that says which folders are stacks")
    parser.add_argument("--repo", help="its name in the catalog, where that has several")
    parser.add_argument("--limit", type=int, help="only the newest so many commits")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    with open_local(options.repository) as place:
        commits = first_parents(place, options.limit)
        if options.catalog is None:
            catalog = every_folder(place, commits)
        else:
            catalog = load_catalog(options.catalog, {}, secrets=False)
        totals = replay(place, commits, catalog, options.repo or next(iter(catalog.repos)))
    print(json.dumps(totals.to_json(), indent=2) if options.json else "\n".join(totals.lines()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
