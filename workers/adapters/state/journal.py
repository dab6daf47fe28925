"""The journal: one small file per stack that survives whatever happens to Redis.

By convention its fields are `record` (as in Redis), `fence` (the number it was written under), `intent` (a deployment
under way), `disturbed`, `volumes` and `networks` (what an earlier one may have left otherwise), `status`, and the marks
`pause`, `hold` and `pin`.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from workers.adapters.state.paths import make_private, state_file
from workers.runtime.file_lock import flock

_LOCK_SECONDS = 30.0


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

    def load(self, stack: str) -> dict[str, Any]:
        """A stack's journal; empty when there is none, or when it is damaged (it is then set aside)."""
        return self._read(self._path(stack))

    def save(self, stack: str, journal: Mapping[str, Any]) -> None:
        """Replace a stack's journal."""
        path = self._path(stack)
        with _locked(path.parent):
            _replace(path, journal)

    def update(self, stack: str, **fields: object) -> dict[str, Any]:
        """Set fields of a stack's journal, the others stay; a field set to None goes. Returns the whole."""
        path = self._path(stack)
        with _locked(path.parent):
            before = self._read(path)
            journal = {name: value for name, value in (before | fields).items() if value is not None}
            if journal != before:
                _replace(path, journal)
        return journal

    def delete(self, stack: str) -> None:
        """Remove a stack's journal."""
        path = self._path(stack)
        path.unlink(missing_ok=True)
        if path.parent.exists():
            _sync_folder(path.parent)

    def all(self) -> dict[str, dict[str, Any]]:
        """Every journal on this host, by stack id."""
        files = sorted((self._data_dir / "state").glob("*/*.json"))
        journals = {f"{path.parent.name}/{path.stem}": self._read(path) for path in files}
        return {stack: journal for stack, journal in journals.items() if journal}

    def _path(self, stack: str) -> Path:
        return state_file(self._data_dir, stack, ".json")

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            journal = json.loads(path.read_bytes())
            if isinstance(journal, dict):
                return journal
        except FileNotFoundError:
            return {}
        except ValueError:
            pass
        aside = path.with_name(f"{path.name}.damaged-{secrets.token_hex(4)}")
        path.rename(aside)
        self.damaged.append(aside)
        return {}


def _locked(folder: Path) -> AbstractContextManager[int]:
    make_private(folder)
    return flock(folder / ".journal.lock", timeout=_LOCK_SECONDS)


def _replace(path: Path, journal: Mapping[str, Any]) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(journal, file, separators=(",", ":"))
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
