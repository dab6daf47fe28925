"""A deployment as it is remembered: one attempt to bring one stack to one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workers.adapters.state.ailing import Ailing
from workers.model.words import Action, Outcome, Reason, RunStatus, Trigger


@dataclass(frozen=True, slots=True)
class EndedStep:
    """A step of a deployment, and how long it took."""

    name: str
    seconds: float
    at: str

    def to_json(self) -> dict[str, Any]:
        """As it is stored and shown."""
        return {"name": self.name, "seconds": self.seconds, "at": self.at}


@dataclass(frozen=True, slots=True)
class RecordedDeployment:
    """A deployment in the history of its stack. Times are texts, as `clock` writes them.

    Attributes:
        id: the deployment.
        stack: its stack.
        run: the run that it belongs to; None for none.
        commit: what it was to bring the stack to.
        action: of the decision.
        reason: of the decision.
        status: `running`, and so for ever if its worker was killed; then `succeeded` or `failed`.
        started_at: when it began.
        outcome: how it ended; None while it has not.
        error: what went wrong, for people.
        finished_at: when it ended.
        trigger: what started the run, if that is known.
        who: who did, if that is known.
        seconds: how long each step took; None while it has not ended.
        fingerprint: of the content; None while it has not ended, and where it was interrupted.
        steps: those that have ended, in order.
        ailing: the containers that were not well in the end; none where an earlier release has written it.
        services: some of those that something was to be done to; likewise.
        paths: some of those that differed, and of the inputs outside Git; likewise.
    """

    id: str
    stack: str
    run: str | None
    commit: str | None
    action: Action | None
    reason: Reason | None
    status: RunStatus
    started_at: str
    outcome: Outcome | None = None
    error: str | None = None
    finished_at: str | None = None
    trigger: Trigger | None = None
    who: str | None = None
    seconds: Mapping[str, float] | None = None
    fingerprint: str | None = None
    steps: Sequence[EndedStep] = ()
    ailing: Sequence[Ailing] = ()
    services: Sequence[str] = ()
    paths: Sequence[str] = ()

    @classmethod
    def from_json(cls, fields: Mapping[str, Any], steps: Sequence[Mapping[str, Any]] = ()) -> RecordedDeployment:
        """From the fields that are stored, and the steps; older versions did not write all of them."""
        action, reason, outcome, trigger = (fields.get(name) for name in ("action", "reason", "outcome", "trigger"))
        texts = ("run", "commit", "error", "finished_at", "who", "seconds", "fingerprint")
        return cls(
            id=fields["id"],
            stack=fields["stack"],
            action=Action(action) if action else None,
            reason=Reason(reason) if reason else None,
            status=RunStatus(fields["status"]),
            started_at=fields["started_at"],
            outcome=Outcome(outcome) if outcome else None,
            trigger=Trigger.named(trigger) if trigger else None,
            ailing=tuple(Ailing.from_json(each) for each in fields.get("ailing") or ()),
            services=tuple(fields.get("services") or ()),
            paths=tuple(fields.get("paths") or ()),
            steps=tuple(EndedStep(step["name"], step["seconds"], step["at"]) for step in steps),
            **{name: fields.get(name) for name in texts},
        )

    def stored(self) -> dict[str, Any]:
        """The fields as they are stored; what is known only at the end is written then."""
        first = {"id": self.id, "stack": self.stack, "run": self.run, "commit": self.commit}
        why = {"action": self.action, "reason": self.reason, "status": self.status, "started_at": self.started_at}
        ending = {"outcome": self.outcome, "error": self.error, "finished_at": self.finished_at}
        asked = {"trigger": self.trigger, "who": self.who}
        ailing = [each.to_json() for each in self.ailing] or None
        late: dict[str, Any] = {"seconds": self.seconds, "fingerprint": self.fingerprint, "ailing": ailing}
        late |= {"services": list(self.services) or None, "paths": list(self.paths) or None}
        return first | why | ending | asked | {name: value for name, value in late.items() if value is not None}

    def to_json(self) -> dict[str, Any]:
        """As the API shows it."""
        return self.stored() | {"steps": [step.to_json() for step in self.steps]}


@dataclass(frozen=True, slots=True)
class DeploymentPage:
    """Some of the deployments, the newest first; `next` is the cursor of the next page, None after the last one."""

    items: tuple[RecordedDeployment, ...]
    next: str | None
