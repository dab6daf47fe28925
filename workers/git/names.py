"""What a branch, a tag or a pin may be called: the rules of git-check-ref-format(1), without a process."""

from __future__ import annotations

import re

from workers.errors import UnknownName

BRANCHES = "refs/heads/"
TAGS = "refs/tags/"
PINS = "refs/tegu/"

_FULL_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REFUSED = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)|[/.]$|^[-./]|^@$")


def is_ref_name(name: str) -> bool:
    """Whether Git would take this as the name of a branch or tag."""
    return bool(name) and not _REFUSED.search(name)


def check_ref(name: str) -> str:
    """Return a ref's name as it is.

    Raises:
        UnknownName: when no branch or tag can have it.
    """
    if not is_ref_name(name):
        message = f"{name!r} cannot be the name of a branch or tag"
        raise UnknownName(message)
    return name


def candidates(ref: str) -> tuple[str, ...]:
    """The full names that a followed ref may stand for, the first that exists counts: a branch, then a tag."""
    check_ref(ref)
    if ref.startswith((BRANCHES, TAGS)):
        return (ref,)
    return (BRANCHES + ref, TAGS + ref)


def short(full: str) -> str:
    """`main` for `refs/heads/main`."""
    return full.removeprefix(BRANCHES).removeprefix(TAGS)


def is_full_id(revision: str) -> bool:
    """Whether this is a whole object id and no name."""
    return _FULL_ID.fullmatch(revision) is not None
