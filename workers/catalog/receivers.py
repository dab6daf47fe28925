"""Who is told how stacks end: the sections of `notify` as frozen values."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from workers.catalog.credentials import absolute, is_usable, read_secret
from workers.catalog.fields import NAME
from workers.catalog.problems import Problems, nearest
from workers.catalog.sections import ReceiverSection
from workers.model.secret import Secret
from workers.model.stack import Receiver


def read_receivers(
    sections: Sequence[ReceiverSection],
    path: Path,
    warnings: list[str] | None,
    problems: Problems,
    environments: Collection[str],
) -> tuple[Receiver, ...]:
    """The receivers whose address is known.

    Args:
        sections: of the file.
        path: the catalog's.
        warnings: gets what keeps an address from being known; None for callers that need no secrets, and so get no
            receivers.
        problems: where mistakes go.
        environments: the names that a pattern of stacks may begin with.
    """
    return tuple(_receivers(sections, path, warnings, problems, environments))


def _receivers(
    sections: Sequence[ReceiverSection],
    path: Path,
    warnings: list[str] | None,
    problems: Problems,
    environments: Collection[str],
) -> Iterator[Receiver]:
    for number, section in enumerate(sections):
        _check_address(number, section, problems)
        _check_stacks(number, section.stacks or (), problems, environments)
        if warnings is not None and (text := _address(number, section, path, warnings)):
            line = problems.line(("notify", number))
            yield Receiver(f"notify[{number}]", line, Secret(text), frozenset(section.on), section.stacks or ())


def _check_address(number: int, section: ReceiverSection, problems: Problems) -> None:
    if section.url is not None and section.url_file is not None:
        problems.add(("notify", number, "url_file"), "stands beside url; keep one of them")
    elif section.url is None and section.url_file is None:
        problems.add(("notify", number), "url is missing; write it, or url_file with the file that holds it")


def _check_stacks(number: int, globs: Sequence[str], problems: Problems, environments: Collection[str]) -> None:
    """A pattern that names an environment has to name one that there is; stacks may yet be discovered."""
    for place, glob in enumerate(globs):
        environment = glob.partition("/")[0]
        if NAME.fullmatch(environment) and environment not in environments:
            message = f"there is no environment {environment}; {nearest(environment, environments)}"
            problems.add(("notify", number, "stacks", place), message)


def _address(number: int, section: ReceiverSection, path: Path, warnings: list[str]) -> str:
    """The address; empty when it is not known, of which there is a warning then."""
    where, text = f"{path}: notify[{number}].url", section.url or ""
    if section.url_file is not None:
        where, text = read_secret(absolute(path.absolute().parent, section.url_file), f"{where}_file")
    return text if is_usable(where, text, warnings) else ""
