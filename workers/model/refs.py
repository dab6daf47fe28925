"""What a branch or tag may be called, and which one a name stands for: one answer for everybody who asks.

The catalog checks its refs here, Git's clones are fetched and read by it, and webhooks are compared by it.
The rules of names are those of git-check-ref-format(1), without a process.
"""

from __future__ import annotations

import re
from collections.abc import Container

from workers.model.errors import UnknownName

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


def full_names(ref: str) -> tuple[str, ...]:
    """The full names that a followed ref may stand for, of which the first that exists counts.

    A full name stands for itself. A short one is a branch, else a tag, as in `git clone --branch`; and `heads/x` and
    `tags/x` are first what Git takes them for (gitrevisions(7): `refs/<name>` comes before all else).
    """
    if ref.startswith((BRANCHES, TAGS)):
        return (ref,)
    partly = (f"refs/{ref}",) if ref.startswith(("heads/", "tags/")) else ()
    return (*partly, BRANCHES + ref, TAGS + ref)


def chosen(ref: str, there: Container[str]) -> str | None:
    """The full name of the branch or tag that a followed ref is, among those that are there; None for none of them."""
    return next((full for full in full_names(ref) if full in there), None)


def may_be(one: str, other: str) -> bool:
    """Whether two names, each short or full, may stand for the same branch or tag."""
    return not set(full_names(one)).isdisjoint(full_names(other))


def same_format(one: str, other: str) -> bool:
    """Whether two ids are of one object format: an id of SHA-1 names nothing in a repository of SHA-256."""
    return len(one) == len(other)


def is_full_id(revision: str) -> bool:
    """Whether this is a whole object id and no name: 40 digits of SHA-1 or 64 of SHA-256."""
    return _FULL_ID.fullmatch(revision) is not None


def no_ref(repo: str, ref: str) -> str:
    """What to say of a ref that is not there."""
    return f"repo {repo} has no branch or tag {ref!r}; push it, or name another as ref"
