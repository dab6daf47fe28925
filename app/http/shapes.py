"""The shapes of what is answered, for the description of the API alone: nobody else loads this.

What is answered is made where it is known (`to_json` of the stores' records); that it has these shapes, no field more
and none less, is seen of every answer that a test gets (`tests/described.py`). Longer than other modules: it is a list.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired, TypeAlias

from pydantic import Field
from typing_extensions import TypedDict  # pydantic takes no other before Python 3.12

from app.webhooks import IgnoredReason
from workers.model.words import Action, Outcome, PullStatus, Reason, RunStatus, StackStatus, Trigger

Time: TypeAlias = Annotated[str, Field(description="RFC 3339, in UTC", examples=["2026-11-23T13:34:16.994Z"])]
Commit: TypeAlias = Annotated[str, Field(description="A commit's id")]
StackId: TypeAlias = Annotated[str, Field(description="`environment/name`", examples=["production/whoami"])]
Policy: TypeAlias = Literal["keep", "stop", "down"]
Next: TypeAlias = Annotated[str | None, Field(description="The `cursor` of the next page; null on the last one")]


class Problem(TypedDict):
    """An error (RFC 9457). `detail` is a sentence for people."""

    type: str
    title: str
    status: int
    detail: str
    cause: NotRequired[Annotated[str, Field(description="Of a 503: the kind of what is amiss")]]


class Healthy(TypedDict):
    """This process answers."""

    status: Literal["ok"]


class Ready(TypedDict):
    """Tegu can do its work."""

    status: Literal["ready"]
    checks: dict[str, str]


class NotReady(Problem):
    """What fails, by name."""

    failing: list[str]
    checks: dict[str, str]


# ---------------------------------------------------------------- stacks


class ServiceDecided(TypedDict):
    """What a service needed, and because of which paths."""

    action: Action
    paths: list[str]


class ObjectIds(TypedDict):
    """The ids of what a path was and is; null for nothing."""

    old: str | None
    new: str | None


class Decided(TypedDict):
    """What was decided last. `inputs` differ outside Git: names, never values."""

    action: Action
    reason: Reason | None
    commit: Commit | None
    paths: list[str]
    objects: NotRequired[dict[str, ObjectIds]]
    inputs: list[str]
    services: dict[str, ServiceDecided]
    message: str
    run: str | None
    at: Time


class LastDeployment(TypedDict):
    """How the last deployment ended, and in short what was done and why."""

    id: str | None
    outcome: Outcome | None
    commit: Commit | None
    at: Time
    message: NotRequired[str]
    action: NotRequired[Action]
    reason: NotRequired[Reason]
    services: NotRequired[list[str]]
    paths: NotRequired[list[str]]


class Service(TypedDict):
    """How a service stands now; of several containers, the one that is worst off."""

    state: Annotated[str, Field(description="Docker's word, or `missing`, or `unknown` while nobody sees the engine")]
    health: Annotated[str | None, Field(description="`starting`, `healthy`, `unhealthy`; null without a healthcheck")]
    since: Time | None
    image: str | None
    why: NotRequired[str]


class Running(TypedDict):
    """How many services run and are well, of those that ought to."""

    well: int
    of: int


class Stopped(TypedDict):
    """Somebody was seen to stop it."""

    at: Time
    how: NotRequired[str]


class Paused(TypedDict):
    """Nothing is deployed until it is resumed."""

    at: Time
    who: str
    why: str


class Held(TypedDict):
    """Content that failed, and is not tried again by itself, or at `retry_at`; `obstructed`: the host is to blame."""

    at: Time
    fingerprint: str
    why: str
    commit: Commit | None
    deployment: str | None
    outcome: Outcome | None
    attempts: int
    invalid: bool
    retry_at: Time | None
    obstructed: NotRequired[bool]
    beside: NotRequired[Held]


class Pinned(TypedDict):
    """It was rolled back by hand, and stays there."""

    at: Time
    commit: str
    until: Literal["release", "push"]
    who: str
    why: str
    id: NotRequired[str]
    head: NotRequired[Commit]
    reached: NotRequired[bool]
    before: NotRequired[Pinned | None]


class Gone(TypedDict):
    """It is none any more."""

    why: str
    policy: NotRequired[Policy]
    done: NotRequired[Policy]
    by_default: NotRequired[bool]
    forget: NotRequired[Policy]
    at: Time


class StackRow(TypedDict):
    """A stack, as `tegu status --json` prints it."""

    stack: StackId
    status: StackStatus
    deployed_commit: Annotated[Commit | None, Field(description="Of the last deployment")]
    verified_commit: Annotated[Commit | None, Field(description="The newest one whose content is what runs")]
    latest_commit: Annotated[Commit | None, Field(description="The newest known one of the ref that it follows")]
    last_decision: Decided | None
    last_deployment: LastDeployment | None
    drift: Annotated[dict[str, str] | None, Field(description="Services that are not as deployed, each with how")]
    services: dict[str, Service]
    running: Running
    stopped: Stopped | None
    paused: Paused | None
    held: Held | None
    pinned: Pinned | None
    removed: Gone | None


class Step(TypedDict):
    """A step that has ended."""

    name: str
    seconds: float
    at: Time


class Ailing(TypedDict):
    """A container that was not well in the end, with its last lines."""

    service: str
    container: str
    why: str
    exit_code: int | None
    log: str
    healthcheck: str


class Deployment(TypedDict):
    """One attempt to bring one stack to one commit."""

    id: str
    stack: StackId
    run: str | None
    commit: Commit | None
    action: Action | None
    reason: Reason | None
    status: RunStatus
    started_at: Time
    outcome: Outcome | None
    error: str | None
    finished_at: Time | None
    trigger: Trigger | None
    who: str | None
    seconds: NotRequired[Annotated[dict[str, float], Field(description="How long each step took")]]
    fingerprint: NotRequired[str]
    ailing: NotRequired[list[Ailing]]
    services: NotRequired[Annotated[list[str], Field(description="Some of those that something was to be done to")]]
    paths: NotRequired[Annotated[list[str], Field(description="Some of those that differed")]]
    steps: list[Step]


class StackDetail(StackRow):
    """A stack with its newest deployments."""

    deployments: list[Deployment]


class StackPage(TypedDict):
    """Some of the stacks, in the order of their ids."""

    items: list[StackRow]
    next: Next


class DeploymentPage(TypedDict):
    """Some of the deployments, the newest first."""

    items: list[Deployment]
    next: Next


class LogPage(TypedDict):
    """Some of a log's lines."""

    items: list[str]
    next: Next


