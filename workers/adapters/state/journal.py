"""The journal: one small file per stack that survives whatever happens to Redis."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, TypedDict, Unpack

from workers.adapters.state.deployed import Call, Deployed
from workers.adapters.state.marks import Adoption, HandedOver, Hold, Pause, Pin, Removed, Stop
from workers.adapters.state.paths import make_private, state_file
from workers.model.stack import Policy
from workers.model.words import Action
from workers.runtime.file_lock import flock

_LOCK_SECONDS = 30.0


Unopened: TypeAlias = Mapping[str, Any]
"""What somebody else writes and reads; the journal keeps it as JSON."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """What a host knows of a stack.

    Attributes:
        record: what is deployed.
        fence: the number of the lease that it was written under.
        call: how the project was called.
        intent: a deployment under way, the transaction's own (`Intent`).
        disturbed: services that an earlier deployment may have left otherwise, and what they were to get.
        volumes: volumes likewise, by key, as they were before (`Volume`).
        networks: keys of networks likewise.
        removed: that the stack is none any more.
        stopped: that somebody has brought it to rest.
        left: that the stack has gone to another worker.
        when_removed: what the stack's options said last of its removal.
        pause: marks, as in Redis.
        hold: likewise.
        pin: likewise.
        adoption: likewise.
        heir: the stack that has begun to carry this one over.
        carried: the stack that this one is being carried over from, and its folder; gone when that is done.
    """

    record: Deployed | None = None
    fence: int | None = None
    call: Call | None = None
    intent: Unopened | None = None
    disturbed: Mapping[str, Action] = field(default_factory=dict)
    volumes: Unopened | None = None
    networks: tuple[str, ...] = ()
    removed: Removed | None = None
    stopped: Stop | None = None
    left: HandedOver | None = None
    when_removed: Policy | None = None
    pause: Pause | None = None
    hold: Hold | None = None
    pin: Pin | None = None
    adoption: Adoption | None = None
    heir: str | None = None
    carried: tuple[str, str] | None = None

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> JournalEntry:
        """From a file, of this or an earlier release."""
        known = {name: parse(stored[name]) if stored.get(name) else None for name, parse in _PARSED.items()}
        removed = (stored.get("status") or {}).get("removed")
        return cls(
            **known,
            fence=stored.get("fence"),
            intent=stored.get("intent"),
            disturbed={name: Action(action) for name, action in (stored.get("disturbed") or {}).items()},
            volumes=stored.get("volumes"),
            networks=tuple(stored.get("networks") or ()),
            removed=Removed.from_json(removed) if removed else None,
            when_removed=stored.get("when_removed"),
            heir=stored.get("heir"),
            carried=tuple(stored["carried"]) if stored.get("carried") else None,
        )


_PARSED: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "record": Deployed.from_json,
    "call": Call.from_json,
    "left": HandedOver.from_json,
    "stopped": Stop.from_json,
    "pause": Pause.from_json,
    "hold": Hold.from_json,
    "pin": Pin.from_json,
    "adoption": Adoption.from_json,
}


class LeftFields(TypedDict, total=False):
    """What a deployment may have left otherwise; None, or nothing in it: nothing."""

    disturbed: Mapping[str, Action] | None
    volumes: Unopened | None
    networks: Sequence[str] | None


class KeptFields(LeftFields, total=False):
    """What is written beside a record."""

    call: Call | None
    removed: Removed | None
    stopped: Stop | None
    left: HandedOver | None


class JournalFields(KeptFields, total=False):
    """Fields of an entry to set; None, or nothing in it, takes one away."""

    record: Deployed | None
    fence: int | None
    intent: Unopened | None
    when_removed: Policy | None
    pause: Pause | None
    hold: Hold | None
    pin: Pin | None
    adoption: Adoption | None
    heir: str | None
    carried: tuple[str, str] | None


class Journal:
    """Journals under `data_dir/state`. A file is replaced whole, and is on the disk when a method returns.

    `damaged` names files that could not be read and were set aside; whoever reads it reports them.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self.damaged: list[Path] = []

    def exists(self, stack: str) -> bool:
        """Whether this host has a journal of the stack."""
        return self._path(stack).exists()

    def find(self, stack: str) -> JournalEntry | None:
        """A stack's journal; None when there is none, or when it is damaged (it is then set aside)."""
        return self._entry(self._path(stack))

    def load(self, stack: str) -> JournalEntry:
        """The same, empty for None."""
        return self.find(stack) or JournalEntry()

    def update(self, stack: str, **fields: Unpack[JournalFields]) -> JournalEntry:
        """Set fields of a stack's journal, the others stay. Returns the whole."""
        return JournalEntry.from_json(self._write(stack, _stored(fields)))

    def write_mark(self, stack: str, name: str, mark: Mapping[str, Any] | None) -> None:
        """Set a mark as Redis has it, or take it away."""
        self._write(stack, {name: mark})

    def _write(self, stack: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        path = self._path(stack)
        with _locked(path.parent):
            before, _ = self._read(path)
            journal = {name: value for name, value in {**before, **fields}.items() if value is not None}
            if journal != before:
                _replace(path, journal)
        return journal

    def delete(self, stack: str) -> None:
        """Remove a stack's journal."""
        path = self._path(stack)
        path.unlink(missing_ok=True)
        if path.parent.exists():
            _sync_folder(path.parent)

    def all(self) -> dict[str, JournalEntry]:
        """Every journal on this host, by stack id."""
        files = sorted((self._data_dir / "state").glob("*/*.json"))
        journals = {f"{path.parent.name}/{path.stem}": self._entry(path) for path in files}
        return {stack: journal for stack, journal in journals.items() if journal is not None}

    def _path(self, stack: str) -> Path:
        return state_file(self._data_dir, stack, ".json")

    def _entry(self, path: Path) -> JournalEntry | None:
        """None for an absent, an empty or a damaged one."""
        stored, entry = self._read(path)
        return entry if stored else None

    def _read(self, path: Path) -> tuple[dict[str, Any], JournalEntry]:
        """A file as it is, whose unknown fields stay, and what this release makes of it."""
        try:
            stored = json.loads(path.read_bytes())
            return stored, JournalEntry.from_json(stored)
        except FileNotFoundError:
            pass
        except (AttributeError, KeyError, TypeError, ValueError):
            self._set_aside(path)
        return {}, JournalEntry()

    def _set_aside(self, path: Path) -> None:
        aside = path.with_name(f"{path.name}.damaged-{secrets.token_hex(4)}")
        path.rename(aside)
        self.damaged.append(aside)


def _stored(fields: JournalFields) -> dict[str, Any]:
    """Fields as the file has them."""
    stored: dict[str, Any] = {}
    for name, value in fields.items():
        if name == "removed":
            stored["status"] = {"removed": value.to_json()} if isinstance(value, Removed) else None
        elif hasattr(value, "to_json"):
            stored[name] = value.to_json()
        elif name in {"disturbed", "networks", "volumes"}:
            stored[name] = (list(value) if name == "networks" else dict(value)) if value else None  # type: ignore[call-overload]
        else:
            stored[name] = value
    return stored


def _locked(folder: Path) -> AbstractContextManager[int]:
    make_private(folder)
    return flock(folder / ".journal.lock", timeout=_LOCK_SECONDS)


def _replace(path: Path, journal: Mapping[str, Any]) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(journal, separators=(",", ":")))  # json.dump would go through it in Python
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
