"""Replay a repository's history, and let Docker Compose judge what Tegu would bring up.

    python -m benchmarks.judged REPOSITORY [--compose PROGRAM]… [--limit N] [--json]

Compose makes a container anew when a service's `config --hash` differs. So wherever a commit changes a stack these
hashes are taken before and after it, and the services whose hash differs have to be those that Tegu brings up: none is
missed, and none comes up needlessly. Every folder that ever held a Compose file is a stack. The exit code is 1 unless
that holds. `make bench` does so for the repository that `TEGU_BENCH_REPOSITORY` names.

What Git does not have is made up, for both sides alike: env files that are named and not there are empty, and a
variable that no `.env` gives has a value that its name suggests.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import pairwise
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.replay import every_folder, first_parents
from tests.integration.changes.judge import Judge, RefusedError
from workers.adapters.docker.compose import Compose, plugin
from workers.adapters.git import LocalRepo, open_local
from workers.catalog.folders import COMPOSE_FILES
from workers.changes.closure import take_snapshot
from workers.changes.tree import FOLDER, LINK, SUBMODULE, Tree, walk
from workers.changes.two_commits import plan_stack
from workers.model.stack import Stack
from workers.model.words import Action, Decision, Entry, Reason

Hashes = Mapping[str, str]
"""Each enabled service's digest, by name."""

_KEY = b"two commits, one reader"
_HOST = {"PATH": "/usr/bin:/bin", "HOME": "/root"}
_READ = 256 << 10
"""Bytes from which on a file is none that Compose reads: it is there, and empty."""
_REACHES_OUT = re.compile(rb"\.\.|include|extends")
_ABSENT = re.compile(r"(/[^\s:]+)(?: not found|: no such file)")
_USED = re.compile(rb"(?<!\$)\$\{?([A-Za-z_]\w*)")
_GIVEN = re.compile(rb"(?m)^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=")
_OWN = re.compile(r"(?:COMPOSE_|DOCKER_(?:HOST|CONFIG|CONTEXT|TLS|CERT)|LD_).*|PATH|HOME|PWD|LANG")
_LIKELY = (
    (re.compile(r"PORT|U?ID$|COUNT|TIMEOUT|CPU|REPLICAS|RETRIES"), "1000"),
    (re.compile(r"MEM|SIZE|RAM"), "512m"),
    (re.compile(r"TAG|VERSION|IMAGE"), "1"),
)
"""What a variable's name says of its value; else it is taken for a path, which most else may be, too."""


class Host:
    """A host on which every env file that is named is there, and empty.

    Args:
        live: the live directory.
    """

    def __init__(self, live: Path) -> None:
        self.live: str | None = str(live)
        self.environ: Mapping[str, str] = _HOST

    def read(self, path: str) -> bytes | None:
        """Nothing, of an env file; else there is no such file."""
        return b"" if _is_env_file(path) else None


@dataclass(slots=True)
class Found:
    """What a history came to. `missed` and `needless` name a commit, a stack and a service, the others no service.

    `stricter` is what Compose takes and Tegu calls invalid, `laxer` the other way round; `other_causes` counts services
    that come up for what no hash counts: an image that is built, a network, another service.
    """

    commits: int = 0
    stacks: int = 0
    services: int = 0
    differing: int = 0
    other_causes: int = 0
    refused: int = 0
    missed: list[str] = field(default_factory=list)
    needless: list[str] = field(default_factory=list)
    stricter: list[str] = field(default_factory=list)
    laxer: list[str] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        """Whether just what has another hash is brought up."""
        return not (self.missed or self.needless)

    def lines(self) -> Iterator[str]:
        """As people read it."""
        yield f"{self.commits} commits; {self.stacks} times one changed a stack, with {self.services} services in all"
        yield f"{self.differing} services had another hash: {len(self.missed)} of them missed"
        yield f"{len(self.needless)} services brought up needlessly, {self.other_causes} for what no hash counts"
        yield f"{self.refused} times Compose refused the stack as it was in the repository"
        for what in ("missed", "needless", "stricter", "laxer"):
            yield from (f"{what}: {line}" for line in getattr(self, what))


