"""Trying again what failed before anything was touched: when its time comes, and when the way may be free again.

Nobody has asked for these stacks, so what is paused or stopped stays so. A stack that waits for somebody already, or is
being deployed, is looked at anyway.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from workers.adapters.queue import deploy_message
from workers.adapters.state.status import StackFacts
from workers.model.errors import UnknownName
from workers.model.stack import Stack
from workers.model.words import Reason, Trigger
from workers.runtime.logs import get_logger
from workers.services import Services

log = get_logger(__name__)

_CLAIMED_FOR = timedelta(minutes=2)
"""How long whoever has taken on a stack that is due has until somebody else does. Its deployment sets the next time."""


def look_again(services: Services, docker_host: str) -> tuple[str, ...]:
    """Let every stack of this worker be tried again that was obstructed on an engine where something has changed.

    Args:
        services: the process's.
        docker_host: the engine's address.

    Returns:
        The stacks for which a deployment was published.

    Raises:
        RedisUnavailable: not everything was published; their time comes anyway.
    """
    held = services.state.holds.all()
    obstructed = _own(services, (stack for stack, hold in held.items() if hold.is_obstructed))
    return _try_again(services, [stack for stack in obstructed if stack.docker_host == docker_host])


def try_due(services: Services, now: datetime) -> tuple[str, ...]:
    """Let every stack of this worker be tried again whose time has come; those for which that was published.

    Raises:
        RedisUnavailable: not everything was published; whatever was taken on is due again in two minutes.
    """
    holds = services.state.holds
    if not (due := holds.due(now)):
        return ()
    own = {stack.id: stack for stack in _own(services, due)}
    claimed = holds.claim_due(own, now, now + _CLAIMED_FOR) if own else ()
    return _try_again(services, [own[stack] for stack in claimed])


def _own(services: Services, stacks: Iterable[str]) -> Iterable[Stack]:
    for each in stacks:
        try:
            stack = services.stacks.find(each)
        except UnknownName:
            services.state.holds.forget_time(each)
            continue
        if stack.worker == services.settings.worker:
            yield stack


def _try_again(services: Services, stacks: Iterable[Stack]) -> tuple[str, ...]:
    by_repo: dict[str, list[Stack]] = defaultdict(list)
    known = {stack.id: stack for stack in stacks}
    for identifier, facts in services.state.facts(known).items() if known else ():
        if _is_over(facts):
            services.state.holds.forget_time(identifier)
        elif _may_be_tried(known[identifier], facts):
            by_repo[known[identifier].repo].append(known[identifier])
    for repo, wanted in by_repo.items():
        run = services.state.runs.create(repo, Trigger.RETRY, ())
        needed = set(services.state.runs.plan(run, [(stack.id, "") for stack in wanted]))
        services.queue.publish(deploy_message(each.id, run, each.worker) for each in wanted if each.id in needed)
    tried = tuple(stack.id for wanted in by_repo.values() for stack in wanted)
    if tried:
        log.info("trying again", stacks=list(tried))
    return tried


def _is_over(facts: StackFacts) -> bool:
    """Whether what is held is not wanted any more: what runs is what should."""
    decision = facts.known.last_decision
    return facts.hold is None or (decision is not None and decision.reason is Reason.UNCHANGED)


def _may_be_tried(stack: Stack, facts: StackFacts) -> bool:
    known = facts.known
    is_left_alone = facts.pause or stack.options.paused or known.stopped or known.removed
    return not (facts.leased or facts.waiting or is_left_alone)
