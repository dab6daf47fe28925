"""What leaves the state becomes messages: tasks for stacks whose turn has come, notices of endings that are news."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from workers.adapters.queue import Message, Queue, deploy_message, notice_message
from workers.adapters.state.deployments import Deployments
from workers.adapters.state.notices import Notices
from workers.adapters.state.waiting_for_others import Released
from workers.catalog import CatalogFile
from workers.model.errors import TeguError
from workers.model.news import Ended, due
from workers.model.stack import Receiver
from workers.runtime.logs import get_logger


class Outbox:
    """Publishes what a change of state sets free (`workers.adapters.state.outgoing`).

    Args:
        queue: where it goes.
        catalog: who wants to hear of what, and whose worker tells it.
        deployments: what an ended deployment was of.
        notices: what was told before.
        worker: tells of what belongs to no environment.
    """

    def __init__(
        self, queue: Queue, catalog: CatalogFile, deployments: Deployments, notices: Notices, worker: str
    ) -> None:
        self._queue = queue
        self._catalog = catalog
        self._deployments = deployments
        self._notices = notices
        self._worker = worker

    def released(self, stacks: Sequence[Released]) -> None:
        """Publish the stacks that had to wait for others of their run.

        Raises:
            RedisUnavailable: not all of them are published.
        """
        self._queue.publish(deploy_message(each.stack, each.run, each.worker, force=each.force) for each in stacks)

    def ended(self, endings: Sequence[Ended]) -> None:
        """Publish a notice of each ending that is news to somebody. What cannot be done now is let be: it has ended."""
        try:
            if receivers := self._catalog.current().receivers:
                self._queue.publish(filter(None, (self._notice(ended, receivers) for ended in endings)))
        except TeguError as error:
            get_logger(__name__).warning("notices not queued", error=str(error))

    def _notice(self, ended: Ended, receivers: Iterable[Receiver]) -> Message | None:
        if ended.deployment and (ended.outcome.bad or ended.told):
            known = self._deployments.get(ended.deployment)
            ended = replace(ended, fingerprint=known.fingerprint if known else None)
        found = due(ended, receivers)
        if found is None or (found.told != ended.told and not self._notices.remember(ended, found.told)):
            return None
        return notice_message(ended.subject, found.news, ended.run, self._worker_of(ended)) if found.news else None

    def _worker_of(self, ended: Ended) -> str:
        environment = self._catalog.current().environments.get(ended.subject.partition("/")[0])
        return ended.worker or (environment.worker if environment else self._worker)
