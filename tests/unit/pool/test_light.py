"""What is done at a glance is told and acknowledged as Celery would; everything else is Celery's."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from celery.worker import state

from workers.model.errors import DeploymentFailed
from workers.pool.light import Call, LightJob, LightWork

QUEUE = "quick"


class Events:
    """Celery's dispatcher, as far as it is used."""

    enabled = True

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.broken_for = ""

    def send(self, kind: str, **fields: Any) -> None:
        if fields["uuid"] == self.broken_for:
            raise ConnectionError
        self.sent.append((kind, fields))

    def of(self, identifier: str) -> dict[str, dict[str, Any]]:
        return {kind: fields for kind, fields in self.sent if fields["uuid"] == identifier}


class Consumer:
    """Celery's consumer, as far as it is used: what is to be done soon is done at once."""

    connection_errors = (OSError,)

    def __init__(self) -> None:
        self.event_dispatcher = Events()

    @staticmethod
    def call_soon(act: Callable[..., object], *args: object) -> None:
        act(*args)


class Message:
    """Kombu's message of a plain call."""

    def __init__(self, identifier: str = "t1", args: Any = ("x/app", "01a"), **headers: Any) -> None:
        nothing = {"eta": None, "expires": None, "retries": 0, "timelimit": [None, None], "group": None}
        self.headers = {"id": identifier, "task": "test.light", "argsrepr": "x/app, run 01a", "root_id": "r", **nothing}
        self.headers |= headers
        self.delivery_info = {"routing_key": QUEUE}
        self.body: Any = [args, {}, {}]
        self.told: list[str] = []

    @property
    def payload(self) -> Any:
        if isinstance(self.body, Exception):
            raise self.body
        return self.body

    def ack_log_error(self, _: object, errors: object) -> None:
        assert errors == Consumer.connection_errors
        self.told.append("acknowledged")

    def reject_log_error(self, _: object, errors: object, *, requeue: bool) -> None:
        assert errors == Consumer.connection_errors
        self.told.append(f"given back: {requeue}")


class Task:
    """Gives for each call what its first argument says."""

    name = "test.light"

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.gives: dict[str, Any] = {}
        self.breaks: Exception | None = None

    @staticmethod
    def can_glance(queue: str, args: Sequence[Any]) -> bool:
        return queue == QUEUE and args[0] != "forced"

    def at_a_glance(self, calls: Sequence[Call]) -> list[Any]:
        self.asked.append([call.id for call in calls])
        if self.breaks:
            raise self.breaks
        return [self.gives.get(call.id, {"stack": call.args[0]}) for call in calls]


class World:
    """Messages come in, and what is not taken at a glance goes to `in_full`."""

    def __init__(self) -> None:
        self.task, self.consumer = Task(), Consumer()
        self.in_full: list[Message] = []
        self.jobs: list[LightJob] = []
        self.work = LightWork(self.consumer, {Task.name: self.task}, self.jobs.append, self.in_full.append)

    @property
    def events(self) -> Events:
        return self.consumer.event_dispatcher

    def do(self, *messages: Message) -> None:
        for each in messages:
            self.work.handle(each)
        if self.jobs:
            LightJob.run_all(self.jobs)


@pytest.fixture
def world() -> Iterator[World]:
    yield World()
    state.revoked.clear()


def test_plain_calls_are_asked_together_told_and_acknowledged(world: World) -> None:
    first, second = Message("t1"), Message("t2", ("x/db", "01a"))
    before = state.total_count["test.light"]
    world.do(first, second)
    assert (world.task.asked, world.in_full) == ([["t1", "t2"]], [])
    told = world.events.of("t2")
    assert list(told) == ["task-received", "task-started", "task-succeeded"]
    assert {"name": "test.light", "args": "x/app, run 01a", "root_id": "r"}.items() <= told["task-received"].items()
    assert told["task-succeeded"]["result"] == "{'stack': 'x/db'}"
    assert first.told == second.told == ["acknowledged"]
    assert state.total_count["test.light"] == before + 2


@pytest.mark.parametrize(
    "change",
    [
        {"eta": "2026-01-01T00:00:00"},
        {"expires": "2026-01-01T00:00:00"},
        {"retries": 1},
        {"timelimit": [None, 5]},
        {"stamped_headers": ["by"]},
        {"group": "g"},
        {"shadow": "other"},
        {"task": "test.other"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_is_not_plain_is_celerys(world: World, change: dict[str, Any]) -> None:
    message = Message(**change)
    world.do(message)
    assert (world.jobs, world.in_full) == ([], [message])
    assert not world.events.sent


def test_nor_is_what_came_again_or_otherwise_or_cannot_be_read(world: World) -> None:
    again, elsewhere, forced, named, unread = (Message() for _ in range(5))
    again.delivery_info["redelivered"] = "yes"
    elsewhere.delivery_info["routing_key"] = "other"
    forced.body[0] = ("forced", "01a")
    named.body[1] = {"stack": "x/app"}
    unread.body = ValueError("no JSON")
    old: Any = Message()
    old.headers = None
    world.do(again, elsewhere, forced, named, unread, old)
    assert (world.jobs, world.in_full) == ([], [again, elsewhere, forced, named, unread, old])


def test_what_a_glance_does_not_settle_is_done_in_full_and_the_others_are_not(world: World) -> None:
    world.task.gives["t2"] = None
    first, second = Message("t1"), Message("t2")
    world.do(first, second)
    assert (first.told, second.told, world.in_full) == (["acknowledged"], [], [second])
    assert world.events.of("t2") == {}


def test_where_asking_breaks_all_are_done_in_full(world: World) -> None:
    world.task.breaks = ConnectionError("Redis is away")
    messages = [Message("t1"), Message("t2")]
    world.do(*messages)
    assert world.in_full == messages
    assert not world.events.sent


def test_what_was_revoked_meanwhile_is_left_to_celery(world: World) -> None:
    state.revoked.add("t1")
    revoked, other = Message("t1"), Message("t2")
    world.do(revoked, other)
    assert (world.task.asked, world.in_full, other.told) == ([["t2"]], [revoked], ["acknowledged"])


def test_a_failure_is_told_as_one_sentence(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.task.gives["t1"] = DeploymentFailed("x/app", "invalid", "no such file")
    message = Message()
    with caplog.at_level(logging.INFO, "celery"):
        world.do(message)
    told = world.events.of("t1")["task-failed"]
    assert told["traceback"] == f"DeploymentFailed: {world.task.gives['t1']}"
    assert "no such file" in told["exception"]
    assert message.told == ["acknowledged"]
    assert [each.getMessage().split("]")[1].strip()[:15] for each in caplog.records] == ["received", "raised expected"]


def test_celerys_own_lines_are_written_where_they_are_wanted(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.do(Message("t1"))
    assert caplog.records == []
    world.jobs.clear()
    with caplog.at_level(logging.INFO, "celery"):
        world.do(Message("t2"))
    received, succeeded = (each.getMessage() for each in caplog.records)
    assert received == "Task test.light[t2] received"
    assert succeeded.endswith("s: {'stack': 'x/app'}")


def test_what_cannot_be_told_of_is_acknowledged_all_the_same(world: World) -> None:
    world.events.broken_for = "t1"
    first, second = Message("t1"), Message("t2")
    world.do(first, second)
    assert (first.told, second.told, world.in_full) == (["acknowledged"], ["acknowledged"], [])
    assert "task-succeeded" in world.events.of("t2")


def test_a_message_that_has_not_begun_can_be_given_back(world: World) -> None:
    message = Message()
    world.work.handle(message)
    world.jobs[0].give_back()
    assert message.told == ["given back: True"]
