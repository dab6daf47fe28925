"""Which of its queues a worker asks for more: not the one whose lane has enough waiting.

What has not been taken stays in Redis: the metrics count it, reconcile sees that it is not lost, and a killed worker
cannot hold on to it. One consumer takes from both queues, so Celery's own bound would let a
thousand deployments keep a pull from being taken.
"""

from __future__ import annotations

from collections.abc import Callable

from kombu.transport.redis import Channel, Transport
from kombu.utils.scheduling import round_robin_cycle

# Seconds that Redis keeps the consumer waiting for a message: an idle worker asks six times a minute, not sixty. What
# a lane has room for again while only the other queue is waited for is asked for soon.
_ALL, _SOME = 10, 0.1

_full: dict[str, Callable[[], bool]] = {}


def ask_only_if(queue: str, wants_more: Callable[[], bool]) -> None:
    """Take from a queue of this process only while more is wanted."""
    _full[queue] = wants_more


class Intake(round_robin_cycle):
    """Kombu's order of queues (`queue_order_strategy`), without those that have enough."""

    def consume(self, n: int) -> list[str]:
        """The queues to wait for a message of."""
        queues = super().consume(n)  # type: ignore[no-untyped-call]
        return [queue for queue in queues if queue not in _full or _full[queue]()]


class PatientChannel(Channel):
    """Kombu's, but what it waits for decides for how long."""

    def _brpop_start(self, timeout: float | None = None) -> None:
        self.brpop_timeout = _ALL if all(wants_more() for wants_more in _full.values()) else _SOME
        super()._brpop_start(timeout)  # type: ignore[no-untyped-call]


def wait_patiently() -> None:
    """Let the consumer of this process, which has not connected yet, wait as long as that makes sense."""
    Transport.Channel = PatientChannel
