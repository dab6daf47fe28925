"""States of Tegu as somebody may find them, written to a real Redis: for tests of pages, and to look at them."""

from __future__ import annotations

import hashlib
import json
import time
from datetime import timedelta
from typing import NamedTuple

from tests.records import a_record
from workers.adapters.state import keys
from workers.adapters.state.ailing import Ailing
from workers.adapters.state.clock import now
from workers.adapters.state.deployed import RecordedContainer
from workers.adapters.state.live import Live, LiveService, watcher_name
from workers.adapters.state.liveness import Liveness
from workers.adapters.state.marks import Hold, Pin, Removed, Stop
from workers.adapters.state.past_deployment import EndedStep
from workers.adapters.state.results import StackResult
from workers.adapters.state.state import State
from workers.adapters.state.status import DecisionNote, DeploymentNote
from workers.model.commit import CommitNote
from workers.model.words import Action, Decision, Outcome, Reason, ServiceDecision, StackStatus, Trigger

WATCHER = watcher_name("local", "unix:///var/run/docker.sock")
NEWEST = hashlib.sha1(b"newest", usedforsecurity=False).hexdigest()
SUBJECTS = (
    "Add a health check to the database",
    "Update images of November",
    "Let authelia remember devices for a month",
    "Raise the limit of uploads",
)
AUTHORS = ("Ada Lovelace", "Grace Hopper", "Barbara Liskov")


AILING = Ailing(
    "web",
    "mail-web-1",
    "is unhealthy",
    log="listening on 0.0.0.0:8080\ncannot reach the database at db:5432: connection refused\nstill trying",
    healthcheck="curl: (7) Failed to connect to localhost port 8080 after 0 ms: Could not connect to server",
)


def ago(**spans: float) -> str:
    return now(-timedelta(**spans))


def commit(number: int) -> str:
    return hashlib.sha1(str(number).encode(), usedforsecurity=False).hexdigest()


def commits(state: State) -> None:
    """What commits say; the newest is of half an hour ago."""
    notes = {
        commit(number): CommitNote(SUBJECTS[number % 4], AUTHORS[number % 3], ago(hours=5 * number + 3))
        for number in range(12)
    }
    state.commits.note(
        notes | {NEWEST: CommitNote("Let the proxy trust our own certificate", AUTHORS[0], ago(minutes=31))}
    )


class Scene(NamedTuple):
    """A stack that is to stand somehow."""

    stack: str
    status: StackStatus = StackStatus.DEPLOYED
    services: tuple[str, ...] = ("web", "db")
    message: str = ""


def workers(state: State, names: tuple[str, ...] = ("local",)) -> None:
    """Every worker lives and sees its engine."""
    for name in names:
        Liveness(state.redis).beat((f"tegu.{name}.pull", f"tegu.{name}.deploy"))
        state.live.beat(watcher_name(name, "unix:///var/run/docker.sock"), None)


def pulled(state: State, repo: str = "homelab", error: str | None = None) -> None:
    """A pull of a repo has ended."""
    run = state.runs.create(repo, Trigger.WEBHOOK, ["local"], who="github")
    state.runs.start_pull(run, repo, "local")
    state.runs.end_pull(run, repo, "local", commits={"main": NEWEST}, error=error, repo_ref="main")


def stand(state: State, scene: Scene, number: int = 0) -> None:
    """Let a stack stand as its scene says."""
    stack, status, services, message = scene
    own = commit(number % 12)
    behind = status in {StackStatus.FAILED, StackStatus.ROLLED_BACK, StackStatus.PENDING, StackStatus.INVALID}
    if status is StackStatus.UNKNOWN:
        return
    state.records.set_status(stack, latest_commit=own)  # as when its first deployment was planned
    lasting = {name: RecordedContainer(f"{stack}-{name}", name, state="running") for name in services}
    decision = _decision(stack, status, message)
    outcome = {StackStatus.FAILED: Outcome.FAILED, StackStatus.ROLLED_BACK: Outcome.ROLLED_BACK}.get(
        status, Outcome.DEPLOYED
    )
    done = Decision(stack, Action.RESTART, Reason.CONTENT_CHANGED, own, paths=(f"{stack}/config.yml",))
    ended = DeploymentNote.of(
        deployment(state, done, outcome, message), done, outcome, ago(hours=number % 30 + 1), message or None
    )
    state.records.put(
        stack,
        a_record(own, containers=lasting),
        None,
        latest_commit=NEWEST,
        deployed_commit=own,
        verified_commit=own if behind else NEWEST,
        last_decision=decision,
        last_deployment=ended,
        drift={services[0]: "configuration_changed"} if status is StackStatus.DRIFTED else None,
        stopped=Stop("docker stop", ago(hours=2)) if status is StackStatus.STOPPED else None,
    )
    live = {name: LiveService("running", "healthy", ago(hours=3), f"example/{name}:1") for name in services}
    if status is StackStatus.DEGRADED:
        live[services[0]] = LiveService(
            "restarting", None, ago(minutes=4), "example/web:1", why="ended with exit code 3"
        )
    state.live.write({stack: Live(live, WATCHER)})
    if status is StackStatus.PAUSED:
        state.pauses.pause(stack, "ada@host", "moving house")
    if behind and status is not StackStatus.PENDING:
        state.holds.hold(stack, Hold("f2", message, NEWEST, outcome=outcome, at=ago(hours=1)))


def _decision(stack: str, status: StackStatus, message: str) -> DecisionNote:
    reasons = {
        StackStatus.INVALID: Reason.INVALID,
        StackStatus.BLOCKED: Reason.MOVED,
        StackStatus.FAILED: Reason.FAILED_BEFORE,
        StackStatus.ROLLED_BACK: Reason.FAILED_BEFORE,
        StackStatus.PENDING: Reason.WAITING,
        StackStatus.STOPPED: Reason.STOPPED,
    }
    reason = reasons.get(status, Reason.UNCHANGED)
    return DecisionNote(Action.NONE, reason, NEWEST, ago(minutes=2), message=message, paths=(f"{stack}/compose.yaml",))


