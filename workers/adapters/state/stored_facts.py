"""What is stored of many stacks, as it was read: whoever has made something of the same text need not do so again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from workers.adapters.state.live import current, sight
from workers.adapters.state.marks import Hold, Pause, Pin
from workers.adapters.state.status import Known, StackFacts

_M = TypeVar("_M")


@dataclass(frozen=True)
class StoredFacts:
    """The facts of stacks before they are parsed.

    Attributes:
        texts: of each stack, as the script `facts` makes it.
        watchers: what each has said last.
        clock: the time by Redis' clock, in seconds.
    """

    texts: Mapping[str, str]
    watchers: Mapping[str, str]
    clock: int

    @cached_property
    def sight(self) -> str:
        """What the watchers see: with it, equal texts are equal facts."""
        return sight(self.watchers, self.clock)

    def read(self, stack: str) -> StackFacts:
        """All that is known of one of them."""
        stored = json.loads(self.texts[stack])
        return StackFacts(
            stack,
            Known.from_json(stored["status"]),
            _mark(stored["pause"], Pause.from_json),
            _mark(stored["hold"], Hold.from_json),
            _mark(stored["pin"], Pin.from_json),
            live=current(stored["live"], self.watchers, self.clock),
            leased=bool(stored["leased"]),
            waiting=bool(stored["waiting"]),
        )


def _mark(stored: Mapping[str, Any] | None, parse: Callable[[Mapping[str, Any]], _M]) -> _M | None:
    return None if stored is None else parse(stored)
