"""The tasks of a run's stacks: what is to be deployed first, and what needs nothing when nobody minds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from workers.adapters.queue import Message, deploy_message, quick_message
from workers.catalog.stacks import Planned
from workers.runtime.giving_way import give_way
from workers.services import Services

# Seconds in which deployments that have just been published have the machine for themselves, until they only wait for
# health. Nobody waits for stacks that need nothing; to look at a thousand of them, and to decide about them, at the
# same time made `docker compose up` half as slow again, `nice` or not.
HEAD_START = 1.0
_UNTIL_BEGUN = 0.2


class Tasks:
    """The tasks of one run: deployments at once, quick decisions too, unless deployments get their head start first.

    Args:
        services: the process's.
        run: the run.
        worker: this worker.
    """

    def __init__(self, services: Services, run: str, worker: str) -> None:
        self._services = services
        self._run = run
        self._worker = worker
        self._is_ahead = False
        self._held: list[Planned] = []

    def deploy(self, planned: Sequence[Planned]) -> None:
        """Publish what seems to have changed."""
        self._publish([(each, deploy_message(each.stack.id, self._run, self._worker)) for each in planned])
        self._is_ahead = self._is_ahead or bool(planned)

    def decide(self, planned: Iterable[Planned]) -> None:
        """Publish what seems to be unchanged, or keep it for later."""
        if self._is_ahead:
            self._held += planned
        else:
            self._publish([(each, quick_message(each.stack.id, self._run, self._worker)) for each in planned])

    def decide_at_once(self, planned: Iterable[Planned]) -> None:
        """Publish those of these that are kept."""
        wanted = {each.stack.id for each in planned}
        kept, self._held = self._held, [each for each in self._held if each.stack.id not in wanted]
        self._publish(
            [(each, quick_message(each.stack.id, self._run, self._worker)) for each in kept if each.stack.id in wanted]
        )

    def give_way(self, *, to_others: bool = False) -> None:
        """Let deployments that were published have their head start, and publish what was kept.

        Args:
            to_others: whether there is more to be done after it than what was kept.
        """
        if self._is_ahead and (to_others or self._held):
            give_way(least=_UNTIL_BEGUN, most=HEAD_START)
            self._is_ahead = False
            held, self._held = self._held, []
            self.decide(held)

    def _publish(self, messages: Sequence[tuple[Planned, Message]]) -> None:
        """Let the run wait for these stacks, and publish a task for each that nobody has published one for yet."""
        if messages:
            stacks = [(each.stack.id, each.commit) for each, _ in messages]
            needed = set(self._services.state.runs.plan(self._run, stacks))
            self._services.queue.publish(message for each, message in messages if each.stack.id in needed)
