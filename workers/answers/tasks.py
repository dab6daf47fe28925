"""Celery's door to the answers: a question in, the answer to Redis, and of it to Flower what fits in a line."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from workers.answers.compose_line import compose_line
from workers.answers.difference import differences
from workers.answers.order import foretold
from workers.celery import COMPOSE, DIFF, PLAN, QUESTION_LIMIT, app
from workers.deploy.known import find_known
from workers.model.errors import TeguError, UsageError
from workers.model.question import AT_ONCE, Order, Question
from workers.model.stack import Stack
from workers.runtime.logs import log_context
from workers.runtime.masking import masked
from workers.services import Services, services_of_this_process

current_services = services_of_this_process

_turns = threading.BoundedSemaphore(AT_ONCE)
_LIMIT = QUESTION_LIMIT.total_seconds()
Answer = dict[str, Any]
Make = Callable[[Services, Stack], tuple[Answer, Answer]]


@app.task(name=PLAN, time_limit=_LIMIT)  # type: ignore[untyped-decorator]
def plan(stack: str, order: str = Order.NOTHING, detail: str = "", question: str | None = None) -> Answer:
    """What would come of an order, or of the next look: nothing is done."""
    wanted = order_named(order)

    def make(services: Services, found: Stack) -> tuple[Answer, Answer]:
        said = foretold(services, found, wanted, detail)
        return said.to_json(), {"action": said.decision.action, "reason": said.decision.reason}

    return answered(Question(PLAN, stack, wanted, detail), question, make)


@app.task(name=DIFF, time_limit=_LIMIT)  # type: ignore[untyped-decorator]
def diff(stack: str, question: str | None = None) -> Answer:
    """What differs between what is deployed of a stack and the newest commit."""

    def make(services: Services, found: Stack) -> tuple[Answer, Answer]:
        said = differences(services, found)
        return said.to_json(), {"files": len(said.files), "inputs": len(said.inputs)}

    return answered(Question(DIFF, stack), question, make)


@app.task(name=COMPOSE, time_limit=_LIMIT)  # type: ignore[untyped-decorator]
def compose(stack: str, question: str | None = None) -> Answer:
    """How Compose is called for a stack."""

    def make(services: Services, found: Stack) -> tuple[Answer, Answer]:
        said = compose_line(services, found).to_json()
        return said, {"command": said["command"]}

    return answered(Question(COMPOSE, stack), question, make)


def order_named(name: str) -> Order:
    """An order by its name.

    Raises:
        UsageError: there is none of this name.
    """
    try:
        return Order(name)
    except ValueError as error:
        message = f"there is no order {name!r}, only {', '.join(Order)}"
        raise UsageError(message) from error


def answered(question: Question, identifier: str | None, make: Make) -> Answer:
    """Answer a question, unless nobody waits for that any more.

    Args:
        question: the question.
        identifier: by which it is answered; None: somebody has called the task by hand, and sees the result.
        make: makes the answer, and what is said of it in a line.

    Raises:
        UserError: somebody has called the task by hand, and it cannot be answered.
    """
    services = current_services()
    with log_context(stack=question.stack):
        if identifier is None:
            return {"stack": question.stack, **make(services, _found(services, question.stack))[1]}
        if not services.state.questions.begin(question, identifier):
            return {"stack": question.stack, "answered": False}
        if not _turns.acquire(blocking=False):  # to wait would take the slot of a pull
            _answer(services, question, identifier, {"busy": True})
            return {"stack": question.stack, "answered": False}
        try:
            return {"stack": question.stack, **_answered(services, question, identifier, make)}
        finally:
            _turns.release()


def _answered(services: Services, question: Question, identifier: str, make: Make) -> Answer:
    """Answer, with a reason where that cannot be. What is said of it in a line."""
    try:
        answer, line = make(services, _found(services, question.stack))
    except Exception as error:
        _answer(services, question, identifier, {"error": _told(error)})
        if not isinstance(error, TeguError):
            raise
        return {"error": _told(error)}
    _answer(services, question, identifier, answer)
    return line


def _answer(services: Services, question: Question, identifier: str, answer: Answer) -> None:
    services.state.questions.answer(question, identifier, masked(json.dumps(answer)))


def _found(services: Services, name: str) -> Stack:
    """The stack, if it is this worker's to answer for.

    Raises:
        UnknownName: nothing is known of it.
        UsageError: it is another worker's.
    """
    stack = find_known(services, name)
    if stack.worker != services.settings.worker:
        message = f"{stack.id} is on worker {stack.worker}; this is {services.settings.worker}"
        raise UsageError(message)
    return stack


def _told(error: Exception) -> str:
    if isinstance(error, TeguError):
        return masked(str(error))
    return f"a bug in Tegu ({type(error).__name__}); the worker's log says more"
