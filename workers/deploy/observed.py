"""Everything that is known of one stack at one moment: a value, which holds no engine, no Redis and no Git."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from workers.adapters.docker.container import Container
from workers.adapters.state.deployed import Deployed
from workers.adapters.state.journal import JournalEntry
from workers.adapters.state.marks import Adoption, Pin, Removed
from workers.adapters.state.status import StackFacts
from workers.deploy.heritage import Heritage
from workers.deploy.lost import Lost
from workers.deploy.target import Target
from workers.deploy.transaction.after_kill import Interrupted
from workers.model.stack import Stack
from workers.model.words import Action


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for.

    Attributes:
        asked: whether somebody asked for this very stack: then what is held is retried, and what was stopped started.
        force: whether every service is to be recreated.
        again: whether it is time to try again what touched nothing, or what was in its way may be gone.
    """

    asked: bool = False
    force: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class Supposed:
    """What is taken for granted of a stack that is foreseen: that somebody has ordered something.

    Attributes:
        request: what is asked for.
        pin: where it is to be.
        adoption: what becomes of data that lies elsewhere.
        resumed: whether its pause and its pin have ended.
    """

    request: Request = field(default_factory=Request)
    pin: Pin | None = None
    adoption: Adoption | None = None
    resumed: bool = False

    def of(self, facts: StackFacts) -> StackFacts:
        """What is known of the stack, were it so."""
        known = replace(facts, pause=None, pin=None) if self.resumed else facts
        return replace(known, pin=self.pin) if self.pin else known


@dataclass(frozen=True, slots=True)
class Observed:
    """A stack, under its lock or without it.

    Attributes:
        stack: the stack.
        request: what is asked for.
        now: the time.
        newest: the newest commit of its ref; None when that is not there.
        target: where the stack is to be.
        has_folder: whether its folder is there at that commit.
        folder: the object id of its folder at that commit.
        deployed: what this worker has deployed; None for nothing.
        anywhere: the same, or what another worker has deployed before this one got the stack.
        journal: what this host's journal says.
        facts: marks and status, without the pin: the target has it.
        pin: the stack's, if it has one, whether it stands or has ended.
        adoption: what somebody decided about data in another directory.
        interrupted: what is left of an earlier attempt.
        containers: those of what is deployed, those of `run` and of hooks included; None where nobody looked, or nobody
            can: its engine is away for good.
        at_rest: whether somebody has stopped the stack.
        drift: services whose containers are not as the last deployment left them, and what brings them back; only
            where a look at all containers has found drift before, or what failed is tried again; where it is to be
            healed, and nobody has stopped the stack.
        images: the image's name that each running container was made from, by the container's id.
        lost: what is deployed although neither Redis nor the journal knows.
        heritage: what a stack of which nothing is deployed goes on with, or seems to.
    """

    stack: Stack
    request: Request
    now: datetime
    newest: str | None
    target: Target
    has_folder: bool = True
    folder: str = ""
    deployed: Deployed | None = None
    anywhere: Deployed | None = None
    journal: JournalEntry = field(default_factory=JournalEntry)
    facts: StackFacts = field(default_factory=lambda: StackFacts(""))
    pin: Pin | None = None
    adoption: Adoption | None = None
    interrupted: Interrupted = field(default_factory=Interrupted)
    containers: tuple[Container, ...] | None = None
    at_rest: bool = False
    drift: Mapping[str, Action] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)
    lost: Lost | None = None
    heritage: Heritage | None = None

    @property
    def has_returned(self) -> bool:
        """Whether the stack was gone, and its containers were stopped or removed for that."""
        return any(mark and mark.was_touched for mark in (self.journal.removed, self.journal.left))

    @property
    def has_moved(self) -> bool:
        """Whether what is deployed has another project or engine than the stack is to have now."""
        if self.deployed is None:
            return False
        home = self.deployed.home(self.stack)
        return (home.project, home.docker_host) != (self.stack.project, self.stack.docker_host)

    @property
    def is_of_another_repo(self) -> bool:
        """Whether what is deployed comes from another repo."""
        return self.deployed is not None and self.deployed.repo_of(self.stack) != self.stack.repo

    @property
    def removed(self) -> Removed | None:
        """That it was noted as gone."""
        return self.facts.known.removed
