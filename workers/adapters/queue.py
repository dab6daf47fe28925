"""Publishing tasks by name, without importing them.

A webhook is answered by way of this module, so it never waits long: a Redis that hangs costs two seconds, one
that has been restarted costs a second attempt. Many messages go out as one batch over one connection, which
takes a third of the time that as many `send_task` calls take (`benchmarks/fan_out.py`).
"""

from __future__ import annotations

import base64
import json
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any

from celery import Celery
from kombu.exceptions import KombuError
from kombu.messaging import Producer
from kombu.utils.uuid import uuid
from redis.exceptions import RedisError

from workers.adapters.copies import Copies
from workers.celery import DEPLOY_IF_CHANGED, NOTIFY, PULL, RECONCILE, deploy_queue, pull_queue
from workers.model.errors import RedisUnavailable
from workers.model.question import Question

TIMEOUT_SECONDS = 2.0
_CONNECT_SECONDS = 1.0
_QUICK_FAILURE = 0.5  # seconds; a failure that came sooner was a closed connection, and a new one may work
_AT_ONCE = 500  # messages in one go, so that Redis answers others in between
_UNREACHABLE = (RedisError, KombuError, OSError)


@dataclass(frozen=True, slots=True)
class Message:
    """One call of a task: its queue, its name, short arguments, and the same as people read them in Flower.

    Flower is told of each when it is sent, unless `is_told` is false, and in any case when a worker has received it.
    `expires`: seconds after which no worker begins with it any more; None: never.
    """

    queue: str
    task: str
    args: Sequence[str | bool | None]
    headers: dict[str, Any] = field(default_factory=dict)
    is_told: bool = True
    expires: float | None = None
    told: str = ""


def quick_message(stack_id: str, run: str | None, worker: str, *, force: bool = False) -> Message:
    """Decide about a stack on the quick queue. There may be thousands, and half of what each costs is telling of it."""
    args, told = _deploy_args(stack_id, run, force=force)
    return Message(pull_queue(worker), DEPLOY_IF_CHANGED, args, is_told=False, told=told)


def deploy_message(stack_id: str, run: str | None, worker: str, *, force: bool = False) -> Message:
    """Decide about a stack, and deploy it, on the queue of deployments."""
    args, told = _deploy_args(stack_id, run, force=force)
    return Message(deploy_queue(worker), DEPLOY_IF_CHANGED, args, told=told)


def pull_message(repo: str, run: str, worker: str) -> Message:
    """Pull a repo on a worker."""
    return Message(pull_queue(worker), PULL, (repo, run, worker), told=f"{repo} on {worker}, run {run}")


def reconcile_message(worker: str) -> Message:
    """Reconcile a worker."""
    return Message(pull_queue(worker), RECONCILE, (worker,), told=worker)


def notice_message(subject: str, news: str, run: str, worker: str) -> Message:
    """Tell how a stack, or a repo's pull, has ended.

    On the quick queue, for nobody wants to hear of a failure only once the deployments behind it are done. A receiver
    that does not answer holds up one slot there for five seconds, and is then left alone for half a minute.
    """
    return Message(pull_queue(worker), NOTIFY, (subject, news, run), told=f"{subject} {news}, run {run}")


def question_message(question: Question, identifier: str, worker: str, *, expires: float) -> Message:
    """Ask a worker something about a stack, on the quick queue. Who has asked does not wait for long."""
    args = (*question.args, identifier)
    return Message(pull_queue(worker), question.task, args, expires=expires, told=" ".join(filter(None, question.args)))


def _deploy_args(stack_id: str, run: str | None, *, force: bool) -> tuple[tuple[str | bool | None, ...], str]:
    """The arguments, and what they say."""
    told = f"{stack_id}, run {run}" if run else stack_id
    return ((stack_id, run, True), f"{told}, forced") if force else ((stack_id, run), told)


