"""The words of Tegu as frozen values: what flows between modules, and nothing that acts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Literal, NamedTuple


class Action(StrEnum):
    """What has to be done to a service or a stack, from the weakest to the strongest.

    `REMOVE` is for stacks only; a service that left the model counts as `UP`.
    """

    NONE = "none"
    SIGNAL = "signal"
    RESTART = "restart"
    RECREATE = "recreate"
    UP = "up"
    BUILD = "build"
    REMOVE = "remove"

    @property
    def strength(self) -> int:
        """The place in the order of strength, from 0."""
        return _STRENGTH[self]


_STRENGTH = {action: place for place, action in enumerate(Action)}


class Reason(StrEnum):
    """Why a decision came out as it did."""

    UNCHANGED = "unchanged"
    FIRST_DEPLOY = "first_deploy"
    CONTENT_CHANGED = "content_changed"
    OPTIONS_CHANGED = "options_changed"
    DRIFTED = "drifted"
    INTERRUPTED = "interrupted"
    FORCED = "forced"
    RETRIED = "retried"
    ROLLBACK = "rollback"
    FAILED_BEFORE = "failed_before"
    PAUSED = "paused"
    PINNED = "pinned"
    STOPPED = "stopped"
    WAITING = "waiting"
    BLOCKED = "blocked"
    MOVED = "moved"
    SELF = "self"
    SUPERSEDED = "superseded"
    INVALID = "invalid"
    REMOVED = "removed"


class Outcome(StrEnum):
    """How a stack ended in a run."""

    UNCHANGED = "unchanged"
    DEPLOYED = "deployed"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"
    BLOCKED = "blocked"
    SKIPPED = "skipped"
    INVALID = "invalid"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    REMOVED = "removed"

    @property
    def bad(self) -> bool:
        """Whether a run with this outcome in it has failed."""
        return self in {Outcome.FAILED, Outcome.ROLLED_BACK, Outcome.BLOCKED, Outcome.INVALID}


class News(StrEnum):
    """What a receiver may ask to hear of: outcomes, and that what it was told was bad is well again."""

    FAILED = "failed"
    ROLLED_BACK = "rolled_back"
    BLOCKED = "blocked"
    INVALID = "invalid"
    RECOVERED = "recovered"
    DEPLOYED = "deployed"


class RunStatus(StrEnum):
    """Where a run, a pull or a deployment stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class StackStatus(StrEnum):
    """Where a stack stands; the first that applies, in this order."""

    REMOVED = "removed"
    INVALID = "invalid"
    DEPLOYING = "deploying"
    PAUSED = "paused"
    STOPPED = "stopped"
    BLOCKED = "blocked"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"
    PENDING = "pending"
    DEPLOYED = "deployed"
    UNKNOWN = "unknown"


class Trigger(StrEnum):
    """What started a run."""

    WEBHOOK = "webhook"
    POLL = "poll"
    RECONCILE = "reconcile"
    API = "api"
    CLI = "cli"
    CALL = "call"


class Secret:
    """A text that never shows itself: not in `repr`, `str`, formatting or a log."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one place that needs it."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret('********')"

    __str__ = __repr__


# ---------------------------------------------------------------- the catalog


@dataclass(frozen=True, slots=True)
class Repo:
    """A Git remote and how its pushes are recognised.

    `url` holds no credentials. Files are absolute paths on the worker's host.
    """

    name: str
    url: str
    ref: str
    webhook_secrets: tuple[Secret, ...] = ()
    username: str | None = None
    password: Secret | None = None
    ssh_key_file: str | None = None
    known_hosts_file: str | None = None
    allow_remote_include: bool = False
    poll: timedelta | None = None
    discover: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody who is told how stacks end.

    `name` and `line` are its place in the catalog, for `url` is a secret; `stacks` are globs of ids, none for all.
    """

    name: str
    line: int
    url: Secret
    news: frozenset[News]
    stacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Environment:
    """Where stacks run and with what. `ref` overrides the repo's own for its stacks."""

    name: str
    worker: str = "local"
    docker_host: str = "unix:///var/run/docker.sock"
    ref: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """One `on_change` rule: gitignore-style globs from the repository's root.

    `signal` is the name without `SIG` when `action` is `SIGNAL`. `services` None: those that mount the path.
    """

    paths: tuple[str, ...]
    action: Action
    signal: str | None = None
    services: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """How long to wait for a stack to be healthy, and for how long it must then stay so."""

    timeout: timedelta = timedelta(minutes=2)
    settle: timedelta = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Limits:
    """The longest each step of a deployment may take."""

    pull: timedelta = timedelta(minutes=10)
    build: timedelta = timedelta(minutes=30)
    up: timedelta = timedelta(minutes=5)
    hook: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Hooks:
    """Argv lists, run in the stack's project directory."""

    pre_deploy: tuple[tuple[str, ...], ...] = ()
    post_deploy: tuple[tuple[str, ...], ...] = ()
    on_failure: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """A stack's effective options, after every precedence has been applied.

    `files` None: what Compose itself would pick. `variables` are the stack's own over its environment's.
    """

    files: tuple[str, ...] | None = None
    profiles: tuple[str, ...] = ()
    env_files: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    on_change: tuple[Rule, ...] = ()
    watch: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    health: Health = Health()
    limits: Limits = Limits()
    rollback: bool = True
    pull_images: Literal["missing", "always", "never"] = "missing"
    build: bool = True
    remove_orphans: bool = True
    prune_images: bool = False
    hooks: Hooks = Hooks()
    drift: Literal["heal", "report", "ignore"] = "heal"
    when_stopped: Literal["leave", "start"] = "leave"
    when_removed: Literal["keep", "stop", "down"] = "keep"
    adopt: bool = False
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Stack:
    """One Compose project: a path in a repo, deployed to an environment.

    `path` is the project directory from the repository's root, `""` for the root itself; `ref` is the
    branch or tag that it follows; `project` is the Compose project name.
    """

    environment: str
    name: str
    repo: str
    path: str
    ref: str
    worker: str
    docker_host: str
    project: str
    options: Options
    allow_remote_include: bool = False

    @property
    def id(self) -> str:
        """`environment/name`."""
        return f"{self.environment}/{self.name}"


# ---------------------------------------------------------------- Git


class Entry(NamedTuple):
    """What a Git tree says of one path: the mode (0o100644, 0o100755, 0o120000, 0o040000, 0o160000) and object id."""

    mode: int
    oid: str


# ---------------------------------------------------------------- decisions


@dataclass(frozen=True, slots=True)
class ServiceDecision:
    """What one service needs, and because of which paths. `signal` is set when `action` is `SIGNAL`."""

    action: Action
    paths: tuple[str, ...] = ()
    signal: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with a stack at a commit. Pure and explainable.

    `paths` are repository paths whose content differs; `inputs` names the inputs outside Git that
    differ (`variable:DOMAIN`, `file:services/a/.env`, `option:profiles`), never their values; `networks`
    and `volumes` are keys of the model whose definition changed; `removed` are services that left the model or whose
    profile was dropped; `message` is for people (why a stack is invalid, blocked, …); `objects` has the old and the
    new object id of each path, None where there is nothing.
    """

    stack: str
    action: Action
    reason: Reason
    commit: str | None = None
    paths: tuple[str, ...] = ()
    services: Mapping[str, ServiceDecision] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    message: str = ""
    objects: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict, compare=False)