# ---------------------------------------------------------------- runs and repos


class Pull(TypedDict):
    """A worker's pull in a run; one that is `still` in an old trouble has not failed for it."""

    status: PullStatus
    commits: dict[str, Commit]
    error: str | None
    still: NotRequired[bool]


class StackInRun(TypedDict):
    """What became of a stack in a run; `outcome` is null while it has not ended."""

    commit: Commit | None
    action: Action | None
    reason: Reason | None
    outcome: Outcome | None
    deployment: str | None
    message: str
    still: NotRequired[bool]


class Run(TypedDict):
    """One pull and all that it fanned out to."""

    id: str
    repo: Annotated[str, Field(description="Its repo, or several, separated by `, `")]
    ref: str | None
    commit: Commit | None
    trigger: Trigger
    who: str | None
    status: RunStatus
    queued_at: Time | None
    started_at: Time | None
    finished_at: Time | None
    error: str | None
    pulls: Annotated[dict[str, Pull], Field(description="By worker")]
    stacks: Annotated[dict[str, StackInRun], Field(description="By the stack's id")]


class RunPage(TypedDict):
    """Some of the runs, the newest first."""

    items: list[Run]
    next: Next


class LastPull(TypedDict):
    """How a pull ended; `since` is when the first of all those in a row ended that ended like this."""

    status: PullStatus
    at: Time
    since: Time
    error: str | None


class Asking(TypedDict):
    """Whom a pull is waiting for, and since when."""

    host: str
    since: Time


class Repo(TypedDict):
    """How a repo stands."""

    repo: str
    last_pull: LastPull | None
    asking: Asking | None
    workers: Annotated[dict[str, LastPull], Field(description="The last pull of each worker")]
    sizes: Annotated[dict[str, int], Field(description="Bytes of each worker's clone, as far as they were counted")]


class RepoPage(TypedDict):
    """All repos."""

    items: list[Repo]
    next: None


class Delivery(TypedDict):
    """A webhook that came, and what became of it."""

    repo: str
    forge: str
    result: str
    at: Time
    detail: str
    run: str | None


class DeliveryPage(TypedDict):
    """The last webhooks, the newest first."""

    items: list[Delivery]
    next: None


# ---------------------------------------------------------------- what was asked for


class Queued(TypedDict):
    """The run that does it; `coalesced`: one that was there before."""

    run: str
    status: Literal["queued", "coalesced"]


class Cancelled(TypedDict):
    """What was ordered to end. `waiting` are the runs in which it only waited."""

    stack: StackId
    deployment: str | None
    run: str | None
    waiting: list[str]
    status: Literal["cancelling", "cancelled"]


class SentEvent(TypedDict):
    """An event as it is streamed: its cursor, its kind (`run`, `stack`, `drift`, `services`), what is told of it."""

    id: str
    event: str
    data: str


class Ignored(TypedDict):
    """A webhook after which there is nothing to do."""

    status: Literal["ignored"]
    reason: IgnoredReason
    detail: str


Document: TypeAlias = dict[str, Any]
