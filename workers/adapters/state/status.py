"""What is known of a stack, its status in one word, and its row of `tegu status --json`. Pure.

Longer than other modules: word and row are read from the same facts, and change together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict, Unpack

from workers.adapters.state.live import MISSING, UNKNOWN, Live, LiveService
from workers.adapters.state.marks import Hold, Pause, Pin, Removed, Stop
from workers.adapters.state.past_marks import PastMarks
from workers.model.messages import shortened
from workers.model.words import Action, Decision, Outcome, Reason, StackStatus

MOST_NAMED = 4
"""So many names are kept of what a deployment has done; its own record has the rest."""


@dataclass(frozen=True, slots=True)
class DecisionNote:
    """The last decision, with everything that `explain` needs and without values of inputs.

    Attributes:
        action: what was to be done.
        reason: why.
        commit: the newest commit by then; None when there was none.
        at: when, as text; it sorts.
        run: the last run that waited for it.
        message: for people.
        paths: those that differed.
        objects: the old and the new object id of each; None where nothing was compared.
        inputs: what differed outside Git, by name.
        services: the action and the paths of each service.
    """

    action: Action
    reason: Reason | None
    commit: str | None = None
    at: str = ""
    run: str | None = None
    message: str = ""
    paths: tuple[str, ...] = ()
    objects: Mapping[str, tuple[str | None, str | None]] | None = None
    inputs: tuple[str, ...] = ()
    services: Mapping[str, tuple[Action, tuple[str, ...]]] = field(default_factory=dict)

    @classmethod
    def of(cls, decision: Decision, commit: str | None, run: str | None, at: str) -> DecisionNote:
        """A decision as it is noted."""
        return cls(
            action=decision.action,
            reason=decision.reason,
            commit=commit,
            at=at,
            run=run,
            message=shortened(decision.message),
            paths=decision.paths,
            objects=decision.objects,
            inputs=decision.inputs,
            services={name: (each.action, each.paths) for name, each in decision.services.items()},
        )

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> DecisionNote:
        """From Redis, as this or an earlier release wrote it."""
        reason, services, objects = stored.get("reason"), stored.get("services") or {}, stored.get("objects")
        return cls(
            action=Action(stored.get("action") or Action.NONE),
            reason=Reason(reason) if reason else None,
            commit=stored.get("commit"),
            at=stored.get("at") or "",
            run=stored.get("run"),
            message=stored.get("message") or "",
            paths=tuple(stored.get("paths") or ()),
            objects=None if objects is None else {path: (each["old"], each["new"]) for path, each in objects.items()},
            inputs=tuple(stored.get("inputs") or ()),
            services={name: (Action(each["action"]), tuple(each["paths"])) for name, each in services.items()},
        )

    def to_json(self) -> dict[str, Any]:
        """For Redis and for `tegu status --json`."""
        objects = None
        if self.objects is not None:
            objects = {path: {"old": old, "new": new} for path, (old, new) in self.objects.items()}
        return {
            "action": self.action,
            "reason": self.reason,
            "commit": self.commit,
            "paths": list(self.paths),
            **({} if objects is None else {"objects": objects}),
            "inputs": list(self.inputs),
            "services": {
                name: {"action": action, "paths": list(paths)} for name, (action, paths) in self.services.items()
            },
            "message": self.message,
            "run": self.run,
            "at": self.at,
        }


def named_of(decision: Decision) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The first services that a decision does something to, and the first paths and inputs that differ."""
    touched = sorted(name for name, each in decision.services.items() if each.action is not Action.NONE)
    return tuple(touched[:MOST_NAMED]), (*decision.paths, *decision.inputs)[:MOST_NAMED]


