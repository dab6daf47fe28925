"""The lines of all stacks: made once of what is stored, and kept for as long as the same is stored.

Of a thousand stacks that somebody looks at every few seconds, a handful has changed since.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from app.pages.stack_line import StackLine, stack_line
from workers.adapters.state.status import StackFacts
from workers.adapters.state.stored_facts import StoredFacts
from workers.runtime.cache import BoundedCache

_BYTES = 24 << 20


@dataclass(frozen=True, slots=True)
class _Made:
    """A line, and what it was made of."""

    text: str
    sight: str
    is_paused: bool
    line: StackLine


class StackLines:
    """Makes and keeps them, for all requests of a process."""

    def __init__(self) -> None:
        self._made: BoundedCache[_Made] = BoundedCache(_BYTES, lambda made: 1500 + len(made.text))

    def all(self, stored: StoredFacts, paused: Collection[str]) -> list[StackLine]:
        """The lines of stacks.

        Args:
            stored: what is known of them.
            paused: those that the catalog itself pauses.
        """
        return [self._line(stack, text, stored, stack in paused) for stack, text in stored.texts.items()]

    def _line(self, stack: str, text: str, stored: StoredFacts, is_paused: bool) -> StackLine:
        made = self._made.get(stack)
        if made is None or (made.text, made.sight, made.is_paused) != (text, stored.sight, is_paused):
            line = stack_line(_paused(stored.read(stack)) if is_paused else stored.read(stack))
            made = _Made(text, stored.sight, is_paused, line)
            self._made.put(stack, made)
        return made.line


def _paused(facts: StackFacts) -> StackFacts:
    return replace(facts, known=replace(facts.known, paused_by_option=True))
