"""What is deployed of a stack, and how its project was called: as Redis and the journal hold it, typed.

The forms in JSON are those that earlier releases wrote. `from_json` has every default for what they did not write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from workers.changes.snapshot import Snapshot
from workers.model.stack import Policy, Stack

ALIVE = frozenset({"running", "restarting", "paused"})
"""The states of a container whose process lives, or is about to again."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where a project runs: the worker whose files it has, the engine's address, and its name there."""

    worker: str
    docker_host: str
    project: str

    @classmethod
    def of(cls, stack: Stack) -> Home:
        """Where a stack is to run."""
        return cls(stack.worker, stack.docker_host, stack.project)


@dataclass(frozen=True, slots=True)
class RecordedContainer:
    """A container as a deployment left it, for drift.

    Attributes:
        id: its id; empty where an early release did not say, like all of these.
        service: its service.
        image_id: the id of its image; None where nothing is known to compare with.
        config_hash: the digest that Compose put on it; None likewise.
        compose: the release of Compose that made it; digests of two releases cannot be compared.
        state: as the engine says.
        restart: its restart policy.
    """

    id: str
    service: str
    image_id: str | None = None
    config_hash: str | None = None
    compose: str = ""
    state: str = ""
    restart: str = ""

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> RecordedContainer:
        """From a record."""
        return cls(
            id=stored.get("id", ""),
            service=stored.get("service", ""),
            image_id=stored.get("image"),
            config_hash=stored.get("config_hash"),
            compose=stored.get("compose") or "",
            state=stored.get("state", ""),
            restart=stored.get("restart", ""),
        )

    def to_json(self) -> dict[str, str | None]:
        """For a record."""
        return {
            "id": self.id,
            "service": self.service,
            "image": self.image_id,
            "config_hash": self.config_hash,
            "compose": self.compose,
            "state": self.state,
            "restart": self.restart,
        }


@dataclass(frozen=True, slots=True)
class Healed:
    """How often a service has been healed, one healing closely after the other, and when last."""

    times: int
    at: datetime

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Healed:
        """From a record."""
        return cls(stored["times"], datetime.fromisoformat(stored["at"]))

    def to_json(self) -> dict[str, object]:
        """For a record."""
        return {"times": self.times, "at": self.at.isoformat()}


@dataclass(frozen=True, slots=True)
class Deployed:
    """What is deployed of a stack: fit for Redis, so it holds no values of variables.

    Attributes:
        snapshot: of the content.
        fingerprint: of the content, as the release that deployed it made it.
        repo: where it comes from; None where an early release did not say, like `ref`, `project`, `docker_host`,
            `worker`: then the stack's own. `home` and `repo_of` have the answer.
        ref: the branch or tag that was followed.
        project: the Compose project.
        docker_host: the engine's address.
        worker: the worker that deployed it.
        working_dir: the project directory, absolute.
        services: the active ones, sorted.
        images: the id that each image name stood for; None for no image.
        containers: by name.
        deployment: the id of the deployment; empty for a record that was found out anew.
        at: when, as text.
        previous: the commit that was deployed before with other content; None at first.
        heals: how often services were healed, by name.
        seconds: of each step of the deployment.
        renamed_from: the stack that it was carried over from, by an earlier name; None for none.
    """

    snapshot: Snapshot
    fingerprint: str
    repo: str | None = None
    ref: str | None = None
    project: str | None = None
    docker_host: str | None = None
    worker: str | None = None
    working_dir: str | None = None
    services: tuple[str, ...] = ()
    images: Mapping[str, str | None] = field(default_factory=dict)
    containers: Mapping[str, RecordedContainer] = field(default_factory=dict)
    deployment: str = ""
    at: str | None = None
    previous: str | None = None
    heals: Mapping[str, Healed] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    renamed_from: str | None = None

    @property
    def commit(self) -> str:
        """The commit that the content is from."""
        return self.snapshot.commit

    @property
    def path(self) -> str:
        """The stack's folder in the repository."""
        return self.snapshot.path

    @property
    def lasting(self) -> frozenset[str]:
        """The services that ran when the deployment had ended, which those do not that do their work and end."""
        return frozenset(each.service for each in self.containers.values() if each.state in ALIVE)

    def home(self, stack: Stack) -> Home:
        """Where it runs."""
        return Home(self.worker or stack.worker, self.docker_host or stack.docker_host, self.project or stack.project)

    def repo_of(self, stack: Stack) -> str:
        """The repo that it comes from."""
        return self.repo or stack.repo

    def moved_on(self, snapshot: Snapshot, repo: str, at: str) -> Deployed:
        """The same when files were written that reach no service."""
        return replace(self, snapshot=snapshot, fingerprint=snapshot.fingerprint, repo=repo, at=at, heals={})

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Deployed:
        """What Redis or a journal holds; with a snapshot of other rules, that is no snapshot of these."""
        return cls(
            snapshot=Snapshot.from_json(stored["snapshot"]),
            fingerprint=stored["fingerprint"],
            repo=stored.get("repo"),
            ref=stored.get("ref"),
            project=stored.get("project"),
            docker_host=stored.get("docker_host"),
            worker=stored.get("worker"),
            working_dir=stored.get("working_dir"),
            services=tuple(stored.get("services") or ()),
            images=stored.get("images") or {},
            containers={
                name: RecordedContainer.from_json(each) for name, each in (stored.get("containers") or {}).items()
            },
            deployment=stored.get("deployment") or "",
            at=stored.get("at"),
            previous=stored.get("previous"),
            heals={name: Healed.from_json(each) for name, each in (stored.get("heals") or {}).items()},
            seconds=stored.get("seconds") or {},
            renamed_from=stored.get("renamed_from"),
        )

    def to_json(self) -> dict[str, Any]:
        """For Redis and the journal; what an early release did not say stays unsaid."""
        said = {
            "repo": self.repo,
            "ref": self.ref,
            "project": self.project,
            "docker_host": self.docker_host,
            "worker": self.worker,
            "working_dir": self.working_dir,
            "at": self.at,
            "renamed_from": self.renamed_from,
        }
        return {
            "snapshot": self.snapshot.to_json(),
            "commit": self.commit,
            "path": self.path,
            "fingerprint": self.fingerprint,
            **{name: value for name, value in said.items() if value is not None},
            "services": list(self.services),
            "images": dict(self.images),
            "containers": {name: each.to_json() for name, each in self.containers.items()},
            "deployment": self.deployment,
            "previous": self.previous,
            **({"heals": {name: each.to_json() for name, each in self.heals.items()}} if self.heals else {}),
            **({"seconds": dict(self.seconds)} if self.seconds else {}),
        }


