"""What asks for a deployment, or speaks against one, besides a change in Git: interruption, return, drift, a stop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from workers.adapters.docker.container import Container
from workers.adapters.docker.engine import Engine
from workers.adapters.state.deployed import is_of_another_worker
from workers.adapters.state.state import State
from workers.adapters.state.status import StackFacts
from workers.changes.snapshot import Snapshot
from workers.deploy.containers.provenance import named_at, strays
from workers.deploy.drift import drift_of, is_at_rest, remedies
from workers.deploy.gate import disturbed
from workers.deploy.transaction.repair import Interrupted
from workers.model.errors import EngineUnavailable
from workers.model.stack import Stack
from workers.model.words import Action, Decision, Reason

_LEFT_ALONE = frozenset({Reason.INVALID, Reason.PAUSED, Reason.INTERRUPTED})
_NOT_TRIED = frozenset({Reason.INVALID, Reason.FAILED_BEFORE})


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Where a stack stands, under its lock.

    Attributes:
        stack: the stack.
        record: what is deployed; None for nothing.
        journal: what its journal says.
        facts: its marks and status.
        interrupted: what is left of an earlier attempt.
        engine: where the containers of what is deployed are.
        asked: whether somebody asked for this deployment.
        force: whether everything is to be recreated.
    """

    stack: Stack
    record: Mapping[str, Any] | None
    journal: Mapping[str, Any]
    facts: StackFacts
    interrupted: Interrupted
    engine: Engine
    asked: bool
    force: bool

    @property
    def project(self) -> str:
        """The Compose project of what is deployed."""
        return str((self.record or {}).get("project", self.stack.project))

    @property
    def has_returned(self) -> bool:
        """Whether the stack was gone, and its containers were stopped or removed for that."""
        gone, left = (self.journal.get("status") or {}).get("removed"), self.journal.get("left")
        return any((mark or {}).get("done") in {"stop", "down"} for mark in (gone, left))

    def widened(self, decision: Decision) -> Decision:
        """With what has to be done on top of what changed."""
        if decision.reason is Reason.INVALID:
            return decision
        if self.interrupted.intent is not None:
            return self._again(decision, self.interrupted.intent.services, self.interrupted.intent.network_keys)
        if self.interrupted.disturbed:
            return self._again(decision, self.interrupted.disturbed, self.interrupted.networks)
        if self.has_returned:
            return disturbed(decision, {}, Reason.FIRST_DEPLOY)
        if decision.action is not Action.NONE:
            return decision
        if (self.project, self.engine.docker_host) != (self.stack.project, self.stack.docker_host):
            return disturbed(decision, {}, Reason.OPTIONS_CHANGED)
        drift = self.drift()
        return disturbed(decision, drift, Reason.DRIFTED) if drift else decision

    @staticmethod
    def _again(decision: Decision, services: Mapping[str, Action], networks: Iterable[str]) -> Decision:
        widened = disturbed(decision, services, Reason.INTERRUPTED)
        return replace(widened, networks=tuple(sorted({*widened.networks, *networks})))

    def stopped(self, decision: Decision) -> Decision | None:
        """What a stack that somebody stopped asks for; None when nobody did."""
        if decision.reason in _LEFT_ALONE or self.has_returned or not self._is_at_rest():
            return None
        if self.asked or self.stack.options.when_stopped == "start":
            return disturbed(decision, {}, Reason.FORCED if self.force else Reason.RETRIED)
        if decision.action is Action.NONE:
            return None
        message = "stopped by hand; `tegu deploy` starts it"
        return replace(decision, action=Action.NONE, reason=Reason.STOPPED, services={}, message=message)

    def drift(self) -> dict[str, Action]:
        """The services whose containers are not as the last deployment left them, and what brings them back.

        Only where a look at all containers has found drift already, and where it is to be healed.
        """
        if not self.facts.fields.get("drift") or self.stack.options.drift != "heal" or self.record is None:
            return {}
        found = self._containers()
        return {} if is_at_rest(self.record, found, self.engine.was_stopped) else remedies(drift_of(self.record, found))

    def runs_others(self, decision: Decision, snapshot: Snapshot | None, key: bytes) -> Decision | None:
        """What brings services to the images that the files name, where all that is left to do is to say so.

        A record that moves on says that what it names is deployed. Releases before this one took another digest for no
        difference, so what runs may still be the old image.

        Args:
            decision: what was decided; only one that touches nothing is looked at.
            snapshot: of the content it is about.
            key: for the keyed digests.
        """
        known = (self.record or {}).get("fingerprint")
        if decision.reason is not Reason.UNCHANGED or snapshot is None or known in {None, snapshot.fingerprint}:
            return None
        others = strays(self.engine, self._containers(), named_at(snapshot, key))
        return disturbed(decision, dict.fromkeys(others, Action.RECREATE), Reason.DRIFTED) if others else None

    def may_heal_old(self, decision: Decision) -> bool:
        """Whether what is deployed may need care although what is newest is not to be tried."""
        return decision.reason in _NOT_TRIED and bool(self.facts.fields.get("drift")) and not self.interrupted

    def _is_at_rest(self) -> bool:
        if self.record is None:
            return False
        try:
            return is_at_rest(self.record, self._containers(), self.engine.was_stopped)
        except EngineUnavailable:
            if self.engine.docker_host == self.stack.docker_host:
                raise
            return False  # it has another engine now, maybe since this one is gone for good

    def _containers(self) -> tuple[Container, ...]:
        return self.engine.containers(self.project)


def deployed_record(
    state: State, stack: Stack, journal: Mapping[str, Any], fence: int
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """What is deployed, as the journal has it; a Redis that has forgotten it, or has another worker's, is told again.

    Args:
        state: where to look.
        stack: the stack.
        journal: what this host knows of it.
        fence: the number of the stack's lease.

    Returns:
        What this worker has deployed, and what any has.
    """
    known = state.records.get(stack.id)
    record: dict[str, Any] | None = journal.get("record")
    if record is None:
        return (None if is_of_another_worker(stack, journal, known) else known), known
    if record.get("worker", stack.worker) != stack.worker:
        # The journal is this host's, so it is the worker that has another name now.
        record["worker"] = stack.worker
        state.journal.update(stack.id, record=record)
    if known != record:
        commits = {"deployed_commit": record["commit"], "verified_commit": record["commit"]}
        state.records.put(stack.id, record, fence, **commits)
    return record, record