def deployment(state: State, decision: Decision, outcome: Outcome | None, message: str = "") -> str:
    """A deployment with steps and a log; under way where it has no outcome."""
    made = state.deployments.create(decision, None, trigger=Trigger.WEBHOOK, who="github")
    steps = [EndedStep(name, 0.2, now()) for name in ("stage", "validate", "up")]
    state.deployments.tell(made, ["$ docker compose up -d", " Container web  Started", message or "done"], steps)
    if outcome is not None:
        seconds = {"stage": 0.2, "validate": 0.2, "up": 0.2}
        ailing = [AILING] if outcome is Outcome.FAILED else []
        state.deployments.finish(made, outcome, message or None, seconds=seconds, fingerprint="f1", ailing=ailing)
    return made


def went_wrong(state: State, stack: str) -> str:
    """A deployment that took its time, and was rolled back for a container that was not well."""
    touched = {"web": ServiceDecision(Action.RESTART)}
    decision = Decision(stack, Action.RESTART, Reason.CONTENT_CHANGED, commit(1), (f"{stack}/nginx.conf",), touched)
    made = state.deployments.create(decision, None, trigger=Trigger.WEBHOOK, who="github")
    took = {"stage": 0.1, "validate": 0.3, "switch": 0.1, "what up misses": 1.2, "wait until healthy": 4.3}
    took |= {"up": 3.7}
    left = sum(took.values())
    state.redis.hset(keys.deployment(made), "started_at", json.dumps(ago(seconds=left)))
    state.deployments.tell(made, ["$ docker compose restart web", " Container mail-web-1  Started"])
    for name, seconds in took.items():
        left -= seconds
        state.deployments.tell(made, steps=[EndedStep(name, seconds, ago(seconds=left))])
    told = f"web: mail-web-1 is unhealthy; its healthcheck says: {AILING.healthcheck}\n{AILING.log}"
    state.deployments.tell(made, [*told.splitlines(), "going back to the last good deployment"])
    state.deployments.tell(made, ["$ docker compose up -d --no-build", " Container mail-web-1  Started"])
    state.deployments.finish(made, Outcome.ROLLED_BACK, told, seconds=took, fingerprint="f1", ailing=[AILING])
    return made


def under_way(state: State, stacks: list[str]) -> str:
    """A run in which the first stack is being deployed and the second was."""
    run = state.runs.create("homelab", Trigger.WEBHOOK, ["local"], who="github")
    state.runs.start_pull(run, "homelab", "local")
    state.runs.plan(run, [(stack, NEWEST) for stack in stacks])
    state.runs.end_pull(run, "homelab", "local", commits={"main": NEWEST}, error=None, repo_ref="main")
    time.sleep(0.01)
    touched = {"web": ServiceDecision(Action.UP)}
    for stack, outcome in zip(stacks, (None, Outcome.DEPLOYED), strict=False):
        decision = Decision(stack, Action.UP, Reason.CONTENT_CHANGED, NEWEST, (f"{stack}/compose.yaml",), touched)
        made = deployment(state, decision, outcome)
        state.runs.take(stack, f"task-{stack}")
        if outcome is not None:
            state.runs.finish([run], StackResult.of(decision, outcome, made))
    return run


BAD = {
    StackStatus.FAILED: "web: container web-1 has ended with exit code 3\nthe log says more",
    StackStatus.ROLLED_BACK: "db: container db-1 is unhealthy: connection refused",
    StackStatus.INVALID: "services/paperless/compose.yaml:12: `imagee` is not a key of a service; `image` is",
    StackStatus.BLOCKED: "the data of volume `media` lies in /srv/old; decide with `tegu adopt media --data move`",
}


def gone() -> Removed:
    return Removed("gone from the catalog or its repository", at=ago(days=1))


def everything_broken(state: State) -> None:
    """One stack of each kind of trouble, and some that are well; a repo that cannot be fetched; no worker."""
    commits(state)
    state.live.beat(WATCHER, None)
    names = ("authelia", "grafana", "paperless", "media", "mail", "home", "wiki", "git", "vault")
    statuses = [each for each in StackStatus if each not in {StackStatus.REMOVED, StackStatus.DEPLOYING}]
    for number, (name, status) in enumerate(zip(names, statuses, strict=False)):
        stand(state, Scene(f"production/{name}", status, message=BAD.get(status, "")), number)
    stand(state, Scene("staging/website"), 3)
    state.pins.pin(
        "staging/website", Pin(commit(2), "push", "ada@host", "the new one is slow", reached=True, at=ago(days=2))
    )
    pulled(state, error="repo homelab: git.example.com refused the key; see that it may read the repository")


def all_well(state: State, count: int) -> None:
    """Stacks that are all well, and workers that live."""
    commits(state)
    workers(state)
    pulled(state)
    for number in range(count):
        stand(state, Scene(f"production/stack-{number:04}"), number)


def pasts(state: State, stacks: list[str], count: int = 20) -> None:
    """Each of these stacks was deployed so often; every seventh of the stacks failed twice on the way."""
    for number, stack in enumerate(stacks):
        for turn in range(count):
            decision = Decision(stack, Action.RESTART, Reason.CONTENT_CHANGED, commit(turn))
            made = state.deployments.create(decision, None, trigger=Trigger.WEBHOOK, who="github")
            failed = number % 7 == 0 and turn in {4, number % 20}
            state.deployments.finish(made, Outcome.FAILED if failed else Outcome.DEPLOYED)