@dataclass(frozen=True, slots=True)
class Call:
    """How a project was called at its last good deployment, values included: for the journal alone.

    Attributes:
        project: its name; None where an early release did not say: the stack's.
        path: the stack's folder in the repository.
        files: Compose files from the live directory.
        env_files: likewise; absolute where they lie elsewhere.
        profiles: those that were active.
        variables: the stack's own.
        environment: everything else that Compose was started with, but for what any process here inherits.
        when_removed: the stack's policy; None where an early release did not say.
        keeps_unversioned: whether files that Git lacks were remembered with the deployment.
    """

    project: str | None
    path: str
    files: tuple[str, ...]
    env_files: tuple[str, ...]
    profiles: tuple[str, ...]
    variables: Mapping[str, str]
    environment: Mapping[str, str]
    when_removed: Policy | None = None
    keeps_unversioned: bool = False

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Call:
        """From a journal."""
        return cls(
            project=stored.get("project"),
            path=stored["path"],
            files=tuple(stored["files"]),
            env_files=tuple(stored["env_files"]),
            profiles=tuple(stored["profiles"]),
            variables=stored["variables"],
            environment=stored["environment"],
            when_removed=stored.get("when_removed"),
            keeps_unversioned=bool(stored.get("unversioned")),
        )

    def to_json(self) -> dict[str, Any]:
        """For a journal."""
        return {
            "files": list(self.files),
            "env_files": list(self.env_files),
            "profiles": list(self.profiles),
            "variables": dict(self.variables),
            "environment": dict(self.environment),
            "path": self.path,
            **({"project": self.project} if self.project is not None else {}),
            **({"when_removed": self.when_removed} if self.when_removed is not None else {}),
            **({"unversioned": True} if self.keeps_unversioned else {}),
        }


def is_of_another_worker(stack: Stack, own: Deployed | None, known: Deployed | None) -> bool:
    """Whether another worker has deployed a stack, and this one, which has it now, never has.

    Args:
        stack: the stack.
        own: what this host's journal has as deployed.
        known: what Redis has.
    """
    return known is not None and own is None and known.home(stack).worker != stack.worker


def host_of(stack: Stack, record: Deployed | None) -> str:
    """The address of the engine that a stack was deployed to last; of its own if it never was."""
    return stack.docker_host if record is None else record.home(stack).docker_host