class Court:
    """The stacks of a history before several releases of Compose.

    Args:
        place: where the commits are.
        stacks: every stack that there ever was.
        judges: the releases.
        folder: where they find the files, always the same: hashes count absolute paths.
    """

    def __init__(self, place: LocalRepo, stacks: Iterable[Stack], judges: Sequence[Judge], folder: Path) -> None:
        self._place = place
        self._stacks = [replace(stack, project="app") for stack in stacks]
        self._judges = judges
        self._folder = folder
        self._host = Host(folder)
        self._variables: dict[str, str] = {}
        self._known: dict[tuple[str, ...], list[Hashes] | None] = {}
        self._absent: set[Path] = set()

    def replay(self, commits: Sequence[str]) -> Found:
        """Compare each commit with the one before, from the oldest to the newest."""
        found = Found()
        self._variables = self._make_up(commits)
        self._stacks = [
            replace(stack, options=replace(stack.options, variables=self._variables)) for stack in self._stacks
        ]
        for before, after in pairwise(map(self._place.tree, commits)):
            found.commits += 1
            for stack in self._stacks:
                if before.entry(stack.path) and after.entry(stack.path):
                    self._compare(found, stack, before, after)
        return found

    def _make_up(self, commits: Sequence[str]) -> dict[str, str]:
        """A value for each variable that a Compose file uses and no `.env` gives."""
        used: set[str] = set()
        given: set[str] = set()
        seen: set[str] = set()
        for tree in map(self._place.tree, commits):
            for stack in self._stacks:
                for name, entry in _listing(tree, stack.path).items():
                    if entry.oid not in seen and (name in COMPOSE_FILES or name == ".env"):
                        seen.add(entry.oid)
                        pattern, names = (_GIVEN, given) if name == ".env" else (_USED, used)
                        names.update(text.decode() for text in pattern.findall(tree.blob(entry.oid)))
        return {name: _likely(name) for name in sorted(used - given) if not _OWN.fullmatch(name)}

    def _compare(self, found: Found, stack: Stack, before: Tree, after: Tree) -> None:
        if self._content(stack, before) == self._content(stack, after):
            return
        decision = plan_stack(stack, before, after, self._host, _KEY)
        where = f"{(after.commit or '')[:12]} {stack.path or '.'}"
        old, new = self._hashes(stack, before), self._hashes(stack, after)
        if not old or not new:
            found.refused += new is None
            if new is None and decision.reason not in {Reason.INVALID, Reason.UNCHANGED}:
                found.laxer.append(where)
        elif decision.reason is Reason.INVALID:
            found.stricter.append(f"{where}: {decision.message}")
        elif decision.reason is not Reason.FIRST_DEPLOY:
            self._weigh(found, where, decision, list(zip(old, new, strict=True)), (stack, before, after))

    def _weigh(
        self,
        found: Found,
        where: str,
        decision: Decision,
        hashes: Sequence[tuple[Hashes, Hashes]],
        compared: tuple[Stack, Tree, Tree],
    ) -> None:
        names = {name for old, new in hashes for name in (*old, *new)}
        differing = {name for name in names if any(old.get(name) != new.get(name) for old, new in hashes)}
        up = {name for name, each in decision.services.items() if each.action.strength >= Action.UP.strength}
        up |= {*decision.removed}
        more = up - differing
        excused = more & self._same_definition(*compared) if more else frozenset()
        found.stacks += 1
        found.services += len(names)
        found.differing += len(differing)
        found.other_causes += len(excused)
        found.missed += [f"{where}: {name}" for name in sorted(differing - up)]
        found.needless += [f"{where}: {name}" for name in sorted(more - excused)]

    def _same_definition(self, stack: Stack, before: Tree, after: Tree) -> frozenset[str]:
        """The services that are equal to Tegu, too, so that it names another cause."""
        old, new = (take_snapshot(stack, tree, self._host, _KEY).services for tree in (before, after))
        return frozenset(name for name in old.keys() & new.keys() if old[name].definition == new[name].definition)

    def _content(self, stack: Stack, tree: Tree) -> tuple[str, ...]:
        """What tells apart all that may reach a stack: its folder, and the whole tree where it may name more."""
        folder = tree.entry(stack.path)
        entries = [entry for name, entry in _listing(tree, stack.path).items() if name.endswith((".yml", ".yaml"))]
        out = any(
            _REACHES_OUT.search(tree.blob(entry.oid)) for entry in entries if entry.mode not in {FOLDER, SUBMODULE}
        )
        root = tree.entry("")
        return (stack.path, folder.oid if folder else "", root.oid if out and root else "")

    def _hashes(self, stack: Stack, tree: Tree) -> list[Hashes] | None:
        """What each release makes of a stack; None where one refuses it."""
        content = self._content(stack, tree)
        if content not in self._known:
            shutil.rmtree(self._folder, ignore_errors=True)
            _write(tree, stack.path if not content[2] else "", self._folder)
            self._make_absent()
            try:
                with ThreadPoolExecutor() as pool:
                    ask = partial(self._ask, self._folder / stack.path)
                    self._known[content] = list(pool.map(ask, self._judges))
            except RefusedError:
                self._known[content] = None
        return self._known[content]

    def _ask(self, folder: Path, judge: Judge) -> Hashes:
        """What one release says, after env files have been made until it misses none."""
        missed: set[Path] = set()
        while True:
            try:
                return judge.hashes(folder, self._variables)
            except RefusedError as error:
                absent = {Path(path) for path in _ABSENT.findall(str(error)) if _is_env_file(path)}
                absent = {path for path in absent if path.is_relative_to(self._folder)} - missed
                if not absent:
                    raise
                missed |= absent
                self._absent |= absent
                for path in absent:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.touch()

    def _make_absent(self) -> None:
        """Make the env files that were missed up to now, so that Compose need not be asked twice the next time."""
        for path in tuple(self._absent):
            if not path.exists() and path.parent.is_dir():
                path.touch()


