"""The `on_change` rules: what a change of content asks for, where the stack's owner knows better."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING

from workers.changes.snapshot import Snapshot
from workers.changes.tree import FOLDER
from workers.model.stack import Rule, Stack
from workers.model.words import Action
from workers.runtime.late import late

if TYPE_CHECKING:
    import pathspec
else:
    pathspec = late("pathspec")  # most decisions need no rule


@lru_cache(maxsize=1024)
def _globs(patterns: tuple[str, ...]) -> pathspec.GitIgnoreSpec:
    return pathspec.GitIgnoreSpec.from_lines(patterns)


def matching_rule(rules: tuple[Rule, ...], path: str) -> Rule | None:
    """The first rule that matches a repository path; None: the default applies."""
    return next((rule for rule in rules if _globs(rule.paths).match_file(path)), None)


def content_action(default: Action, rule: Rule | None, *, mounted_alone: bool) -> tuple[Action, str | None]:
    """The action for a service whose content changed, and the signal's name when it is `SIGNAL`.

    A rule may ask for less than a restart. It cannot ask for less than what makes a build or a new container necessary,
    unless it ignores the path. Through a single-file bind a container never sees the replaced file, so a signal
    would be of no use there.

    Args:
        default: what the content's kind asks for.
        rule: the rule that matched.
        mounted_alone: whether the path is mounted by itself, not with its folder.
    """
    if rule is None:
        return default, None
    if rule.action is Action.NONE:
        return Action.NONE, None
    if default is not Action.RESTART:
        return max(default, rule.action, key=lambda action: action.strength), None
    if rule.action is Action.SIGNAL and mounted_alone:
        return Action.RESTART, None
    return rule.action, rule.signal if rule.action is Action.SIGNAL else None


def rule_problems(stack: Stack, snapshot: Snapshot) -> tuple[str, ...]:
    """What is wrong with a stack's rules at a commit, one sentence each; for `tegu check`."""
    return tuple(_problems(stack, snapshot))


def _problems(stack: Stack, snapshot: Snapshot) -> Iterator[str]:
    content = _content(snapshot)
    earlier: list[Rule] = []
    for number, rule in enumerate(stack.options.on_change, start=1):
        where = f"{stack.id}: on_change rule {number} ({', '.join(rule.paths)})"
        if not any(
            can_match(pattern, path, folder=folder) for pattern in rule.paths for path, folder in content.items()
        ):
            yield f"{where} can never match: nothing of the stack's content lies there"
        elif any(_covers(before, rule) for before in earlier):
            yield f"{where} can never match: an earlier rule matches the same paths"
        elif rule.action is Action.SIGNAL:
            for path, folder in content.items():
                if not folder and _globs(rule.paths).match_file(path):
                    yield (
                        f"{where} cannot signal for {path}: through a single-file bind a container never sees the "
                        "replaced file; mount its folder, or use restart"
                    )
        for service in rule.services or ():
            if service not in snapshot.services:
                yield f"{where} names the service {service}, which the stack does not have"
        earlier.append(rule)


def _content(snapshot: Snapshot) -> dict[str, bool]:
    """The closure's content paths, with whether each is a folder; files that make the model are no content."""
    paths = {path for service in snapshot.services.values() for path in service.content}
    found = {}
    for path in sorted(paths - set(snapshot.model)):
        entry = snapshot.entries.get(path)
        # Nobody knows yet what an absent path will be.
        found[path] = entry is None or entry.mode == FOLDER
    return found


def can_match(pattern: str, path: str, *, folder: bool) -> bool:
    """Whether a glob matches a file, or could match something in a folder."""
    if pattern.startswith("!"):
        return False
    if not folder:
        return bool(_globs((pattern,)).match_file(path))
    body = pattern.strip("/")
    if "/" not in body and not pattern.startswith("/"):
        return True
    for part, name in zip(body.split("/"), path.split("/") if path else (), strict=False):
        if part == "**":
            return True
        if not fnmatchcase(name, part):
            return False
    return True


def _covers(earlier: Rule, later: Rule) -> bool:
    negated = any(pattern.startswith("!") for pattern in (*earlier.paths, *later.paths))
    everything = bool({"*", "**", "/**", "/*"} & set(earlier.paths))
    return not negated and (everything or set(later.paths) <= set(earlier.paths))
