"""Whether newer content waits for a stack, while somebody still waits for older content to become healthy.

A fix that is pushed need not wait until what it mends has failed for good and was taken back.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from workers.changes.snapshot import Snapshot
from workers.deploy.decide import decide
from workers.deploy.gate import gate
from workers.deploy.observe import without_engine
from workers.deploy.observed import Observed, Request
from workers.deploy.plans import Deploy, Plan, Rest, WriteFiles
from workers.deploy.sight import Sight
from workers.deploy.target import At
from workers.model.errors import GitUnavailable, RedisUnavailable, UnknownName
from workers.model.stack import Stack
from workers.model.words import Reason
from workers.services import Services


def newer_than(services: Services, observed: Observed, snapshot: Snapshot) -> Callable[[], str | None]:
    """What gives the newest commit once a run waits for it and it is to be deployed instead of some content.

    Nothing is given for a stack that follows no ref just now, or that brings its data or its project along from
    elsewhere: that is gone through with.

    Args:
        services: the process's.
        observed: what the deployment under way was made from.
        snapshot: the content that it brings.
    """
    stack, known = observed.stack, observed.newest
    target = observed.target
    follows = isinstance(target, At) and target.pin is None
    if not follows or observed.has_moved or observed.is_of_another_repo or observed.adoption:
        return lambda: None

    def look() -> str | None:
        nonlocal known
        with suppress(RedisUnavailable, GitUnavailable, UnknownName):  # then it goes on waiting
            if services.state.runs.waiting(stack.id):
                newest = Sight(services, stack).newest()
                if newest not in {None, known}:
                    known = newest
                    return newest if _is_wanted(services, stack, observed, snapshot) else None
        return None

    return look


def _is_wanted(services: Services, stack: Stack, observed: Observed, snapshot: Snapshot) -> bool:
    """Whether the next look would bring the stack to other content; what is deployed already is that, too."""
    facts = services.state.facts([stack.id])[stack.id]
    seen = without_engine(services, stack, Request(), datetime.now(UTC), deployed=observed.deployed, facts=facts)
    content = _content(gate(seen, decide(seen, Sight(services, stack))))
    return content is not None and content.fingerprint != snapshot.fingerprint


def _content(plan: Plan) -> Snapshot | None:
    """What a plan brings the stack to; None where it is left alone for a reason."""
    match plan:
        case Deploy() | WriteFiles():
            return plan.snapshot
        case Rest() if plan.decision.reason is Reason.UNCHANGED:
            return plan.snapshot
        case _:
            return None
