"""Which folders of a repository are stacks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import translate
from functools import lru_cache


def matches_globs(globs: Sequence[str], folder: str) -> bool:
    """Whether a folder is meant by discovery globs.

    A glob names folders from the repository's root: `*` and `?` stay within one name, `**` stands for any
    number of folders, and of all globs that match the last one decides, so `!services/old` takes one out.

    Args:
        globs: as in `discover`.
        folder: from the repository's root, `""` for the root itself.
    """
    parts = tuple(folder.split("/")) if folder else ()
    meant = False
    for glob in globs:
        if _match(_parts(glob.removeprefix("!")), parts):
            meant = not glob.startswith("!")
    return meant


def find_folders(globs: Sequence[str], subfolders: Callable[[str], Iterable[str]]) -> Iterator[str]:
    """Walk only those folders that a glob can lead to, and yield those that are meant.

    Args:
        globs: as in `discover`.
        subfolders: the names of a folder's folders; `""` is the root.
    """
    wanted = [_parts(glob) for glob in globs if not glob.startswith("!")]

    def walk(folder: str, parts: tuple[str, ...]) -> Iterator[str]:
        if matches_globs(globs, folder):
            yield folder
        for name in sorted(subfolders(folder)):
            below = (*parts, name)
            if any(_leads(glob, below) for glob in wanted):
                yield from walk("/".join(below), below)

    if wanted:
        yield from walk("", ())


@lru_cache(maxsize=1024)
def _parts(glob: str) -> tuple[str, ...]:
    return tuple(part for part in glob.split("/") if part not in {"", "."})


@lru_cache(maxsize=1024)
def _pattern(part: str) -> re.Pattern[str]:
    return re.compile(translate(part))


def _match(glob: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    if not glob:
        return not parts
    if glob[0] == "**":
        return _match(glob[1:], parts) or (bool(parts) and _match(glob, parts[1:]))
    return bool(parts) and bool(_pattern(glob[0]).match(parts[0])) and _match(glob[1:], parts[1:])


def _leads(glob: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    """Whether the folder, or something below it, can match."""
    if not parts:
        return True
    if not glob:
        return False
    if glob[0] == "**":
        return True
    return bool(_pattern(glob[0]).match(parts[0])) and _leads(glob[1:], parts[1:])
