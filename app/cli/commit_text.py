"""Commits as people read them: the beginning of the id, and what the commit says of itself, where that is known."""

from __future__ import annotations

from collections.abc import Iterable

from app.cli.output import short
from workers.adapters.state.state import State
from workers.model.commit import CommitNote

_NOTHING = CommitNote("")


class CommitTexts:
    """Makes them, of what was read at once.

    Args:
        state: remembers what commits say.
        commits: those that are wanted.
    """

    def __init__(self, state: State, commits: Iterable[str | None]) -> None:
        self._notes = state.commits.get_many(commits)

    def of(self, commit: str | None, newest: str | None = None) -> str:
        """A commit as `df29459802 Let it listen`; `bec518319d → df29459802` beside a newer one; nothing of none."""
        if newest and newest != commit:
            return f"{short(commit)} → {short(newest)}" if commit else ""
        return f"{short(commit)} {self._notes.get(commit or '', _NOTHING).subject}".strip()

    def quoted(self, commit: str | None) -> str:
        """A commit in a sentence: `df29459802 (Let it listen on IPv6, by Ann)`."""
        note = self._notes.get(commit or "", _NOTHING)
        said = ", by ".join(filter(None, (note.subject, note.author)))
        return f"{short(commit)} ({said})" if said else short(commit)
