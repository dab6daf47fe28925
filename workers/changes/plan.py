"""Comparing two commits by themselves, fast enough for a thousand stacks and for a long history."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from workers.changes.closure import take_snapshot
from workers.changes.decision import decide
from workers.changes.project import MAIN_FILES, OVERRIDE_FILES
from workers.changes.tree import FOLDER, LINK, Outside, Tree
from workers.errors import InvalidStack
from workers.model import Action, Decision, Entry, Reason, Stack

# What can make a Compose file look at something outside its folder: a path upwards, spelt out, escaped, or put together
# from a dot and an empty variable; and other Compose files, which would have to be read as well.
_REACHES_OUT = re.compile(
    rb"""\.\. | \\[xuU0-9NLP_] | \binclude\b | \bextends\b | \.\}
    | (?:^|[\s"'/:=,\[]) \.\$ (?:\w+|\{[^}\s]*\}) \.""",
    re.VERBOSE,
)
_DOT_BEFORE_VARIABLE = re.compile(rb"\.\$")
_DOTTED_DEFAULT = re.compile(rb"[-+][\"']?\.")
_DOTTED_VALUE = re.compile(rb"(?m)=[ \t]*[\"']?\.|\.[\"']?[ \t\r]*$")


def plan_stack(stack: Stack, before: Tree, after: Tree, outside: Outside, key: bytes) -> Decision:
    """The decision for one stack if the first commit is deployed and the second arrives.

    Args:
        stack: the stack with its effective options.
        before: the first commit.
        after: the second.
        outside: usually `Nowhere()`.
        key: for the keyed digests; any, as nothing is kept.
    """
    if is_unreachable(stack, before, after):
        return Decision(stack.id, Action.NONE, Reason.UNCHANGED, after.commit)
    try:
        record = take_snapshot(stack, before, outside, key)
    except InvalidStack:
        record = None
    return decide(stack, record, after, outside, key, recorded=before)[0]


def is_unreachable(stack: Stack, before: Tree, after: Tree) -> bool:
    """Whether the difference of two commits surely cannot reach a stack; False says nothing.

    A stack whose folder is equal and whose Compose files name nothing outside it is not touched by any other change.

    Args:
        stack: the stack with its effective options.
        before: the first commit.
        after: the second.
    """
    if before.entry("") == after.entry(""):
        return True
    options = stack.options
    folder = after.entry(stack.path) if stack.path else None
    if folder is None or folder.mode != FOLDER or before.entry(stack.path) != folder:
        return False
    if options.watch or options.env_files:
        return False
    listing = after.listing(folder.oid)
    names = options.files if options.files is not None else (*MAIN_FILES, *OVERRIDE_FILES)
    if any("/" in name for name in names):
        return False
    models = b"\n".join(_texts(after, listing, names))
    values = b"\n".join(
        [*_texts(after, listing, (".env",)), *(f"X={text}".encode() for text in options.variables.values())]
    )
    reaches_out = (
        _REACHES_OUT.search(models)
        or b".." in values
        or (_DOTTED_VALUE.search(values) and b"$" in models)
        or (_DOTTED_DEFAULT.search(models) and _DOT_BEFORE_VARIABLE.search(models))
    )
    return not reaches_out and not _has_symlink(after, listing, models)


def _texts(tree: Tree, listing: Mapping[str, Entry], names: Iterable[str]) -> list[bytes]:
    entries = (listing.get(name) for name in names)
    return [tree.blob(entry.oid) for entry in entries if entry and entry.mode != FOLDER]


def _has_symlink(tree: Tree, listing: Mapping[str, Entry], content: bytes) -> bool:
    """Whether a symlink lies where the Compose files could come by: a name that they do not spell is not looked at."""
    for name, entry in listing.items():
        if entry.mode == LINK:
            return True
        # A variable may spell any name.
        spelt = b"$" in content or name.encode("utf-8", "surrogateescape") in content
        if entry.mode == FOLDER and spelt and _has_symlink(tree, tree.listing(entry.oid), content):
            return True
    return False
