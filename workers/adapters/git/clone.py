"""The one bare clone of a repo on a worker's host, shared by all of its stacks."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workers.adapters.git import repair
from workers.adapters.git.failures import is_damage, is_locked, is_other_format, unavailable
from workers.adapters.git.local import LocalRepo
from workers.adapters.git.remote import Remote, full_refs
from workers.adapters.git.tree import root_of
from workers.model.errors import Busy, CommandFailed, GitUnavailable, TeguError, UnknownName
from workers.model.refs import PINS, check_ref, full_names, is_full_id
from workers.model.stack import Repo
from workers.runtime.file_lock import flock
from workers.runtime.late import late
from workers.runtime.logs import get_logger

if TYPE_CHECKING:
    from workers.adapters.git import commands
else:
    commands = late("workers.adapters.git.commands")  # brings GitPython, which only a command needs

log = get_logger(__name__)

FETCH_LIMIT = 120.0  # seconds
CLONE_LIMIT = 1800.0  # seconds, for the first fetch of everything
_GC_LIMIT = 1800.0  # seconds
_MANY_PACKS = 40  # a fetch that brings something adds one; lookups go through all of them
_KEEP_UNREACHABLE = "1.day.ago"  # longer than any deployment of a commit that was force-pushed away


class Clone(LocalRepo):
    """A repo's clone at `<data_dir>/repos/<name>.git`, made by the first fetch.

    Fetching and housekeeping take the repo's lock; reading and pinning do not.
    """

    def __init__(self, repo: Repo, data_dir: Path) -> None:
        self.repo = repo
        self.path = data_dir / "repos" / f"{repo.name}.git"
        super().__init__(self.path, marker=self.path / repair.MARKER)
        self._lock_file = data_dir / "repos" / f"{repo.name}.lock"
        self._newest: dict[str, tuple[tuple[object, ...], str | None]] = {}

    def fetch(self, refs: Sequence[str], *, timeout: float | None = None) -> Mapping[str, str]:
        """Bring exactly these branches and tags up to date, making or mending the clone as needed.

        Args:
            refs: short names (`main`: the branch, else the tag) or full ones (`refs/tags/v1`).
            timeout: seconds for the lock and again for the network; by default 2 minutes, or 30 for a new clone.

        Returns:
            The commit of each ref; refs that the server does not have are left out.

        Raises:
            GitUnavailable: when the server cannot be reached, refuses, or takes too long.
            UnknownName: for a ref that no branch or tag can be called.
            Busy: when another fetch of the repo did not end in time.
        """
        followed = [check_ref(ref) for ref in dict.fromkeys(refs)]
        with flock(self._lock_file, timeout=timeout or FETCH_LIMIT) as lock:
            try:
                return self._fetch(followed, timeout, lock)
            except CommandFailed as error:
                raise unavailable(self.repo, error) from error

    def size(self) -> int:
        """How many bytes its objects take, by their files; nothing is asked of Git. Zero where there is no clone."""
        total = 0
        with contextlib.suppress(FileNotFoundError), os.scandir(self.path / "objects") as folders:
            for folder in folders:
                # What is packed meanwhile goes away under the eyes of whoever counts.
                with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as files:
                    total += sum(file.stat(follow_symlinks=False).st_size for file in files)
        return total

    @property
    def patience(self) -> float:
        """Seconds after which a fetch is given up at the latest: it waits for the repo's lock, then for the server."""
        return FETCH_LIMIT + (FETCH_LIMIT if self.path.is_dir() else CLONE_LIMIT)

    def heads(self, refs: Iterable[str]) -> Mapping[str, str]:
        """The commit of each of these refs as it was last fetched; those that are not there are left out."""
        return {ref: commit for ref in refs if (commit := self.newest(ref)) is not None}

    def newest(self, ref: str) -> str | None:
        """The commit of a followed branch or tag as it was last fetched; None when it is not there.

        Git is asked only after the files that hold refs have changed, since thousands of stacks ask for one ref.
        """
        holders = (*full_names(ref), "packed-refs", "reftable/tables.list")
        signature = tuple(_signature(f"{self.path}/{name}") for name in holders)
        known = self._newest.get(ref)
        if known is None or known[0] != signature:
            try:
                commit = super().newest(ref)
            except UnknownName:  # nothing has been fetched yet
                return None
            known = self._newest[ref] = (signature, commit)
        return known[1]

    def check_undamaged(self) -> None:
        """See to it that nobody has come across an object that cannot be read since the last fetch.

        Raises:
            GitUnavailable: somebody has; the next fetch mends the clone.
        """
        with contextlib.suppress(FileNotFoundError):
            name = (self.path / repair.MARKER).read_text(encoding="utf-8", errors="surrogateescape")
            message = f"repo {self.repo.name}: object {name} cannot be read; the next pull mends the clone"
            raise GitUnavailable(message)

    def pin(self, name: str, commit: str) -> None:
        """Keep one commit, as `pin_all` does."""
        self.pin_all({name: commit})

    def pin_all(self, pins: Mapping[str, str]) -> None:
        """Keep commits for as long as their pins `refs/tegu/<name>` stand; old pins of the names move, all at once.

        Args:
            pins: the commit for each name.

        Raises:
            UnknownName: when there is no such commit, or no pin can have this name.
            Busy: when a pin is being written by somebody else.
        """
        moved = {}
        for name, commit in pins.items():
            full = check_ref(PINS + name)
            whole = commit if is_full_id(commit) else self.resolve(commit)
            pinned = self._reader.header(full)
            if pinned is None or pinned.oid != whole:
                root_of(self._reader, whole)
                moved[full] = f"update {full} {whole}"
        self._update_refs(moved)

    def unpin(self, name: str) -> None:
        """Drop a pin; nothing happens when it is not there."""
        full = check_ref(PINS + name)
        if self._reader.header(full) is not None:
            self._update_refs({full: f"delete {full}"})

    def pins(self) -> Mapping[str, str]:
        """Every pin: name -> commit."""
        return {full.removeprefix(PINS): commit for full, commit in self._pinned().items()}

    def collect_garbage(self, *, force: bool = False) -> bool:
        """Pack the clone when many fetches have left their packs; whether there was anything to do.

        What no ref reaches is kept for a day, so a commit that is being deployed stays readable.

        Raises:
            Busy: when a fetch is under way.
        """
        packs = sum(1 for _ in (self.path / "objects" / "pack").glob("*.pack"))
        if not self.path.is_dir() or (packs < _MANY_PACKS and not force):
            return False
        with flock(self._lock_file, timeout=0) as lock:
            repair.sweep(self.path)
            shutil.rmtree(self.path.with_name(f"{self.path.name}.damaged"), ignore_errors=True)
            try:
                self._git(_GC_LIMIT, (lock,)).gc("--quiet", f"--prune={_KEEP_UNREACHABLE}")
            except CommandFailed as error:
                message = f"repo {self.repo.name}: {error}"
                raise GitUnavailable(message) from error
            self._reader.close()  # or what is gone would stay on the disk for as long as it is open
        return True

    # ------------------------------------------------------------ under the lock

    def _fetch(self, refs: Sequence[str], timeout: float | None, lock: int) -> Mapping[str, str]:
        if self.path.is_dir() and not repair.is_marked_damaged(self.path):
            repair.sweep(self.path)
            try:
                return self._commits(self._remote(self.path, timeout or FETCH_LIMIT, lock).fetch(refs))
            except CommandFailed as error:
                if not (is_other_format(error) or is_damage(error)) and self._is_sound():
                    raise
                log.warning("clone is of no use", repo=self.repo.name, error=str(unavailable(self.repo, error)))
            except GitUnavailable as error:
                log.warning("clone is of no use", repo=self.repo.name, error=str(error))
        return self._commits(self._create(refs, timeout, lock))

    def _create(self, refs: Sequence[str], timeout: float | None, lock: int) -> Mapping[str, str]:
        """Clone in the server's object format, which it tells by refusing the other one."""
        try:
            return self._create_as("sha1", refs, timeout, lock)
        except CommandFailed as error:
            if not is_other_format(error):
                raise
            return self._create_as("sha256", refs, timeout, lock)

    def _create_as(
        self, object_format: str, refs: Sequence[str], timeout: float | None, lock: int
    ) -> Mapping[str, str]:
        """Clone beside the place and move the clone there when it is whole, so that a kill leaves nothing half-made."""
        fresh = self.path.with_name(f".{self.path.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        try:
            format_option = f"--object-format={object_format}"
            self._git(path=fresh).init("--quiet", "--bare", "--template=", "--initial-branch=main", format_option)
            sources = self._remote(fresh, timeout or CLONE_LIMIT, lock).fetch(refs)
            if self.path.is_dir():
                repair.copy_pins(self.path, fresh)
                repair.set_aside(self.path)
            fresh.rename(self.path)
            self._reader.close()
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        log.info("clone made", repo=self.repo.name)
        return sources

    def _commits(self, sources: Mapping[str, str]) -> Mapping[str, str]:
        """The commit of each fetched ref, whose object and root tree have been seen to be readable."""
        commits = {}
        for ref, full in sources.items():
            peeled = self._reader.header(f"{full}^{{}}")
            if peeled is None or (peeled.kind == "commit" and not self._has_root(peeled.oid)):
                raise self._reader.damaged(full)
            if peeled.kind == "commit":
                commits[ref] = peeled.oid
            else:
                log.warning("tag of no commit left out", repo=self.repo.name, ref=full, kind=peeled.kind)
        return commits

    def _has_root(self, commit: str) -> bool:
        return self._reader.header(root_of(self._reader, commit)) is not None

    def _is_sound(self) -> bool:
        """Whether the refs can be listed and their commits and root trees be found: it was not the clone, then."""
        self._reader.close()  # it may still have in hand what is gone from the disk
        try:
            return all(
                (peeled := self._reader.header(f"{full}^{{}}"))
                and (peeled.kind != "commit" or self._reader.header(f"{peeled.oid}^{{tree}}"))
                for full in full_refs(self._git())
            )
        except TeguError:
            return False

    def _remote(self, path: Path, timeout: float, lock: int) -> Remote:
        return Remote(self.repo, path, timeout=timeout, lock=lock)

    # ------------------------------------------------------------ without it

    def _git(self, timeout: float = 60.0, pass_fds: Sequence[int] = (), path: Path | None = None) -> commands.CleanGit:
        return commands.CleanGit(path or self.path, timeout=timeout, pass_fds=pass_fds)

    def _pinned(self) -> Mapping[str, str]:
        if not self.path.is_dir():
            return {}
        try:
            return full_refs(self._git(), (PINS,))
        except CommandFailed as error:
            message = f"repo {self.repo.name}: {error}"
            raise GitUnavailable(message) from error

    def _update_refs(self, orders: Mapping[str, str]) -> None:
        """Carry out what `git update-ref --stdin` is to do with each of some pins; all of it or nothing."""
        for last in (False, True):
            if not orders:
                return
            try:
                self._git().feed("".join(f"{order}\n" for order in orders.values()), "update-ref", "--stdin")
            except CommandFailed as error:
                left = is_locked(error) and sum(repair.sweep_pin(self.path, full) for full in orders)
                if last or not left:
                    message = f"repo {self.repo.name}: {error}"
                    kind: type[TeguError] = Busy if is_locked(error) else GitUnavailable
                    raise kind(message) from error
            else:
                return


def _signature(path: str) -> tuple[int, int, int] | None:
    """What differs when a file has been replaced; Git never writes into a file that holds refs."""
    try:
        status = os.stat(path)  # noqa: PTH116 (called thousands of times in a row)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
