"""What differs between what is deployed and what is newest, as values. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.pages.act_view import Between, between_views
from app.pages.commit_view import CommitView, CommitViews
from workers.adapters.state.answers import Differences, FileDifference

# A lexer for differences would find no more than this, fifty times as slowly (Pygments: 25 ms for 2000 lines).
_KINDS = {"+": "ins", "-": "del", "@": "hunk"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a difference: what kind it is of, as the style sheet has it, and its text."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class File:
    """A path, what is said of it besides its lines (a mode, a size), the lines, and how many are not shown."""

    path: str
    said: tuple[str, ...]
    lines: tuple[Line, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class ChangesPage:
    """What differs.

    Attributes:
        old: the commit that is deployed; None for none.
        new: the newest one.
        files: that differ.
        files_left_out: how many more there are.
        inputs: what differs outside Git, by name.
        commits: between the two.
        has_more: whether there are more of these.
    """

    old: CommitView | None
    new: CommitView | None
    files: tuple[File, ...]
    files_left_out: int
    inputs: tuple[str, ...]
    commits: tuple[Between, ...]
    has_more: bool


def changes_page(found: Differences, commits: CommitViews, repo_url: str | None) -> ChangesPage:
    """Make it of a worker's answer."""
    return ChangesPage(
        old=commits.view(found.old, repo_url),
        new=commits.view(found.new, repo_url),
        files=tuple(_file(each) for each in found.files),
        files_left_out=found.files_left_out,
        inputs=found.inputs,
        commits=between_views(found.between, commits, repo_url),
        has_more=found.between.has_more,
    )


def _file(file: FileDifference) -> File:
    first = next((place for place, line in enumerate(file.lines) if line.startswith("@@")), len(file.lines))
    said = tuple(line for line in file.lines[:first] if not line.startswith(("--- ", "+++ ")))
    return File(file.path, said, tuple(_lines(file.lines[first:])), file.left_out)


def _lines(lines: tuple[str, ...]) -> Iterator[Line]:
    return (Line(_KINDS.get(line[:1], ""), line) for line in lines)