@dataclass(frozen=True, slots=True)
class DeploymentNote:
    """The last deployment, as far as lists show it.

    Attributes:
        id: its id.
        outcome: how it ended.
        commit: of which commit it was.
        at: when it ended, as text.
        message: why, where that went wrong.
        action: what was done; None where an earlier release did not say, like all that follows.
        reason: why it was done.
        services: those to which it was done, at most `MOST_NAMED`.
        paths: those that differed, at most `MOST_NAMED`; then what differed outside Git, by name.
    """

    id: str | None
    outcome: Outcome | None
    commit: str | None = None
    at: str = ""
    message: str | None = None
    action: Action | None = None
    reason: Reason | None = None
    services: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()

    @classmethod
    def of(cls, deployment: str, decision: Decision, outcome: Outcome, at: str, message: str | None) -> DeploymentNote:
        """The note of a deployment that has ended."""
        services, paths = named_of(decision)
        return cls(
            deployment,
            outcome,
            decision.commit,
            at,
            message,
            decision.action,
            decision.reason,
            services,
            paths,
        )

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> DeploymentNote:
        """From Redis, as this or an earlier release wrote it."""
        outcome, action, reason = stored.get("outcome"), stored.get("action"), stored.get("reason")
        return cls(
            stored.get("id"),
            Outcome(outcome) if outcome else None,
            stored.get("commit"),
            stored.get("at") or "",
            stored.get("message"),
            Action(action) if action else None,
            Reason(reason) if reason else None,
            tuple(stored.get("services") or ()),
            tuple(stored.get("paths") or ()),
        )

    def to_json(self) -> dict[str, Any]:
        """For Redis and for `tegu status --json`; what follows the time only where there is something to say."""
        said: dict[str, Any] = {"id": self.id, "outcome": self.outcome, "commit": self.commit, "at": self.at}
        further = {
            "message": self.message,
            "action": self.action,
            "reason": self.reason,
            "services": list(self.services),
            "paths": list(self.paths),
        }
        return said | {name: value for name, value in further.items() if value}


@dataclass(frozen=True, slots=True)
class Known:
    """The fields of a stack's status.

    Attributes:
        latest_commit: the newest commit that was looked at.
        deployed_commit: the one that is deployed.
        verified_commit: the newest one whose content is what runs.
        last_decision: as it came out last.
        last_deployment: as it ended.
        drift: what was found last, by service.
        stopped: that somebody has brought the stack to rest.
        removed: that it is none any more.
        paused_by_option: whether the catalog pauses it.
        lasting: the services that the last deployment left running; None where an earlier release did not say.
        past: its last deployments.
    """

    latest_commit: str | None = None
    deployed_commit: str | None = None
    verified_commit: str | None = None
    last_decision: DecisionNote | None = None
    last_deployment: DeploymentNote | None = None
    drift: Mapping[str, str] = field(default_factory=dict)
    stopped: Stop | None = None
    removed: Removed | None = None
    paused_by_option: bool = False
    lasting: tuple[str, ...] | None = None
    past: PastMarks = field(default_factory=PastMarks)

    @property
    def is_behind(self) -> bool:
        """Whether there is a newer commit than the one whose content runs."""
        return self.latest_commit is not None and self.latest_commit != self.verified_commit

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Known:
        """From the values of a status hash, as this or an earlier release wrote them."""
        decision, deployment = stored.get("last_decision"), stored.get("last_deployment")
        stopped, removed = stored.get("stopped"), stored.get("removed")
        return cls(
            latest_commit=stored.get("latest_commit"),
            deployed_commit=stored.get("deployed_commit"),
            verified_commit=stored.get("verified_commit"),
            last_decision=DecisionNote.from_json(decision) if decision else None,
            last_deployment=DeploymentNote.from_json(deployment) if deployment else None,
            drift=stored.get("drift") or {},
            stopped=Stop.from_json(stopped) if stopped else None,
            removed=Removed.from_json(removed) if removed else None,
            paused_by_option=bool(stored.get("paused_by_option")),
            lasting=None if stored.get("lasting") is None else tuple(stored["lasting"]),
            past=PastMarks.from_json(stored.get("past")),
        )


class StatusFields(TypedDict, total=False):
    """Fields of a status to set; None takes one away."""

    latest_commit: str | None
    deployed_commit: str | None
    verified_commit: str | None
    last_decision: DecisionNote
    last_deployment: DeploymentNote
    drift: Mapping[str, str] | None
    stopped: Stop | None
    removed: Removed | None


def stored_fields(**fields: Unpack[StatusFields]) -> dict[str, object]:
    """Fields as a status hash has them, each a value of JSON."""
    stored: dict[str, object] = {}
    for name, value in fields.items():
        if isinstance(value, DecisionNote | DeploymentNote | Removed | Stop):
            stored[name] = value.to_json()
        else:
            stored[name] = value
    return stored


