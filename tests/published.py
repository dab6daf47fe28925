"""What stands where the queue would be, in tests that need no worker."""

from __future__ import annotations

from collections.abc import Iterable

from workers.adapters.queue import Message, Queue


class Published(Queue):
    """Remembers for which stacks tasks were published."""

    def __init__(self) -> None:
        self.stacks: list[str] = []

    def publish(self, messages: Iterable[Message]) -> None:
        self.stacks += [str(each.args[0]) for each in messages if "/" in str(each.args[0])]

    def close(self) -> None:
        """There is no connection."""
