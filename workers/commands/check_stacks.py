"""What `tegu check` has to say of stacks, wherever their files are read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from workers.adapters.docker.compose import Compose
from workers.adapters.git.local import LocalRepo
from workers.catalog.stacks import Planned
from workers.changes.closure import take_snapshot
from workers.changes.rules import rule_problems
from workers.changes.snapshot import Snapshot
from workers.changes.trace import is_there
from workers.changes.tree import Outside
from workers.commands.rehearse import refusal
from workers.deploy.files.layout import Folders
from workers.model.errors import CommandFailed, GitUnavailable, InvalidStack
from workers.model.stack import Stack


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that `tegu check` has to say. `stack` is empty for what concerns the whole catalog.

    `unreachable` says that nothing is known to be wrong: a Git server did not answer.
    """

    stack: str
    message: str
    error: bool = True
    unreachable: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """Where the files of stacks are read.

    Attributes:
        compose: what Compose itself says of them.
        key: of keyed hashes, of which nothing is kept.
        commits: the commits of a stack's repo.
        outside: the files that Git lacks.
        folders: a stack's own, of which only the live one is read.
        place: how the place is called in which a stack's folder is missed.
        on_host: whether the files that Git lacks are those of the worker.
    """

    compose: Compose
    key: bytes
    commits: Callable[[Stack], LocalRepo]
    outside: Callable[[Stack], Outside]
    folders: Callable[[Stack], Folders]
    place: Callable[[Stack], str]
    on_host: bool = True


def of_stacks(reading: Reading, planned: Iterable[Planned]) -> Iterator[Finding]:
    """Everything there is to say of these stacks, one after the other."""
    readable: dict[str, tuple[Planned, Snapshot]] = {}
    for each in planned:
        try:
            readable[each.stack.id] = each, _snapshot(reading, each)
        except (InvalidStack, GitUnavailable) as error:
            yield Finding(each.stack.id, str(error))
    refused, unasked = _refusals(reading, readable)
    if unasked:
        yield Finding("", unasked, error=False)
    for stack, (each, snapshot) in readable.items():
        if stack in refused:
            yield Finding(stack, refused[stack])
        for problem in rule_problems(each.stack, snapshot):
            yield Finding(stack, problem.removeprefix(f"{stack}: "))
        for warning in snapshot.warnings:
            yield Finding(stack, warning, error=False)
        for name in snapshot.unset:
            yield Finding(stack, _unset(name), error=False)


def of_order(planned: Iterable[Planned]) -> Iterator[Finding]:
    """Stacks that come after one that is in no repository; only where all of these could be seen."""
    known = {each.stack.id for each in planned}
    for each in planned:
        for name in each.stack.options.after:
            if f"{each.stack.environment}/{name}" not in known:
                yield Finding(each.stack.id, f"after: there is no stack {name} in {each.stack.environment}")


def _unset(name: str) -> str:
    """What is said of a variable without a value; a place where an env file uses one has a colon, a name never has."""
    nothing = "Compose puts nothing in its place"
    if ":" not in name:
        return f"the variable {name} is not set; {nothing}"
    return f"{name}: a variable that is used here is not set; {nothing} (write $$ for a dollar, or use single quotes)"


def _snapshot(reading: Reading, planned: Planned) -> Snapshot:
    stack = planned.stack
    tree = reading.commits(stack).tree(planned.commit)
    if not is_there(tree, stack.path):
        # Its live files may still be there, and would be taken for files that Git lacks.
        message = f"{reading.place(stack)}; take the stack out of the catalog"
        raise InvalidStack(message, stack.path)
    return take_snapshot(stack, tree, reading.outside(stack), reading.key)


def _refusals(reading: Reading, readable: Mapping[str, tuple[Planned, Snapshot]]) -> tuple[dict[str, str], str]:
    """By stack, why Compose refuses files that Tegu can read; and why it was not asked, where it is not there."""
    try:
        reading.compose.version()
    except CommandFailed:
        return {}, "without docker compose only what Tegu itself reads of Compose files was checked"

    def ask(each: Planned, snapshot: Snapshot) -> str:
        source, folders = reading.commits(each.stack), reading.folders(each.stack)
        try:
            return refusal(reading.compose, source, each.stack, snapshot, folders, on_host=reading.on_host)
        except GitUnavailable as error:
            return str(error)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        asked = {stack: pool.submit(ask, *known) for stack, known in readable.items()}
    answers = {stack: answer.result() for stack, answer in asked.items()}
    return {stack: answer for stack, answer in answers.items() if answer}, ""
