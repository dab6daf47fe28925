"""Drift: whether the containers of a stack are still those that its last deployment left. Pure.

What is compared is what the engine's listing shows against what was recorded after `up`: ids, images, states, and the
digest that Compose put on the container when it made it. Nothing is worked out anew, so neither another release of
Compose nor one of Tegu makes a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from workers.adapters.docker.container import Container
from workers.adapters.state.deployed import ALIVE, Deployed, Healed, RecordedContainer
from workers.adapters.state.marks import Stop
from workers.model.words import Action, Decision

HEALS = 3
"""So often is a service healed before somebody has to look at it."""

_CLOSE = timedelta(hours=6)  # whatever lasts longer than that before it has to be healed again is healed for ever
_ENDS_BY_ITSELF = frozenset({"no", "on-failure", ""})


class Difference(StrEnum):
    """How a service's containers differ from the recorded ones, from the weakest to the strongest."""

    REPLACED = "replaced"
    STOPPED = "stopped"
    MISSING = "missing"
    IMAGE = "image_changed"
    CONFIGURATION = "configuration_changed"


_STRENGTH = {difference: place for place, difference in enumerate(Difference)}
_ACTIONS = {Difference.IMAGE: Action.RECREATE, Difference.CONFIGURATION: Action.RECREATE}


def drift_of(record: Deployed, found: Iterable[Container], interrupted: Collection[str] = ()) -> dict[str, Difference]:
    """The services whose containers differ, each with its strongest difference.

    Only containers that ran after the deployment count: a one-shot that has ended since, or whose container somebody
    has cleared away, is as it should be. Containers that nothing is recorded of are nobody's drift.

    Args:
        record: what is deployed.
        found: the containers of its project, as they are now.
        interrupted: services that were seen to have ended with the engine, not when their work was done.
    """
    there = {each.name: each for each in found}
    drift: dict[str, Difference] = {}
    for name, recorded in sorted(record.containers.items()):
        if recorded.state not in ALIVE:
            continue
        difference = _difference(recorded, there.get(name), may_have_ended=recorded.service not in interrupted)
        known = drift.get(recorded.service)
        if difference and (known is None or _STRENGTH[difference] > _STRENGTH[known]):
            drift[recorded.service] = difference
    return drift


def stop_of(record: Deployed, found: Iterable[Container], seen: Callable[[], Stop | None]) -> Stop | None:
    """That somebody has brought the project to rest: nothing runs of what did, and a person was seen to end it.

    How a container ended tells nothing of that: with the engine, and for want of a mount at its start, it ends with any
    code. Whatever nobody was seen to stop is there to be brought back.

    Args:
        record: what is deployed.
        found: the containers of its project, as they are now.
        seen: what was seen of a person; it is asked only where nothing runs.
    """
    # One that was only created is what a killed Compose has left: nobody stopped anything.
    if not record.lasting or any(each.running or each.state == "created" for each in found):
        return None
    return seen()


def remedies(drift: Mapping[str, str]) -> dict[str, Action]:
    """What brings each service back."""
    return {service: _ACTIONS.get(Difference(word), Action.UP) for service, word in drift.items()}


def acting(decision: Decision) -> tuple[str, ...]:
    """The services that a decision does something about."""
    return tuple(name for name, each in decision.services.items() if each.action is not Action.NONE)


def heals_after(record: Deployed | None, services: Iterable[str], fingerprint: str, at: datetime) -> dict[str, Healed]:
    """How often each service has been healed, one healing closely after the other, once these have been healed, too.

    Args:
        record: what was deployed before; None for nothing.
        services: those that are healed now.
        fingerprint: of the content; another one begins anew.
        at: now.
    """
    before = _recent(record, at) if record is not None and record.fingerprint == fingerprint else {}
    more = {name: Healed(before[name].times + 1 if name in before else 1, at) for name in services}
    return {**before, **more}


def worn_out(record: Deployed | None, services: Iterable[str], at: datetime) -> tuple[str, ...]:
    """Those of some services that were healed again and again, and do not last."""
    heals = _recent(record, at) if record is not None else {}
    return tuple(name for name in sorted(services) if name in heals and heals[name].times >= HEALS)


def _recent(record: Deployed, at: datetime) -> dict[str, Healed]:
    return {name: each for name, each in record.heals.items() if each.at > at - _CLOSE}


def _difference(recorded: RecordedContainer, there: Container | None, *, may_have_ended: bool) -> Difference | None:
    if there is None:
        return Difference.MISSING
    if recorded.config_hash not in {None, there.config_hash}:
        return Difference.CONFIGURATION
    if recorded.image_id not in {None, there.image_id}:
        return Difference.IMAGE
    if not there.running:
        return None if may_have_ended and _has_ended(recorded, there) else Difference.STOPPED
    return None if there.id == recorded.id else Difference.REPLACED


def _has_ended(recorded: RecordedContainer, there: Container) -> bool:
    """Whether a container has done its work: it ended with exit code 0, and nobody wanted it started again."""
    ended = there.state == "exited" and there.exit_code == 0
    return ended and recorded.restart in _ENDS_BY_ITSELF
