"""What a switch of files has to do, worked out and checked before anything is touched."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Collection
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any

from workers.deploy.files.manifest import EXECUTABLE, SYMLINK, Manifest, same_content
from workers.deploy.files.safe_path import Root, kind_of, parts
from workers.model.errors import BlockedStack
from workers.model.words import Entry

_EXECUTE = 0o111


class Do(StrEnum):
    """One kind of operation on a stack's directory."""

    AWAY = "away"  # a folder where a file belongs, or a file where a folder belongs, goes to the undo folder
    FOLDER = "folder"  # a new folder
    PUT = "put"  # a staged file takes its place; the old one, if any, goes to the undo folder
    REMOVE = "remove"  # a file that Git no longer has goes to the undo folder
    PRUNE = "prune"  # a folder that lost its last file


@dataclass(frozen=True, slots=True)
class Operation:
    """One step of a switch, as the journal keeps it.

    Attributes:
        old: whether something is there that goes to the undo folder.
        keep: whether that something is not what Tegu wrote, so that a copy stays under `kept`.
        mode: permissions of a folder; owner and group likewise.
        oid: Git's id of the new file, with its mode.
    """

    do: Do
    path: str
    old: bool = False
    keep: bool = False
    mode: int = 0
    uid: int = -1
    gid: int = -1
    oid: str = ""

    def to_json(self) -> dict[str, Any]:
        """A form for the journal."""
        return asdict(self)

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Operation:
        """The operation that `to_json` gave."""
        return cls(**{**saved, "do": Do(saved["do"])})


@dataclass(frozen=True, slots=True)
class Switch:
    """What is to be done, in this order."""

    operations: tuple[Operation, ...]


