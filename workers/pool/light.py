"""Tasks that are done without a request of Celery's: a thousand decisions that need nothing.

To make a request of a message, and to trace its call, took a third of what a quick decision cost. A task that can be
asked `at_a_glance` is asked that way first, about several calls at once; what has become of them is told and
acknowledged as Celery would. Whatever is not plain (called by hand, forced, tried again, revoked), and whatever a
glance does not settle, is done in full by Celery, with the same id.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from celery.app import trace
from celery.utils.saferepr import saferepr
from celery.worker import state, strategy

from workers.runtime.logs import get_logger

log = get_logger(__name__)

# With any of these in its headers a message is not plain.
_SPECIAL = ("eta", "expires", "retries", "shadow", "stamped_headers", "group")


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a task: the message's id, and its arguments."""

    id: str
    args: Sequence[Any]


class GlanceTask(Protocol):
    """A task that can be asked at a glance."""

    name: str

    def can_glance(self, queue: str, args: Sequence[Any]) -> bool:
        """Whether a call that came by this queue may be done that way."""

    def at_a_glance(self, calls: Sequence[Call]) -> Sequence[dict[str, Any] | Exception | None]:
        """Do several calls: what each gives, or ends with; None for one that is to be done in full."""


class LightJob:
    """A message whose task is to be asked at a glance.

    Args:
        task: the message's.
        call: what it says.
        message: Kombu's.
        work: tells and acknowledges.
    """

    def __init__(self, task: GlanceTask, call: Call, message: Any, work: LightWork) -> None:  # noqa: ANN401
        self.kin = task
        self.call = call
        self.message = message
        self.work = work

    @classmethod
    def run_all(cls, jobs: Sequence[LightJob]) -> None:
        """Do several of one task in this thread; nothing is raised."""
        jobs[0].work.do(jobs)

    def give_back(self) -> None:
        """Let another worker have the message, or this one when it is started again."""
        self.work.give_back(self.message)


class LightWork:
    """Stands before Celery's own handling of messages.

    Args:
        consumer: Celery's.
        tasks: those that can be asked at a glance, by name.
        submit: puts a job into the lane of what is quick.
        in_full: Celery's own handling.
    """

    def __init__(
        self,
        consumer: Any,  # noqa: ANN401 (Celery has no types)
        tasks: Mapping[str, GlanceTask],
        submit: Callable[[LightJob], None],
        in_full: Callable[[Any], object],
    ) -> None:
        self._consumer = consumer
        self._tasks = tasks
        self._submit = submit
        self._in_full = in_full

    def handle(self, message: Any) -> None:  # noqa: ANN401 (Kombu has no types)
        """Do what a message says, at a glance if that may be."""
        headers = message.headers
        task = self._tasks.get(headers.get("task", "")) if isinstance(headers, dict) else None
        call = _call_of(message, task) if task else None
        if task and call:
            self._submit(LightJob(task, call, message, self))
        else:
            self._in_full(message)

    def do(self, jobs: Sequence[LightJob]) -> None:
        """Ask a task about all of these, tell what that has settled, let Celery have the rest; nothing is raised."""
        settled: set[str] = set()
        for job, verdict, seconds in self._ask([each for each in jobs if each.call.id not in state.revoked]):
            settled.add(job.call.id)
            try:
                self._tell(job, verdict, seconds)
            except Exception:
                log.exception("a bug in a task's end", task=job.call.id)
        done = [job.message for job in jobs if job.call.id in settled]
        self._consumer.call_soon(self._acknowledge, done)
        for job in jobs:
            if job.call.id not in settled:
                self._in_full(job.message)

    def give_back(self, message: Any) -> None:  # noqa: ANN401
        """Let a message go back to its queue; called in the loop's own thread."""
        message.reject_log_error(strategy.logger, self._consumer.connection_errors, requeue=True)

    def _acknowledge(self, messages: Collection[Any]) -> None:
        for each in messages:
            each.ack_log_error(strategy.logger, self._consumer.connection_errors)

    def _ask(self, jobs: Sequence[LightJob]) -> Iterator[tuple[LightJob, dict[str, Any] | Exception, float]]:
        """What has become of each job that a glance settles, and in how many seconds."""
        began = time.monotonic()
        try:
            verdicts = jobs[0].kin.at_a_glance([job.call for job in jobs]) if jobs else []
        except Exception as error:  # noqa: BLE001 (each meets with it again, and says so)
            log.info("tasks are done one by one", error=str(error))
            return
        seconds = (time.monotonic() - began) / max(1, len(jobs))
        yield from ((job, each, seconds) for job, each in zip(jobs, verdicts, strict=True) if each is not None)

    def _tell(self, job: LightJob, verdict: dict[str, Any] | Exception, seconds: float) -> None:
        """Tell of a task what Celery tells of each: that it has come, begun and ended, and how."""
        headers, name, task_id = job.message.headers, job.kin.name, job.call.id
        state.total_count[name] += 1
        state.all_total_count[0] += 1
        called = {key: headers.get(f"{key}repr", "") for key in ("args", "kwargs")}
        events = self._consumer.event_dispatcher
        if events and events.enabled:
            kin = {key: headers.get(key) for key in ("root_id", "parent_id")}
            events.send("task-received", uuid=task_id, name=name, **called, **kin, retries=0, eta=None, expires=None)
            events.send("task-started", uuid=task_id)
            how, fields = _ending(verdict, seconds)
            events.send(how, uuid=task_id, **fields)
        if strategy.logger.isEnabledFor(logging.INFO):
            _write(task_id, name, verdict, seconds)


def _call_of(message: Any, task: GlanceTask) -> Call | None:  # noqa: ANN401 (Kombu has no types)
    """What a plain message says; None: it is to be done in full."""
    headers, delivered = message.headers, message.delivery_info
    if delivered.get("redelivered") or any(map(headers.get, _SPECIAL)) or any(headers.get("timelimit") or ()):
        return None
    try:
        args, kwargs, _ = message.payload
    except Exception:  # noqa: BLE001 (Celery will say what is wrong with it)
        return None
    is_plain = not kwargs and task.can_glance(delivered.get("routing_key", ""), args)
    return Call(headers["id"], args) if is_plain else None


def _ending(verdict: dict[str, Any] | Exception, seconds: float) -> tuple[str, dict[str, Any]]:
    """The event that tells how a task has ended, and its fields."""
    if isinstance(verdict, Exception):
        return "task-failed", {"exception": saferepr(verdict), "traceback": f"{type(verdict).__name__}: {verdict}"}
    return "task-succeeded", {"result": repr(verdict), "runtime": seconds}


def _write(task_id: str, name: str, verdict: dict[str, Any] | Exception, seconds: float) -> None:
    """Celery's own lines about a task."""
    said = {"id": task_id, "name": name}
    strategy.logger.info(trace.LOG_RECEIVED, said)
    if isinstance(verdict, Exception):
        said |= {"description": trace.log_policy_expected.description, "exc": saferepr(verdict)}
        trace.logger.info(trace.LOG_FAILURE, said)
    else:
        trace.logger.info(trace.LOG_SUCCESS, {**said, "runtime": seconds, "return_value": repr(verdict)})
