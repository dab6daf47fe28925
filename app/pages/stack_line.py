"""A stack as it stands in a list: what is known of it (`StackFacts`), as values that a template only writes down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from app.pages import words
from app.pages.acts import Button, helping
from app.pages.words import Tone
from workers.adapters.state.live import UNKNOWN, LiveService
from workers.adapters.state.past_marks import PastMarks
from workers.adapters.state.status import StackFacts, status_of
from workers.model.words import Outcome, Reason, StackStatus

_LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Light:
    """A light: its colour, its word, and what else it says, where that is more."""

    tone: Tone
    word: str
    says: str = ""


@dataclass(frozen=True, slots=True)
class StackLine:
    """One stack. Times are texts, so that a line says the same for as long as nothing changes.

    Attributes:
        id: `environment/name`.
        environment: of it.
        name: of it.
        url: of its page.
        status: where it stands.
        tone: how that is coloured.
        word: how that is called.
        is_newest: whether it runs what the newest commit asks for.
        sync: the same as a light.
        well: whether its services run and are well, as a light: `2/2`.
        commit: the one that is deployed; None before the first deployment.
        did: what the last deployment did, and why; else why nothing was done.
        at: when.
        why: one sentence for whoever has to do something about it.
        helps: what can be ordered that helps; None where nothing does, or nobody has to.
        since: since when it needs somebody, as far as that is known.
        badges: marks that people have set.
        past: its last deployments.
    """

    id: str
    environment: str
    name: str
    url: str
    status: StackStatus
    tone: Tone
    word: str
    is_newest: bool
    sync: Light
    well: Light
    commit: str | None
    did: str
    at: str | None
    why: str
    helps: Button | None
    since: str | None
    badges: tuple[str, ...]
    past: PastMarks

    @property
    def needs_you(self) -> bool:
        """Whether somebody has to do something about it."""
        return self.status in words.NEEDS_YOU


def stack_line(facts: StackFacts) -> StackLine:
    """What a list shows of a stack."""
    status = status_of(facts)
    tone, word = words.STATUS[status]
    environment, _, name = facts.stack.partition("/")
    known, last = facts.known, facts.known.last_deployment
    decided = known.last_decision.at if known.last_decision else None
    is_calm = status is StackStatus.DEPLOYED and facts.pin is None  # of a thousand stacks most are, and need no words
    lasting, why = facts.lasting, "" if is_calm else sentence(facts, status)
    return StackLine(
        id=facts.stack,
        environment=environment,
        name=name,
        url=f"/stacks/{quote(facts.stack)}",
        status=status,
        tone=tone,
        word=word,
        is_newest=bool(known.deployed_commit) and not known.is_behind and status is not StackStatus.REMOVED,
        sync=_sync(facts, status, why),
        well=_well(lasting),
        commit=known.deployed_commit,
        did=_did(facts),
        at=last.at if last else decided,
        why=why,
        helps=helping(facts, status) if status in words.NEEDS_YOU else None,
        since=None if is_calm else _since(facts, status),
        badges=_badges(facts),
        past=known.past,
    )


def sentence(facts: StackFacts, status: StackStatus) -> str:
    """Why a stack stands as it does, for whoever has to do something about it."""
    known = facts.known
    if known.removed is not None and status is StackStatus.REMOVED:
        return known.removed.why
    if status is StackStatus.PAUSED:
        return _paused(facts)
    if status is StackStatus.STOPPED:
        how = known.stopped.how if known.stopped else ""
        return f"stopped by hand: `{how}` was seen" if how else "somebody has stopped it by hand"
    if status in {StackStatus.DRIFTED, StackStatus.DEGRADED}:
        return _unwell(facts)
    if facts.pin is not None and status not in words.NEEDS_YOU:
        until = "a push changes it" if facts.pin.until == "push" else "it is resumed"
        return f"kept at {facts.pin.commit[:12]} by {facts.pin.who or 'somebody'} until {until}"
    return _told(facts, status)


def _told(facts: StackFacts, status: StackStatus) -> str:
    """What was said last: of the deployment as long as what it left is not made good."""
    last, decision = facts.known.last_deployment, facts.known.last_decision
    is_left = status in {StackStatus.FAILED, StackStatus.ROLLED_BACK}
    is_left = is_left or bool(facts.hold and last and last.outcome is Outcome.CANCELLED)
    if is_left and last and last.message:
        return _first_line(last.message)
    if decision is None:
        return ""
    return _first_line(decision.message) or words.why(decision.reason, decision.paths, decision.inputs)


def _paused(facts: StackFacts) -> str:
    if facts.pause is None:
        return "paused in the catalog"
    said = f"paused by {facts.pause.who or 'somebody'}"
    return f"{said}: {facts.pause.why}" if facts.pause.why else said


def _unwell(facts: StackFacts) -> str:
    """What is the matter with its services: as they stand now, and as the last look found them to differ."""
    ill = {name: service_sentence(name, each) for name, each in facts.lasting.items() if each.is_unwell}
    said = {name: f"{name}: {word.replace('_', ' ')}" for name, word in facts.known.drift.items()}
    return "; ".join((said | ill).values())


def service_sentence(name: str, service: LiveService) -> str:
    """How a service stands: `web: exited (ended by itself with exit code 1)`."""
    health = f", {service.health}" if service.health else ""
    return f"{name}: {service.state}{health}" + (f" ({service.why})" if service.why else "")


def _sync(facts: StackFacts, status: StackStatus, why: str) -> Light:
    known = facts.known
    if status not in {StackStatus.DEPLOYED, StackStatus.DEGRADED}:
        tone, word = words.STATUS[status]
        return Light(tone, word, why)
    if facts.pin:
        return Light(Tone.WARN, "pinned", why)
    return Light(Tone.WARN, "behind") if known.is_behind else Light(Tone.GOOD, "in sync")


def _well(lasting: Mapping[str, LiveService]) -> Light:
    if not lasting:
        return Light(Tone.QUIET, "", "no service is to run")
    unknown = any(each.state == UNKNOWN for each in lasting.values())
    said = f"{'?' if unknown else sum(each.is_well for each in lasting.values())}/{len(lasting)}"
    unwell = sorted(name for name, each in lasting.items() if each.is_unwell)
    if unwell:
        return Light(Tone.BAD, said, f"not well: {words.listed(unwell)}")
    if unknown:
        return Light(Tone.QUIET, said, "not seen now")
    if not all(each.is_well for each in lasting.values()):
        return Light(Tone.BUSY, said, "starting")
    return Light(Tone.GOOD, said)


def _did(facts: StackFacts) -> str:
    last, decision = facts.known.last_deployment, facts.known.last_decision
    if facts.known.removed is not None:
        return facts.known.removed.why
    if last and last.outcome is not None:
        _, word = words.OUTCOME[last.outcome]
        did = words.done(last.action, last.services) if last.outcome is Outcome.DEPLOYED and last.action else word
        why = words.why(last.reason, last.paths)
        return f"{did}: {why}" if why else did
    if decision is None:
        return "not looked at yet"
    return words.why(decision.reason, decision.paths, decision.inputs)


def _since(facts: StackFacts, status: StackStatus) -> str | None:
    """Since when it stands like this, as far as anybody has noted that."""
    known = facts.known
    if status is StackStatus.STOPPED and known.stopped:
        return known.stopped.at
    if status is StackStatus.PAUSED and facts.pause:
        return facts.pause.at
    if status is StackStatus.DEGRADED:
        return max((each.since or "" for each in facts.lasting.values() if each.is_unwell), default=None)
    if status in {StackStatus.FAILED, StackStatus.ROLLED_BACK} and known.last_deployment:
        return known.last_deployment.at
    return known.last_decision.at if known.last_decision else None


def _badges(facts: StackFacts) -> tuple[str, ...]:
    decision = facts.known.last_decision
    found = (
        ("paused", facts.pause is not None or facts.known.paused_by_option),
        ("pinned", facts.pin is not None),
        ("drift", bool(facts.known.drift)),
        ("held", facts.hold is not None),
        ("Tegu", decision is not None and decision.reason is Reason.SELF),
    )
    return tuple(name for name, holds in found if holds)


def _first_line(text: str) -> str:
    line = next((line for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= _LONGEST_REASON else f"{line[:_LONGEST_REASON]} …"
