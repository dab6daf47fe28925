"""What `tegu diff` shows, as short as a page may have it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from workers.adapters.state.answers import (
    LONGEST_LINE,
    MOST_CHARACTERS,
    MOST_LINES,
    MOST_NAMES,
    Differences,
    FileDifference,
)
from workers.answers.commits import between
from workers.commands.plan import stack_difference
from workers.model.stack import Stack
from workers.services import Services


def differences(services: Services, stack: Stack) -> Differences:
    """What differs between what is deployed of a stack and the newest commit.

    Raises:
        UnknownName: its ref has never been fetched.
        InvalidStack: the newest commit cannot be read.
    """
    found = stack_difference(services, stack)
    old, new, files = found["from"], found["to"], found["files"]
    return Differences(
        old=old,
        new=new,
        files=tuple(_shortened(files[:MOST_NAMES])),
        files_left_out=max(0, len(files) - MOST_NAMES),
        inputs=tuple(found["inputs"]),
        between=between(services, stack, old or "", new, [each["path"] for each in files]),
    )


def _shortened(files: Iterable[Mapping[str, Any]]) -> Iterator[FileDifference]:
    """All of the first files, until there is no more room."""
    room, characters = MOST_LINES, MOST_CHARACTERS
    for each in files:
        lines, kept = str(each["diff"]).splitlines(), []
        for line in lines[:room]:
            shown = line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]} …"
            characters -= len(shown)
            if characters < 0:
                break
            kept.append(shown)
        room -= len(kept)
        yield FileDifference(each["path"], tuple(kept), len(lines) - len(kept))