@dataclass(frozen=True, slots=True)
class StackFacts:
    """All that is known of a stack.

    `leased` says that its lock is held, `waiting` that a run waits for it; a mark is None when there is none, `live`
    when no watcher has seen the stack.
    """

    stack: str
    known: Known = field(default_factory=Known)
    pause: Pause | None = None
    hold: Hold | None = None
    pin: Pin | None = None
    leased: bool = False
    waiting: bool = False
    live: Live | None = None

    @property
    def services(self) -> Mapping[str, LiveService]:
        """How each service stands, those included that ought to run and are not there."""
        wanted = self.known.lasting or ()
        shown = self.live.services.items() if self.live else ()
        seen = {name: each for name, each in shown if each.state != MISSING or name in wanted}
        if unseen := [name for name in wanted if name not in seen]:
            is_watched = self.live is not None and all(each.state != UNKNOWN for each in seen.values())
            seen |= dict.fromkeys(unseen, LiveService(MISSING if is_watched else UNKNOWN))
        return dict(sorted(seen.items()))

    @property
    def interrupted(self) -> frozenset[str]:
        """The services that were seen to have ended with the engine, or while nobody watched."""
        return frozenset(name for name, each in self.services.items() if each.interrupted)

    @property
    def lasting(self) -> Mapping[str, LiveService]:
        """Those of them that ought to run."""
        wanted = self.known.lasting
        return {
            name: each for name, each in self.services.items() if not each.done and (wanted is None or name in wanted)
        }


def status_of(facts: StackFacts) -> StackStatus:
    """The first status that applies, in the order in which `StackStatus` has them."""
    known = facts.known
    reason = known.last_decision.reason if known.last_decision else None
    outcome = _standing_outcome(facts)
    applies = {
        StackStatus.REMOVED: known.removed is not None,
        StackStatus.INVALID: reason is Reason.INVALID,
        StackStatus.DEPLOYING: facts.leased,
        StackStatus.PAUSED: facts.pause is not None or known.paused_by_option,
        StackStatus.STOPPED: known.stopped is not None or reason is Reason.STOPPED,
        StackStatus.BLOCKED: reason in {Reason.BLOCKED, Reason.MOVED},
        StackStatus.FAILED: outcome is Outcome.FAILED,
        StackStatus.ROLLED_BACK: outcome is Outcome.ROLLED_BACK,
        StackStatus.PENDING: reason is not Reason.SELF and (facts.waiting or (not facts.pin and known.is_behind)),
        StackStatus.DRIFTED: bool(known.drift),
        StackStatus.DEGRADED: bool(known.deployed_commit) and any(each.is_unwell for each in facts.lasting.values()),
        StackStatus.DEPLOYED: bool(known.deployed_commit),
    }
    return next((status for status, holds in applies.items() if holds), StackStatus.UNKNOWN)


def status_row(facts: StackFacts) -> dict[str, Any]:
    """What `tegu status --json` and the API show of a stack."""
    known, lasting = facts.known, facts.lasting.values()
    return {
        "stack": facts.stack,
        "status": str(status_of(facts)),
        "deployed_commit": known.deployed_commit,
        "verified_commit": known.verified_commit,
        "latest_commit": known.latest_commit,
        "last_decision": known.last_decision.to_json() if known.last_decision else None,
        "last_deployment": known.last_deployment.to_json() if known.last_deployment else None,
        "drift": dict(known.drift) or None,
        "services": {name: each.to_json() for name, each in facts.services.items()},
        "running": {"well": sum(each.is_well for each in lasting), "of": len(lasting)},
        "stopped": known.stopped.to_json() if known.stopped else None,
        "paused": facts.pause.to_json() if facts.pause else None,
        "held": facts.hold.to_json() if facts.hold else None,
        "pinned": facts.pin.to_json() if facts.pin else None,
        "removed": known.removed.to_json() if known.removed else None,
    }


def _standing_outcome(facts: StackFacts) -> Outcome | None:
    """The last deployment's outcome, unless a later look found that what runs is what is wanted.

    While a newer version is held, that one's: what was deployed before may have been healed since.
    """
    last, decision = facts.known.last_deployment, facts.known.last_decision
    if decision and decision.reason is Reason.UNCHANGED and decision.at > (last.at if last else ""):
        return None
    outcome = last.outcome if last else None
    if outcome is Outcome.DEPLOYED and facts.hold and not facts.pin and facts.known.is_behind:
        return facts.hold.outcome
    return outcome
