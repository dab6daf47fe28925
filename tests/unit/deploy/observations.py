"""Observations and what is seen of content, as plain values: for tables about decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from tests.records import a_record, a_snapshot
from workers.adapters.docker.container import Container
from workers.adapters.state.deployed import Deployed
from workers.adapters.state.status import Known, StackFacts
from workers.changes.snapshot import Snapshot
from workers.deploy.containers.provenance import IsNamed
from workers.deploy.observed import Observed, Request
from workers.deploy.sight import Change
from workers.deploy.target import At
from workers.deploy.transaction.intent import Intent
from workers.model.errors import UnknownName
from workers.model.stack import Options, Stack
from workers.model.words import Action, Decision, Reason, ServiceDecision

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
STACK = Stack("default", "a", "r", "a", "main", "local", "unix:///d", "a", Options())
OLD = a_snapshot("old")
NEW = replace(a_snapshot("new"), inputs={"variable:A": "b"})
RECORD = replace(a_record("old"), snapshot=OLD, fingerprint=OLD.fingerprint)
UNCHANGED = Decision(STACK.id, Action.NONE, Reason.UNCHANGED, "new")
CHANGED = replace(
    UNCHANGED, action=Action.UP, reason=Reason.CONTENT_CHANGED, services={"web": ServiceDecision(Action.UP)}
)
INVALID = replace(UNCHANGED, reason=Reason.INVALID, message="compose.yaml:3: no")
ASKED, FORCED = Request(asked=True), Request(asked=True, force=True)


def with_options(**options: Any) -> Stack:
    """The stack with these options."""
    return replace(STACK, options=Options(**options))


def observed(**fields: Any) -> Observed:
    """The stack deployed at the old commit, nothing else amiss; but for these fields."""
    known: dict[str, Any] = {
        "stack": STACK,
        "request": Request(),
        "now": NOW,
        "newest": "new",
        "target": At("new"),
        "deployed": RECORD,
        "anywhere": RECORD,
        "facts": StackFacts(STACK.id, Known()),
    }
    return Observed(**{**known, **fields})


@dataclass(frozen=True)
class Content:
    """What is seen at the newest commit, and at the deployed one."""

    decision: Decision = UNCHANGED
    snapshot: Snapshot | None = NEW
    at_deployed: Change | None = field(default_factory=lambda: Change(replace(UNCHANGED, commit="old"), OLD))
    images: Mapping[str, str] = field(default_factory=dict)

    def compare(
        self, record: Deployed | None, commit: str, *, force: bool = False, asks_engine: bool = False
    ) -> Change:
        """What was said beforehand."""
        del force, asks_engine
        if record is not None and commit == record.commit:
            if self.at_deployed is None:
                raise UnknownName(commit)
            return self.at_deployed
        return Change(self.decision, self.snapshot)

    def is_named(self, snapshot: Snapshot) -> IsNamed:
        """Whether it is the one that `images` has for the service."""
        del snapshot
        return lambda service, image: self.images.get(service, image) == image


def an_intent(snapshot: Snapshot = NEW, *, switched: bool = True) -> Intent:
    """An attempt at this content that touched `web` and its network."""
    return Intent(
        deployment="d1",
        commit=snapshot.commit,
        previous=None,
        fingerprint=snapshot.fingerprint,
        switched=switched,
        operations=(),
        images={},
        services={"web": Action.RECREATE},
        starts=frozenset(),
        resting=frozenset(),
        network_keys=("back",),
    )


def a_container(service: str = "web", image: str = "web:1") -> Container:
    """One that runs."""
    return Container(
        id=f"id-{service}",
        name=f"a-{service}-1",
        project="a",
        service=service,
        state="running",
        image=image,
        image_id="sha256:1",
        created=0,
    )
