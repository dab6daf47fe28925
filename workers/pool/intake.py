"""Which of its queues a worker asks for more: not the one whose lane has enough waiting.

What has not been taken stays in Redis: the metrics count it, reconcile sees that it is not lost, and a killed worker
cannot hold on to it. One consumer takes from both queues, so Celery's own bound would let a
thousand deployments keep a pull from being taken.
"""

from __future__ import annotations

from collections.abc import Callable

from kombu.utils.scheduling import round_robin_cycle

_room: dict[str, Callable[[], int]] = {}


def ask_only_for(queue: str, room: Callable[[], int]) -> None:
    """Take from a queue of this process only as many messages as there is room for."""
    _room[queue] = room


def room_for(queue: str) -> int:
    """How many messages of a queue may be taken; one of a queue about which nothing was said."""
    return _room[queue]() if queue in _room else 1


def has_room_for_all() -> bool:
    """Whether something may be taken of every queue."""
    return all(room() for room in _room.values())


class Intake(round_robin_cycle):
    """Kombu's order of queues (`queue_order_strategy`), without those that have enough.

    Attributes:
        last: the queue that had a message last.
    """

    last = ""

    def rotate(self, last_used: str) -> str:
        """Let the queue that had a message be the last to be asked."""
        self.last = super().rotate(last_used)  # type: ignore[no-untyped-call]
        return self.last

    def consume(self, n: int) -> list[str]:
        """The queues to wait for a message of."""
        return [queue for queue in super().consume(n) if room_for(queue)]  # type: ignore[no-untyped-call]
