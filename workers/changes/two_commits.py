"""Comparing two commits by themselves, fast enough for a thousand stacks and for a long history."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from workers.changes.closure import looked_up, take_snapshot
from workers.changes.decision import decide
from workers.changes.project import MAIN_FILES, OVERRIDE_FILES
from workers.changes.tree import FOLDER, LINK, Outside, Tree
from workers.model.errors import InvalidStack
from workers.model.stack import Stack
from workers.model.words import Action, Decision, Entry, Reason

# What can make a Compose file look at something outside its folder: a path upwards, spelt out, escaped, folded, in
# another encoding, or put together from dots and variables; and other Compose files, which would have to be read, too.
_REACHING_OUT = (b"..", b"include", b"extends", b".}", b"!!", b"!<", b"%TAG", b"\0")
_ESCAPE = re.compile(rb"\\(?:[\sxuU0-9NLP_]|[^\x00-\x7f])")
_DOT_AROUND_VARIABLES = re.compile(rb"""(?:^|[\s"'/:=,\[}]|\$\w+)\.(?:\$(?:\w+|\{[^}\n]*\}+))+\.""")
_DOTTED_DEFAULT = re.compile(rb"[-+][\"']?\.")
_DOTTED_VALUE = re.compile(rb"(?m)[=:][ \t]*[\"']?\.|\.[\"']?[ \t\r]*(?:#.*)?$|\.[$}]|(?:\$\w+|[}+-])[\"']?\.")
_VARIABLE_AND_SLASH = re.compile(rb"\}/|\$\w+/|[-+]/")


def plan_stack(stack: Stack, before: Tree, after: Tree, outside: Outside, key: bytes) -> Decision:
    """The decision for one stack if the first commit is deployed and the second arrives.

    A stack that is broken at both commits, by nothing that differs, is unchanged: so is every stack that the difference
    does not reach, and most of those are not even read. `tegu check` is what tells about broken ones.

    Args:
        stack: the stack with its effective options.
        before: the first commit.
        after: the second.
        outside: usually `Nowhere()`.
        key: for the keyed digests; any, as nothing is kept.
    """
    unchanged = Decision(stack.id, Action.NONE, Reason.UNCHANGED, after.commit)
    if is_unreachable(stack, before, after):
        return unchanged
    try:
        record, problem = take_snapshot(stack, before, outside, key), ""
    except InvalidStack as error:
        record, problem = None, str(error)
    decision = decide(stack, record, after, outside, key, recorded=before)[0]
    if problem and decision.message == problem:
        known = dict(looked_up(stack, before, outside, key))
        if stack.path:  # what was not come to yet is there, most likely
            known[stack.path] = before.entry(stack.path)
        if all(after.entry(path) == entry for path, entry in known.items()):
            return unchanged
    return decision


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
    values = b""
    if b"$" in models:
        given = [f"X={text}".encode() for text in options.variables.values()]
        values = b"\n".join([*_texts(after, listing, (".env",)), *given])
    return not _reaches_out(models, values) and not _has_symlink(after, listing, models, values)


def _reaches_out(models: bytes, values: bytes) -> bool:
    """Whether Compose files, with the values of their variables, may name something outside their folder."""
    if any(text in models for text in _REACHING_OUT):
        return True
    if b".." in values or b"\\" in values or _DOTTED_VALUE.search(values):
        return True
    if b"\\" in models and _ESCAPE.search(models):
        return True
    around = b".$" in models and (_DOT_AROUND_VARIABLES.search(models) or _DOTTED_DEFAULT.search(models))
    return bool(around)


def _texts(tree: Tree, listing: Mapping[str, Entry], names: Iterable[str]) -> list[bytes]:
    entries = (listing.get(name) for name in names)
    return [tree.blob(entry.oid) for entry in entries if entry and entry.mode != FOLDER]


def _has_symlink(tree: Tree, listing: Mapping[str, Entry], models: bytes, values: bytes) -> bool:
    """Whether a symlink lies where a path in the Compose files could pass; a folder that it passes is followed by /."""
    anywhere = b"/" in values or _VARIABLE_AND_SLASH.search(models)
    waiting = [listing]
    while waiting:
        for name, entry in waiting.pop().items():
            if entry.mode == LINK:
                return True
            passed = anywhere or name.encode("utf-8", "surrogateescape") + b"/" in models
            if entry.mode == FOLDER and passed:
                waiting.append(tree.listing(entry.oid))
    return False
