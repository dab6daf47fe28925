"""What would come of an order: foreseen by the functions that carry it out."""

from __future__ import annotations

from workers.adapters.state.answers import Between, Foretold
from workers.adapters.state.deployed import Deployed
from workers.adapters.state.marks import Adoption, Pin
from workers.answers.commits import between
from workers.catalog.stacks import Planned
from workers.commands.plan import newest
from workers.deploy.foresee import foresee
from workers.deploy.observed import Request, Supposed
from workers.model.errors import UsageError
from workers.model.question import Order
from workers.model.stack import Stack
from workers.model.words import Action, Decision
from workers.services import Services

_WHO = "somebody"  # nobody has ordered anything yet


def foretold(services: Services, stack: Stack, order: Order, detail: str) -> Foretold:
    """What would come of an order at the newest commit that is known here.

    Args:
        services: the process's.
        stack: of this worker.
        order: what somebody would order.
        detail: of it, as `Order` says.

    Raises:
        UnknownName: the stack's ref has never been fetched, or the commit is none.
        UsageError: the detail is none of that order.
        RedisUnavailable: what is deployed cannot be read.
    """
    planned = newest(services, stack)
    # A page waits for no engine of which it is known that it does not answer.
    sees_engine = services.state.live.seen().get((stack.worker, stack.docker_host), True)
    wanted = supposed(services, stack, order, detail)
    (decision,) = foresee(services, [planned], surveys=True, supposed=wanted, asks_engine=sees_engine)
    record = services.state.records.get(stack.id)
    facts = services.state.facts([stack.id])[stack.id]
    return Foretold(
        decision=decision,
        deployed=record.commit if record else None,
        others=_others(record, decision),
        under_way=facts.leased,
        sees_engine=sees_engine,
        between=_between(services, stack, record, planned, decision),
    )


def supposed(services: Services, stack: Stack, order: Order, detail: str) -> Supposed:
    """What an order would be noted as. Raises as `foretold` does."""
    match order:
        case Order.NOTHING:
            return Supposed()
        case Order.DEPLOY | Order.RECREATE:
            return Supposed(Request(asked=True, force=order is Order.RECREATE))
        case Order.ROLLBACK:
            commit = services.clone(stack.repo).resolve(detail)
            return Supposed(Request(asked=True), pin=Pin(commit, "release", _WHO))
        case Order.RESUME:
            return Supposed(resumed=True)
        case Order.ADOPT:
            return Supposed(Request(asked=True), adoption=_adoption(detail))


def _adoption(detail: str) -> Adoption:
    match detail:
        case "move" | "copy" | "leave":
            return Adoption(detail, _WHO)
        case source if "/" in source:
            return Adoption(None, _WHO, source=source)
        case _:
            message = f"{detail!r} is nothing that can become of data: it is moved, copied or left"
            raise UsageError(message)


def _others(record: Deployed | None, decision: Decision) -> tuple[str, ...]:
    """The services that stay as they are; of a stack that is taken down there are none."""
    if record is None or decision.action is Action.REMOVE:
        return ()
    touched = {name for name, each in decision.services.items() if each.action is not Action.NONE}
    return tuple(sorted({*record.snapshot.services} - touched - {*decision.removed}))


def _between(
    services: Services, stack: Stack, record: Deployed | None, planned: Planned, decision: Decision
) -> Between:
    if record is None:
        return Between()
    return between(services, stack, record.commit, decision.commit or planned.commit, decision.paths)
