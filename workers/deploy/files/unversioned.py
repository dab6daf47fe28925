"""Files that Git lacks, as they were at the last good deployment: going back uses those, whatever they are by now.

What somebody has made of them since is set aside for as long as Compose reads the old ones, and is back afterwards. So
an edit that broke the stack stays where it was made, and is not what runs.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from workers.deploy.files.layout import Folders, make_live, remove_tree
from workers.runtime.logs import get_logger

log = get_logger(__name__)

_LIST = "list.json"


def remember(folders: Folders, paths: Iterable[str]) -> None:
    """Keep copies of these files, by repository path, as the deployment that has just ended well has used them.

    Absolute paths belong to the host and are left alone.
    """
    wanted = [path for path in paths if not os.path.isabs(path)]  # noqa: PTH117 (a repository path)
    if not wanted and not folders.good.exists():
        return
    fresh = folders.good.with_suffix(".good.new")
    remove_tree(fresh)
    fresh.mkdir(mode=0o700)
    for path in wanted:
        staged = folders.stage / path
        with contextlib.suppress(FileNotFoundError):
            _copy(staged if staged.is_file() else folders.live / path, fresh / path)
    remove_tree(folders.good)
    fresh.rename(folders.good)


@contextlib.contextmanager
def as_they_were(folders: Folders, paths: Iterable[str], *, remembered: bool = True) -> Iterator[None]:
    """Have these files, and those that were remembered, in the live directory as they were remembered.

    Args:
        folders: the stack's.
        paths: files that Git lacks and that have been looked for since.
        remembered: whether the last good deployment noted which there were; without that, they stay as they are.
    """
    give_back(folders)
    if not remembered:
        yield
        return
    try:
        _swap(folders, paths)
        yield
    finally:
        give_back(folders)


def give_back(folders: Folders) -> None:
    """Put what was set aside back in its place; nothing happens when nothing was."""
    try:
        swapped: dict[str, bool] = json.loads((folders.aside / _LIST).read_bytes())
    except FileNotFoundError:
        remove_tree(folders.aside)
        return
    for path, was_there in swapped.items():
        live, aside = folders.live / path, folders.aside / "files" / path
        if aside.exists():
            _return(folders, aside, live, path)
        elif not was_there and _content(live) == _content(folders.good / path):
            live.unlink(missing_ok=True)
    remove_tree(folders.aside)


def _return(folders: Folders, aside: Path, live: Path, path: str) -> None:
    """Put one file back; where something else has come in its place, it is among the kept files instead."""
    try:
        aside.replace(live)
    except OSError as error:
        kept = folders.kept / "set-aside" / path
        log.warning("a file that was set aside has no place any more", path=str(live), kept=str(kept), error=str(error))
        kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside.replace(kept)


def _swap(folders: Folders, paths: Iterable[str]) -> None:
    remembered = {str(path.relative_to(folders.good)) for path in folders.good.rglob("*") if path.is_file()}
    wanted = sorted({path for path in paths if not os.path.isabs(path)} | remembered)  # noqa: PTH117
    different = [path for path in wanted if _is_ours(folders, path) and _differs(folders, path)]
    if not different:
        return
    folders.aside.mkdir(mode=0o700)
    # The list is whole before anything is moved: after a kill it says what has to go back.
    fresh = folders.aside / f"{_LIST}.new"
    fresh.write_text(json.dumps({path: (folders.live / path).exists() for path in different}))
    fresh.rename(folders.aside / _LIST)
    for path in different:
        live, aside, good = folders.live / path, folders.aside / "files" / path, folders.good / path
        if live.exists():
            aside.parent.mkdir(parents=True, exist_ok=True)
            live.rename(aside)
        if good.exists():
            make_live(live.parent)
            _copy(good, live)


def _is_ours(folders: Folders, path: str) -> bool:
    """Whether a path stays in the live directory, with whatever symlinks there are."""
    return (folders.live / path).parent.resolve().is_relative_to(folders.live.resolve())


def _differs(folders: Folders, path: str) -> bool:
    return _content(folders.live / path) != _content(folders.good / path)


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _copy(source: Path, target: Path) -> None:
    """A private copy with the owner of the original, who may have to read it."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copyfile(source, target)
    status = source.stat()
    with contextlib.suppress(PermissionError):  # not root: what this user writes is this user's
        os.chown(target, status.st_uid, status.st_gid)
    target.chmod(status.st_mode & 0o777)
