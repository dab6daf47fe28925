"""Which content is held after a deployment has ended: what failed is not tried again by itself. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from workers.adapters.state.clock import text_of
from workers.adapters.state.marks import Hold
from workers.deploy.ending import Ending
from workers.model.words import Outcome, Reason

# A failure before anything was touched is tried again after so many minutes, the last one from then on.
RETRY_MINUTES = (1, 5, 15, 60)


@dataclass(frozen=True, slots=True)
class Attempted:
    """What was tried.

    Attributes:
        deployment: its id.
        commit: of the content.
        fingerprint: of the content.
        is_newest: whether that is the newest commit of the ref.
        is_deployed: whether just this content was deployed already.
        asked: whether somebody asked, which starts the counting of attempts anew.
        deployed: the fingerprint of what was deployed before; None for nothing.
    """

    deployment: str
    commit: str | None
    fingerprint: str
    is_newest: bool = True
    is_deployed: bool = False
    asked: bool = False
    deployed: str | None = None


def next_hold(before: Hold | None, tried: Attempted, ending: Ending, at: datetime) -> Hold | None:
    """What is held from now on, until content or options change, somebody asks, or its time has come; None: nothing.

    Args:
        before: what was held.
        tried: the attempt that has ended.
        ending: how it ended.
        at: when.
    """
    if ending.hold:
        return _held(before, tried, ending, at)
    if before is None or ending.outcome is not Outcome.DEPLOYED:
        return before
    if tried.is_newest or before.fingerprint == tried.fingerprint:
        return None
    return replace(before, beside=None) if before.of(tried.fingerprint) else before


def _held(before: Hold | None, tried: Attempted, ending: Ending, at: datetime) -> Hold | None:
    """What is held once something has failed; what else was held before stands beside it, or it beside that."""
    if ending.outcome is Outcome.CANCELLED and tried.is_deployed:
        return before  # what was cancelled is a repetition; what runs is what should
    known = before.of(tried.fingerprint) if before and not tried.asked else None
    failed = _failed(known, tried, ending, at)
    if ending.stranded and tried.deployed not in {None, tried.fingerprint}:
        return replace(failed, beside=_stranded(before, tried, ending, at))
    if before is None or before.fingerprint == tried.fingerprint:
        return failed
    if not tried.is_newest:
        return replace(before, beside=failed)  # what is newest stays held when something older fails, too
    return replace(failed, beside=replace(before, beside=None)) if before.outcome is Outcome.SUPERSEDED else failed


def _stranded(before: Hold | None, tried: Attempted, ending: Ending, at: datetime) -> Hold:
    """What is held of the content that was deployed: nothing is wrong with it, so it is brought back in time."""
    old = replace(tried, fingerprint=tried.deployed or "", commit=None)
    missing = replace(ending, reason=Reason.OBSTRUCTED, again=True)
    return _failed(before.of(tried.deployed) if before else None, old, missing, at)


def _failed(before: Hold | None, tried: Attempted, ending: Ending, at: datetime) -> Hold:
    """What is held of content that failed, maybe not for the first time."""
    attempts = 1 + (before.attempts if before else 0)
    minutes = RETRY_MINUTES[min(attempts, len(RETRY_MINUTES)) - 1]
    return Hold(
        fingerprint=tried.fingerprint,
        why=ending.message,
        commit=tried.commit,
        deployment=tried.deployment,
        outcome=ending.outcome,
        attempts=attempts,
        invalid=ending.outcome is Outcome.INVALID,
        retry_at=text_of(at + timedelta(minutes=minutes)) if ending.again else None,
        at=text_of(at),
        obstructed=ending.reason is Reason.OBSTRUCTED,
    )