class Queue:
    """The queues of all workers, from a publisher's side. One per process; threads may share it.

    Args:
        app: makes the messages.
        broker_url: where they go; the app's own broker by default.
    """

    def __init__(self, app: Celery, broker_url: str | None = None) -> None:
        self._app = app
        self._broker_url = broker_url
        self._idle: deque[Producer] = deque()

    def publish_pull(self, repo: str, run: str, worker: str) -> None:
        """Let a worker pull a repo."""
        self.publish([pull_message(repo, run, worker)])

    def publish_deploy(self, stack_id: str, run: str | None, worker: str, force: bool = False) -> None:
        """Let a worker bring a stack up, if it needs that."""
        self.publish([deploy_message(stack_id, run, worker, force=force)])

    def publish_reconcile(self, worker: str) -> None:
        """Let a worker look at everything it has."""
        self.publish([reconcile_message(worker)])

    def publish(self, messages: Iterable[Message]) -> None:
        """Publish in order, as one batch.

        After an error some of them may be out already; every task is safe to run twice.

        Raises:
            RedisUnavailable: Redis did not take them, within two to three seconds.
        """
        wanted = list(messages)
        if not wanted:
            return
        started = time.monotonic()
        try:
            self._send(wanted)
        except RedisUnavailable:
            # A Redis that was restarted left the kept connection dead, which shows at once: try a new one.
            # One that hangs is not waited for twice.
            if time.monotonic() - started > _QUICK_FAILURE:
                raise
            self._send(wanted)

    def calls_in(self, queue: str) -> frozenset[tuple[str, str, str | None]]:
        """What waits in a queue, as (task, its first argument, its second); what a worker has taken is not in it.

        Raises:
            RedisUnavailable: Redis did not answer.
        """
        with self._producer() as producer, producer.channel.conn_or_acquire() as redis:
            return frozenset(filter(None, (_call_of(item) for item in redis.lrange(queue, 0, -1))))

    def close(self) -> None:
        """Close the connections that nobody is using; the next message opens one."""
        while self._idle:
            self._idle.pop().connection.release()

    def _send(self, messages: Sequence[Message]) -> None:
        with self._producer() as producer:
            for is_told, group in groupby(messages, lambda each: each.is_told):
                if is_told:
                    with producer.batch():  # type: ignore[no-untyped-call]
                        for message in group:
                            self._put(producer, uuid(), message.told, message)
                else:
                    self._put_copies(producer, list(group))

    def _put_copies(self, producer: Producer, messages: Sequence[Message]) -> None:
        """All of them at once, composed as few times as there are kinds."""
        copies: dict[tuple[str, str, str], Copies] = {}
        with producer.channel.conn_or_acquire() as redis, redis.pipeline(transaction=False) as pipeline:
            for number, each in enumerate(messages, 1):
                kind = each.queue, each.task, repr(each.headers)
                if kind not in copies:
                    copies[kind] = Copies(partial(self._put, message=each), each.queue)
                pipeline.lpush(each.queue, copies[kind].of(each.args, each.told))
                if number % _AT_ONCE == 0:
                    pipeline.execute()
            pipeline.execute()

    def _put(self, producer: Producer, identifier: str, shown: str, message: Message) -> None:
        """Celery's own message and signals, minus what `send_task` works out anew each time.

        Nothing is declared: on Redis a queue is a list, and publishing to it by name needs no binding.
        """
        amqp, parent = self._app.amqp, self._app.current_worker_task
        task_message = amqp.as_task_v2(
            identifier,
            message.task,
            list(message.args),
            {},
            root_id=parent.request.root_id or parent.request.id if parent else None,
            parent_id=parent.request.id if parent else None,
            argsrepr=shown,
            kwargsrepr="",
            ignore_result=True,
            expires=message.expires,
            create_sent_event=message.is_told,
        )
        amqp.send_task_message(
            producer,
            message.task,
            task_message,
            queue=message.queue,
            declare=[],
            retry=False,
            headers=message.headers,
        )

    @contextmanager
    def _producer(self) -> Iterator[Producer]:
        """A producer nobody else is using; it is kept for the next if all went well."""
        try:
            producer = self._idle.pop() if self._idle else self._connect()
        except IndexError:  # another thread was faster
            producer = self._connect()
        try:
            yield producer
        except _UNREACHABLE as error:
            producer.connection.release()
            raise _unavailable(error) from error
        self._idle.append(producer)

    def _connect(self) -> Producer:
        options = {
            **self._app.conf.broker_transport_options,
            "socket_timeout": TIMEOUT_SECONDS,
            "socket_connect_timeout": _CONNECT_SECONDS,
        }
        connection = self._app.connection_for_write(self._broker_url, transport_options=options)
        try:
            connection.ensure_connection(max_retries=0, reraise_as_library_errors=False)
            channel = connection.channel()
        except _UNREACHABLE as error:
            connection.release()
            raise _unavailable(error) from error
        return Producer(channel)  # type: ignore[no-untyped-call]


def _unavailable(error: Exception) -> RedisUnavailable:
    return RedisUnavailable(f"Redis did not take a message: {error.__cause__ or error}; see that it runs")


def _call_of(item: bytes) -> tuple[str, str, str | None] | None:
    """The call that a message in Redis is; None for whatever is none of ours."""
    try:
        message = json.loads(item)
        args, _, _ = json.loads(base64.b64decode(message["body"]))
        return message["headers"]["task"], str(args[0]), args[1] if len(args) > 1 else None
    except (ValueError, TypeError, KeyError, IndexError):
        return None
