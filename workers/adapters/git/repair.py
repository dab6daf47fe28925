"""What a killed Git leaves behind, and clones that can no longer be read."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from workers.adapters.git.failures import is_other_format
from workers.adapters.git.remote import full_refs
from workers.model.errors import CommandFailed
from workers.model.refs import PINS
from workers.runtime.late import late
from workers.runtime.logs import get_logger

if TYPE_CHECKING:
    from workers.adapters.git import commands
else:
    commands = late("workers.adapters.git.commands")  # brings GitPython, which only a command needs

log = get_logger(__name__)

MARKER = "tegu-damaged"
_SHARED_LOCK_AGE = 10.0  # seconds; writing a pin takes milliseconds, so an older lock has lost its owner


def sweep(git_dir: Path) -> None:
    """Remove what only a dead process can have left. The caller holds the repo's lock.

    Pins are written without that lock, while a deployment ends, so of the locks in their way only old
    ones go.
    """
    for path in _left_behind(git_dir):
        with contextlib.suppress(OSError):
            if _is_shared(path, git_dir) and time.time() - path.stat().st_mtime < _SHARED_LOCK_AGE:
                continue
            path.unlink()
            log.warning("stale file removed from clone", clone=git_dir.name, file=str(path.relative_to(git_dir)))


def sweep_pin(git_dir: Path, full: str) -> bool:
    """Remove the old locks in the way of one pin; whether there were any."""
    removed = False
    for path in (git_dir / f"{full}.lock", git_dir / "packed-refs.lock"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime >= _SHARED_LOCK_AGE:
                path.unlink()
                removed = True
    return removed


def _left_behind(git_dir: Path) -> Iterator[Path]:
    yield from git_dir.glob("*.lock")
    yield from (git_dir / "refs").rglob("*.lock")
    yield from (git_dir / "objects" / "info").rglob("*.lock")
    yield from (git_dir / "objects" / "pack").glob("tmp_*")
    yield from (git_dir / "objects" / "pack").glob("*.keep")
    yield from git_dir.glob("gc.pid")


def _is_shared(path: Path, git_dir: Path) -> bool:
    return path.name == "packed-refs.lock" or path.is_relative_to(git_dir / PINS)


def is_marked_damaged(git_dir: Path) -> bool:
    """Whether a reader noted an object that it could not read, and it still cannot be read."""
    marker = git_dir / MARKER
    try:
        name = marker.read_text(encoding="utf-8", errors="surrogateescape").strip()
    except OSError:
        return False
    try:
        commands.CleanGit(git_dir).cat_file("-e", "--end-of-options", name)
        # -e looks the object up and -p reads it; a pipe's end is enough to learn whether that works.
        commands.CleanGit(git_dir).cat_file("-p", "--end-of-options", name)
    except CommandFailed:
        return True
    marker.unlink(missing_ok=True)
    return False


def copy_pins(old: Path, new: Path) -> None:
    """Bring the pins of a damaged clone into the one that replaces it, as far as it can still be read."""
    git = commands.CleanGit(new)
    try:
        git.fetch("--quiet", "--no-tags", "--no-write-fetch-head", "--", str(old), f"+{PINS}*:{PINS}*")
    except CommandFailed as error:
        if is_other_format(error):
            return  # none of these commits can be in the new one
    else:
        return
    try:
        pins = full_refs(commands.CleanGit(old), (PINS,))
    except CommandFailed:
        return  # the next deployment of each stack pins again
    for full, commit in pins.items():
        with contextlib.suppress(CommandFailed):
            git.update_ref(full, commit)


def set_aside(git_dir: Path) -> None:
    """Move a damaged clone out of the way, for whoever wants to look at it; an earlier one goes."""
    aside = git_dir.with_name(f"{git_dir.name}.damaged")
    shutil.rmtree(aside, ignore_errors=True)
    with contextlib.suppress(FileNotFoundError):
        git_dir.rename(aside)
