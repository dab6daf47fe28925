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


def find_folders(
    globs: Sequence[str],
    subfolders: Callable[[str], Iterable[str]],
    ahead: Callable[[Sequence[str]], None] = lambda _: None,
) -> Iterator[str]:
    """Walk only those folders that a glob can lead to, and yield those that are meant.

    Args:
        globs: as in `discover`.
        subfolders: the names of a folder's folders; `""` is the root.
        ahead: is told which folders will be looked into next.
    """
    wanted = [_parts(glob) for glob in globs if not glob.startswith("!")]
    is_plain = len(wanted) == len(globs)

    waiting = [("", wanted)] if wanted else []
    while waiting:
        folder, rests = waiting.pop()
        if any(_ends(rest) for rest in rests) and (is_plain or matches_globs(globs, folder)):
            yield folder
        # Where no glob leads further, nobody has to know what is in the folder.
        names = sorted(subfolders(folder)) if any(rests) else ()
        found = ((name, _advanced(rests, name)) for name in names)
        below = [(f"{folder}/{name}" if folder else name, left) for name, left in found if left]
        if below:
            ahead([path for path, _ in below])
        waiting += reversed(below)


def _ends(rest: tuple[str, ...]) -> bool:
    """Whether what is left of a glob matches nothing more."""
    return not rest or all(part == "**" for part in rest)


def _advanced(rests: list[tuple[str, ...]], name: str) -> list[tuple[str, ...]]:
    """What is left of globs behind one more folder; those that cannot match below it are gone."""
    left = []
    for rest in rests:
        if not rest:
            continue
        if rest[0] == "**":
            left += [rest, *_advanced([rest[1:]], name)]
        elif _pattern(rest[0]).match(name):
            left.append(rest[1:])
    return left


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