class Planner:
    """Works a switch out. Gives staged files the owner and permissions they will have, and touches nothing else.

    Args:
        live: the stack's directory.
        stage: the folder that holds every new file.
        old: what Tegu has written into the stack's directory.
        new: what is to be there.
        adopt: take over files that are in the way; copies of them are kept.
        protected: repository paths that containers mount, which are never removed.
        made_of: repository paths that Compose reads, which are as Git has them, whoever has changed them here.
    """

    def __init__(
        self,
        live: Root,
        stage: Path,
        *,
        old: Manifest,
        new: Manifest,
        adopt: bool,
        protected: Collection[str] = (),
        made_of: Collection[str] = (),
    ) -> None:
        self._live = live
        self._stage = stage
        self._old = old
        self._new = new
        self._adopt = adopt
        self._protected = frozenset(protected)
        self._made_of = frozenset(made_of)
        self._away: set[str] = set()
        self._folders: dict[str, tuple[int, int]] = {}
        self._operations: list[Operation] = []

    def plan(self) -> Switch:
        """The switch from what is there to what is to be there.

        Raises:
            BlockedStack: when something that Tegu did not write is in the way.
        """
        for path in sorted(self._new):
            self._place(path, self._new[path])
        removed = [path for path in sorted(self._old) if path not in self._new and self._remove(path)]
        self._prune(removed)
        return Switch(tuple(self._operations))

    # ------------------------------------------------------------ additions and replacements

    def _place(self, path: str, entry: Entry) -> None:
        owner = self._make_way(path)
        if owner is not None:
            self._put(path, entry, *owner)
            return
        with self._live.parent(path) as place:
            if place is None:  # a folder has gone since
                message = f"the folder of {path} in {self._live.path} went away while the switch was planned; try again"
                raise BlockedStack(message)
            folder, name = place
            there = kind_of(name, folder)
            if there is None:
                around = os.fstat(folder)
                self._put(path, entry, around.st_uid, around.st_gid)
            elif stat.S_ISDIR(there.st_mode):
                self._move_folder_away(path)
                self._put(path, entry, there.st_uid, there.st_gid)
            elif not self._is_in_place(path, entry, there, folder, name):
                self._replace(path, entry, there, folder, name)

    def _make_way(self, path: str) -> tuple[int, int] | None:
        """Plan the folders that a path needs; the owner of the innermost new one, or None when all are there."""
        owner: tuple[int, int] | None = None
        names = parts(path)
        for depth in range(1, len(names)):
            folder = "/".join(names[:depth])
            if folder in self._folders:
                owner = self._folders[folder]
                continue
            there = None if owner else self._look(folder)
            if there is not None and stat.S_ISDIR(there.st_mode):
                continue
            if owner is None:
                owner = self._owner_around(folder)
            if there is not None:
                self._move_file_away(folder, path)
            self._folders[folder] = owner
            self._operations.append(Operation(Do.FOLDER, folder, mode=0o755, uid=owner[0], gid=owner[1]))
        return owner

    def _look(self, path: str) -> os.stat_result | None:
        with self._live.parent(path) as place:
            return None if place is None else kind_of(place[1], place[0])

    def _owner_around(self, path: str) -> tuple[int, int]:
        with self._live.parent(path) as place:
            found = os.fstat(self._live.descriptor if place is None else place[0])
            return found.st_uid, found.st_gid

    def _move_file_away(self, path: str, wanted: str) -> None:
        with self._live.parent(path) as place:
            ours = path in self._old
            modified = place is not None and not (ours and same_content(place[1], place[0], self._old[path]))
        if not ours and not self._adopt:
            raise BlockedStack(self._in_the_way(path, f"{wanted} belongs into a folder of that name"))
        self._away.add(path)
        self._operations.append(Operation(Do.AWAY, path, old=True, keep=modified))

    def _move_folder_away(self, path: str) -> None:
        strange = self._strangers(path)
        if strange and not self._adopt:
            raise BlockedStack(self._in_the_way(f"{path}/{strange[0]}", f"{path} is a file in Git"))
        self._away.add(path)
        self._operations.append(Operation(Do.AWAY, path, old=True, keep=bool(strange)))

    def _strangers(self, path: str) -> list[str]:
        """Files below a live folder that Tegu did not write, or not like that; empty folders are nobody's."""
        top = self._live.path / path
        found: list[str] = []
        for folder, folders, names in os.walk(top):
            links = [name for name in folders if Path(folder, name).is_symlink()]
            for name in (*names, *links):
                inside = PurePosixPath(folder, name).relative_to(top)
                entry = self._old.get(f"{path}/{inside}")
                with self._live.parent(f"{path}/{inside}") as place:
                    if place is None or entry is None or not same_content(place[1], place[0], entry):
                        found.append(str(inside))
        return sorted(found)

    def _is_in_place(self, path: str, entry: Entry, there: os.stat_result, folder: int, name: str) -> bool:
        """Whether a file can stay as it is.

        It is left alone while Git leaves it alone, whatever a container has made of it, unless Compose reads it; and
        when it has Git's new content already, it is simply ours from now on.
        """
        left_alone = self._old.get(path) == entry
        if left_alone and path not in self._made_of:
            return True
        if not same_content(name, folder, entry):
            return False
        executable = bool(there.st_mode & stat.S_IXUSR)
        return left_alone or entry.mode == SYMLINK or executable == (entry.mode == EXECUTABLE)

    def _replace(self, path: str, entry: Entry, there: os.stat_result, folder: int, name: str) -> None:
        ours = path in self._old
        if not ours and not self._adopt:
            raise BlockedStack(self._in_the_way(path, "Git has a file of that name"))
        modified = not ours or not same_content(name, folder, self._old[path])
        mode = stat.S_IMODE(there.st_mode) if stat.S_ISREG(there.st_mode) else None
        self._put(path, entry, there.st_uid, there.st_gid, mode=mode, old=True, keep=modified)

    def _in_the_way(self, path: str, why: str) -> str:
        return (
            f"{self._live.path / path} is in the way and was not written by Tegu ({why}); "
            "move it away, or set `adopt: true` to take it over"
        )

    def _put(
        self,
        path: str,
        entry: Entry,
        uid: int,
        gid: int,
        *,
        mode: int | None = None,
        old: bool = False,
        keep: bool = False,
    ) -> None:
        dress(self._stage / path, entry, uid, gid, mode)
        self._operations.append(Operation(Do.PUT, path, old=old, keep=keep, mode=entry.mode, oid=entry.oid))

    # ------------------------------------------------------------ deletions

    def _remove(self, path: str) -> bool:
        """Plan the removal of a file that Git no longer has; False when there is nothing to remove."""
        if any(path == away or path.startswith(f"{away}/") for away in self._away) or path in self._protected:
            return False
        try:
            place_of = self._live.parent(path)
            with place_of as place:
                there = None if place is None else kind_of(place[1], place[0])
                if place is None or there is None or stat.S_ISDIR(there.st_mode):
                    return False
                modified = not same_content(place[1], place[0], self._old[path])
        except BlockedStack:
            return False  # somebody has put a symlink or file where the folder was: nothing of ours is left there
        self._operations.append(Operation(Do.REMOVE, path, old=True, keep=modified))
        return True

    def _prune(self, removed: Collection[str]) -> None:
        """Plan the removal of folders that lose their last file, innermost first; mounted ones stay."""
        wanted = {str(parent) for path in self._new for parent in PurePosixPath(path).parents}
        folders = {str(parent) for path in removed for parent in PurePosixPath(path).parents} - wanted - {"."}
        for folder in sorted(folders, key=lambda path: (-path.count("/"), path)):
            if folder in self._protected:
                continue
            there = self._look(folder)
            if there is not None:
                mode = stat.S_IMODE(there.st_mode)
                self._operations.append(Operation(Do.PRUNE, folder, mode=mode, uid=there.st_uid, gid=there.st_gid))


def dress(path: Path, entry: Entry, uid: int, gid: int, mode: int | None) -> None:
    """Give a staged file its owner, and permissions: the old file's, but Git's executable bit."""
    with contextlib.suppress(PermissionError):  # not root: what this user writes is this user's
        os.chown(path, uid, gid, follow_symlinks=False)
    if entry.mode == SYMLINK or mode is None:
        return
    readable = (mode & 0o444) >> 2
    path.chmod(mode | readable if entry.mode == EXECUTABLE else mode & ~_EXECUTE)