def _is_env_file(path: str) -> bool:
    return "env" in path.rpartition("/")[2]


def _likely(name: str) -> str:
    return next((value for pattern, value in _LIKELY if pattern.search(name.upper())), "/value")


def _listing(tree: Tree, path: str) -> Mapping[str, Entry]:
    folder = tree.entry(path)
    return tree.listing(folder.oid) if folder and folder.mode == FOLDER else {}


def _write(tree: Tree, path: str, root: Path) -> None:
    """A folder's files where they belong below another root."""
    entry = tree.entry(path)
    for name, found in walk(tree, entry, path) if entry else ():
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if found.mode == LINK:
            target.symlink_to(tree.blob(found.oid).decode("utf-8", "surrogateescape"))
        elif found.mode == SUBMODULE:
            target.mkdir()
        else:
            target.write_bytes(tree.blob(found.oid) if tree.size(found.oid) < _READ else b"")


def judged(repository: Path, judges: Sequence[Judge], limit: int | None = None) -> Found:
    """Replay a repository's first parents.

    Args:
        repository: a Git repository on this machine, bare or not.
        judges: the releases of Compose.
        limit: only the newest so many commits.
    """
    with open_local(repository) as place, tempfile.TemporaryDirectory(prefix="tegu-bench-") as folder:
        commits = first_parents(place, limit)
        stacks = every_folder(place, commits).stacks("replay")
        return Court(place, stacks, judges, Path(folder, "live")).replay(commits)


def measure() -> Iterator[Figure]:
    """The repository that `TEGU_BENCH_REPOSITORY` names, before the Compose that Tegu takes; nothing without one."""
    name = os.environ.get("TEGU_BENCH_REPOSITORY")
    if name:
        found = judged(Path(name), [Judge(plugin(), Compose(plugin()).version())])
        yield Figure(
            "judged: services needlessly brought up, and missed",
            len(found.needless) + len(found.missed),
            goal=0,
            unit="",
            remark=f"{len(found.needless)} needless, {len(found.missed)} missed of {found.differing} that Compose "
            f"makes anew, in {found.stacks} changes of stacks in {found.commits} commits",
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Replay a repository before Compose."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.judged", description=__doc__.partition("\n")[0] if __doc__ else ""
    )
    parser.add_argument("repository", type=Path, help="a Git repository on this machine, bare or not")
    parser.add_argument("--compose", action="append", metavar="PROGRAM", help="a docker-compose; may be repeated")
    parser.add_argument("--limit", type=int, help="only the newest so many commits")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    programs = [(program,) for program in options.compose] if options.compose else [plugin()]
    judges = [Judge(argv, Compose(argv).version()) for argv in programs]
    found = judged(options.repository, judges, options.limit)
    print(json.dumps(asdict(found), indent=2) if options.json else "\n".join(found.lines()))
    return 0 if found.agrees else 1


if __name__ == "__main__":
    sys.exit(main())
