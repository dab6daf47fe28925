"""Stacks that the catalog has given to another worker, and what still runs of them on this one's host.

Once the other worker has deployed such a stack, its containers here become what its `when_removed` says: kept and
reported, stopped, or taken down. Until then they go on running, so that a stack whose data has to be brought along
first is not gone meanwhile. What Redis knows of the stack is the other worker's by then: only this host's journal
remembers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workers.adapters.state.clock import now
from workers.adapters.state.journal import JournalEntry
from workers.adapters.state.marks import HandedOver
from workers.deploy.take_down import ARGV, DONE, KEEP, obstacle, stack_of, undeploy
from workers.model.errors import Busy, CommandFailed, EngineUnavailable
from workers.model.stack import Policy, Stack
from workers.runtime.logs import get_logger
from workers.services import Services

log = get_logger(__name__)

_LOCK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Remnant:
    """A stack that another worker has deployed since, as this one has left it.

    Attributes:
        stack: as it was deployed here.
        to: the other worker.
        policy: its `when_removed`.
        journal: what this host knows of it.
        theirs: the ids of the containers that the other worker has recorded.
    """

    stack: Stack
    to: str
    policy: Policy
    journal: JournalEntry
    theirs: frozenset[str]


def see_off(services: Services, worker: str) -> tuple[str, ...]:
    """Do what is to be done about stacks that have gone to another worker; those about which something was done."""
    done = []
    for stack in services.stacks.all():
        if stack.worker == worker or not services.state.journal.exists(stack.id):
            continue
        try:
            # Only this host's lock: the lease in Redis is for the worker that has the stack now.
            with services.state.stack_lock.hold(stack.id, timeout=_LOCK_SECONDS) as lock:
                found = _remnant(services, stack, worker)
                if found is not None and _settle(services, found, lock):
                    done.append(stack.id)
        except (Busy, CommandFailed, EngineUnavailable) as error:
            log.warning("stack of another worker not seen to", stack=stack.id, worker=stack.worker, error=str(error))
    return tuple(done)


def remnants(services: Services, worker: str) -> tuple[tuple[str, str, str], ...]:
    """Stacks that have gone to another worker and run here still: the stack, that worker, and the project here.

    Raises:
        EngineUnavailable: an engine is away.
    """
    found = []
    for identifier, journal in services.state.journal.all().items():
        left, record = journal.left, journal.record
        if left is None or record is None or left.to == worker or left.done != KEEP or left.theirs:
            continue
        stack = stack_of(identifier, record)
        if any(each.running for each in services.containers(stack.docker_host).containers(stack.project)):
            found.append((identifier, left.to, stack.project))
    return tuple(found)


def _remnant(services: Services, stack: Stack, worker: str) -> Remnant | None:
    """None when nothing was deployed here, or when the other worker has not deployed it yet."""
    journal = services.state.journal.load(stack.id)
    record, known = journal.record, services.state.records.get(stack.id)
    to = (known and known.worker) or worker
    if record is None or known is None or to == worker or (record.worker or worker) != worker:
        return None
    theirs = frozenset(each.id for each in known.containers.values())
    return Remnant(stack_of(stack.id, record), to, stack.options.when_removed, journal, theirs)


def _settle(services: Services, found: Remnant, lock: int) -> bool:
    """Whether anything was to be done or told."""
    stack, policy, before = found.stack, found.policy, found.journal.left
    if before and (before.to, before.done) == (found.to, policy):
        return False
    engine = services.containers(stack.docker_host)
    same = found.theirs.intersection(each.id for each in engine.containers(stack.project))
    why_not = None
    if same:
        why_not = "its containers are that worker's now, on the same engine"
    elif policy in ARGV:
        why_not = obstacle(services, stack)
    done = KEEP if why_not else policy
    if before and (before.to, before.done) == (found.to, done):
        return False
    if done in ARGV:
        undeploy(services, stack, found.journal.call, done, lock, _say(stack))
    services.state.journal.update(stack.id, left=HandedOver(found.to, done, bool(same), now()))
    log.warning("stack has gone to another worker", stack=stack.id, worker=found.to, here=why_not or DONE[done])
    return True


def _say(stack: Stack) -> Callable[[str], None]:
    return lambda line: log.info("compose says", stack=stack.id, line=line)
