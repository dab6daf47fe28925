"""A run: who started it and how, and what it has done to its pulls and stacks.

Reading a whole run costs time for each of its stacks, of which there may be thousands; a deployment reads heads.
Times are texts, as `clock` writes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from workers.adapters.state.results import StackResult
from workers.model.messages import shortened
from workers.model.words import PullStatus, RunStatus, Trigger

Stored: TypeAlias = Mapping[str, Any]
"""Fields of a run's hash by name: texts, but values of JSON for those of pulls and stacks; None for what it has not."""

HEAD = ("id", "repo", "trigger", "who", "status", "forced", "has_pulls")
"""The fields of a run's hash that its head is read from."""

_PULL, _STACK = "pull:", "stack:"  # what the fields of a run's hash begin with that are those of pulls and stacks


@dataclass(frozen=True, slots=True)
class RunHead:
    """What is known of a run however far it is.

    Attributes:
        id: the run.
        repo: its repo, or several, separated by `, `.
        trigger: what started it.
        who: who did, if that is known.
        status: where it stands.
        forced: whether every service of its stacks is to be recreated.
        has_pulls: whether it pulls; one that never had a pull was started for particular stacks.
    """

    id: str
    repo: str
    trigger: Trigger
    who: str | None
    status: RunStatus
    forced: bool
    has_pulls: bool

    @property
    def is_asked_for(self) -> bool:
        """Whether somebody asked for its very stacks: then what is held is retried, and what was stopped started."""
        return not self.has_pulls and self.trigger not in {Trigger.RECONCILE, Trigger.RETRY}

    @property
    def repos(self) -> tuple[str, ...]:
        """Its repos, one by one."""
        return tuple(self.repo.split(", "))

    @classmethod
    def from_stored(cls, stored: Stored) -> RunHead | None:
        """A head from the fields `HEAD` of a run's hash; None where there is no such run."""
        known = _head_fields(stored)
        return None if known is None else cls(**known)


@dataclass(frozen=True, slots=True)
class Pull:
    """A worker's pull in a run: the newest `commits` of the refs that it fetched, and why it failed, if it did.

    One that is `still` troubled by what troubled the last one, beside what it was to fetch, has not failed for it.
    """

    status: PullStatus
    commits: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None
    still: bool = False

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Pull:
        """From what a run's hash has of it."""
        error, still = fields.get("error"), bool(fields.get("still"))
        return cls(PullStatus(fields["status"]), fields.get("commits") or {}, error, still)

    def to_json(self) -> dict[str, Any]:
        """As the API shows it."""
        shown = {"status": self.status, "commits": dict(self.commits), "error": self.error}
        return shown | {"still": True} if self.still else shown


@dataclass(frozen=True, slots=True)
class Run(RunHead):
    """All of a run.

    Attributes:
        ref: the repo's own ref, once a pull has fetched it.
        commit: the newest commit of that.
        queued_at: when it was made.
        started_at: when the first pull or deployment of it began; None before.
        finished_at: when the last thing that it waited for ended; None before.
        error: what is amiss with a pull, if anything is.
        pulls: by worker.
        stacks: by id; those that it still waits for have no outcome.
    """

    ref: str | None
    commit: str | None
    queued_at: str | None
    started_at: str | None
    finished_at: str | None
    error: str | None
    pulls: Mapping[str, Pull]
    stacks: Mapping[str, StackResult]

    @property
    def deployments(self) -> tuple[str, ...]:
        """The deployments that were made in it."""
        return tuple(result.deployment for result in self.stacks.values() if result.deployment)

    @property
    def pull_errors(self) -> Mapping[str, str]:
        """Why pulls failed, by worker."""
        return {worker: pull.error for worker, pull in self.pulls.items() if pull.error}

    @classmethod
    def from_stored(cls, stored: Stored) -> Run | None:
        """A run from its whole hash; None for an empty one."""
        known = _head_fields(stored)
        if known is None:
            return None
        pulls, stacks = _parts(stored, _PULL), _parts(stored, _STACK)
        return cls(
            **known | {"has_pulls": known["has_pulls"] or bool(pulls)},  # older versions did not note it
            ref=stored.get("ref"),
            commit=stored.get("commit"),
            queued_at=stored.get("queued_at"),
            started_at=stored.get("started_at"),
            finished_at=stored.get("finished_at"),
            error=stored.get("error"),
            pulls={worker: Pull.from_json(pull) for worker, pull in pulls.items()},
            stacks={stack: StackResult.from_json(stack, part) for stack, part in stacks.items()},
        )

    def to_json(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "id": self.id,
            "repo": self.repo,
            "ref": self.ref,
            "commit": self.commit,
            "trigger": self.trigger,
            "who": self.who,
            "status": self.status,
            "queued_at": self.queued_at,
            "started_at": self.started_at,
            "finished_at": self.finished_at,
            "error": self.error,
            "pulls": {worker: pull.to_json() for worker, pull in self.pulls.items()},
            "stacks": {
                stack: result.in_run() | {"message": shortened(result.message)} for stack, result in self.stacks.items()
            },
        }


@dataclass(frozen=True, slots=True)
class RunPage:
    """Some of the runs, the newest first; `next` is the cursor of the next page, None after the last one."""

    items: tuple[Run, ...]
    next: str | None


def part_of(stack: str) -> str:
    """The field of a run's hash that has a stack's part in it."""
    return f"{_STACK}{stack}"


def _head_fields(stored: Stored) -> dict[str, Any] | None:
    """A head's attributes, with what older versions did not write; None where there is no run."""
    if stored.get("id") is None:
        return None
    return {
        "id": stored["id"],
        "repo": stored.get("repo") or "",
        "trigger": Trigger.named(stored.get("trigger")),
        "who": stored.get("who"),
        "status": RunStatus(stored.get("status") or RunStatus.QUEUED),
        "forced": stored.get("forced") is not None,
        "has_pulls": stored.get("has_pulls") == "1",
    }


def _parts(stored: Stored, kind: str) -> dict[str, Any]:
    """The pulls or stacks in a run's hash, in order of name."""
    return {
        name.removeprefix(kind): stored[name]
        for name in sorted(name for name in stored if name.startswith(kind))
        if stored[name] is not None
    }
