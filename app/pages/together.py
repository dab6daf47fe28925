"""One answer for all who ask the same at the same moment, as twenty open pages do when something has happened."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Round:
    """What is asked for: `begun` counts how often it was made, `made` is the last of these that has ended."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    asking: int = 0
    begun: int = 0
    made: int = 0
    answer: str = ""


class Together:
    """Makes answers. Nobody is given one that was begun before he asked, so none is older than it would be alone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rounds: dict[Hashable, _Round] = {}

    def answer(self, key: Hashable, make: Callable[[], str]) -> str:
        """The answer to what `key` stands for.

        Args:
            key: whoever has the same one wants the same.
            make: makes it; what it raises is of this one alone.
        """
        with self._lock:
            mine = self._rounds.setdefault(key, _Round())
            mine.asking += 1
            before = mine.begun
        try:
            with mine.lock:
                if mine.made > before:
                    return mine.answer
                with self._lock:
                    mine.begun += 1
                number = mine.begun
                mine.answer = make()
                mine.made = number
                return mine.answer
        finally:
            with self._lock:
                mine.asking -= 1
                if not mine.asking:
                    self._rounds.pop(key, None)
