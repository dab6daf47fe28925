"""`tegu demo`: the main job on real parts, explained as it goes and proven by containers.

Four pushes to a repository of three stacks: each signed as GitHub signs, sent over HTTP to a running Tegu,
and followed until its run has ended. What each one touched is shown by container ids and start times.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from app.pages.words import done
from workers.commands.demo import REPO, STACKS, Demonstration, Sighting, demonstration
from workers.model.errors import TeguError, TransientError
from workers.model.words import Action

_READY = 90.0  # seconds until Tegu has to be able to work
_RUN = 120.0  # seconds until a run has to have ended
_POLL = 0.1  # seconds between two looks at a run

Say = Callable[[str], None]


class DemoFailed(TeguError):
    """Something came out otherwise than shown; the message says what."""


@dataclass(frozen=True, slots=True)
class Step:
    """One push, and what has to come of it.

    Attributes:
        title: what is pushed, and what to watch.
        files: path → how its new text is made of the old one; empty for the first push.
        touched: stacks whose container has to be restarted or replaced, and no others.
        replaced: whether a touched container gets a new id, or is only started again.
    """

    title: str
    files: Mapping[str, Callable[[str], str]]
    touched: tuple[str, ...]
    replaced: bool


STEPS = (
    Step("The first push: three stacks, nothing runs yet, so all three are deployed.", {}, STACKS, replaced=True),
    Step(
        "A mounted configuration file changes: its stack is restarted, the others are left alone.",
        {"services/api/config/api.conf": lambda text: text.replace("2", "4")},
        ("api",),
        replaced=False,
    ),
    Step(
        "A README changes: no stack reads it, so nothing is touched.",
        {"README.md": lambda text: text + "\nThey are deployed by Tegu.\n"},
        (),
        replaced=False,
    ),
    Step(
        "A command in a Compose file changes: one container is replaced.",
        {"services/clock/compose.yaml": lambda text: text.replace("sleep 5", "sleep 2")},
        ("clock",),
        replaced=True,
    ),
)


def run_demo(say: Say, *, wait: Callable[[], None] | None = None) -> dict[str, object]:
    """Show Tegu at work.

    Args:
        say: is called with every line that explains what happens.
        wait: called with everything still up, before it is removed; returns when the reader has seen enough.

    Returns:
        `{"outcome": "succeeded", "steps": [{"title", "commit", "run", "seconds", "stacks", "containers"}]}`.

    Raises:
        DemoFailed: when a push touched something else than it should have, or Tegu did not come up.
        EngineUnavailable: when no Docker Engine answers.
    """
    with demonstration() as demo:
        say(f"A repository, served by git daemon, and a Tegu of its own in {demo.folder}.")
        started = time.monotonic()
        demo.start()
        _wait_until_ready(demo)
        say(f"`tegu up` is ready after {time.monotonic() - started:.1f} s at {demo.url}, Flower at {demo.flower_url}.")
        steps: list[dict[str, object]] = []
        before: dict[str, Sighting] = {}
        for number, step in enumerate(STEPS, 1):
            say(f"\n{number}. {step.title}")
            files = {path: change(demo.text(path)) for path, change in step.files.items()}
            commit = demo.push(files, step.title.partition(":")[0])
            shown, before = _show(demo, step, commit, before, say)
            steps.append(shown)
        say("\nEvery push was one webhook, one fetch of one clone, and touched only what it had to.")
        if wait is not None:
            say(f"Everything is still up; look around. Flower's login is in {demo.login_file}.")
            say(f"Pages: {demo.url}, Flower: {demo.flower_url}, log: {demo.folder / 'tegu.log'}.")
            wait()
        say("Removing everything again.")
    return {"outcome": "succeeded", "steps": steps}


def _show(
    demo: Demonstration, step: Step, commit: str, before: dict[str, Sighting], say: Say
) -> tuple[dict[str, object], dict[str, Sighting]]:
    started = time.monotonic()
    run = _follow(demo, _send_push(demo, commit))
    seconds = time.monotonic() - started
    after = demo.sightings()
    say(f"   push {commit[:10]} → run {run['id']} {run['status']} in {seconds:.2f} s")
    for stack in STACKS:
        outcome = run["stacks"].get(f"default/{stack}", {})
        did = done(Action(outcome.get("action") or Action.NONE))
        say(f"   {stack:8} {did:13} {_told(before.get(stack), after.get(stack))}")
    _judge(demo, step, run, before, after)
    shown: dict[str, object] = {
        "title": step.title,
        "commit": commit,
        "run": run["id"],
        "seconds": round(seconds, 3),
        "stacks": run["stacks"],
        "containers": {stack: asdict(sighting) for stack, sighting in after.items()},
    }
    return shown, after


def _told(before: Sighting | None, after: Sighting | None) -> str:
    if after is None:
        return "no container runs"
    now = f"container {after.container[:12]}, up since {after.started_at[11:23]}"
    if before is None:
        return f"{now}: new"
    if before == after:
        return f"{now}: the same, untouched"
    return f"{now}: {'restarted' if before.container == after.container else f'in place of {before.container[:12]}'}"


def _judge(
    demo: Demonstration, step: Step, run: Mapping[str, Any], before: dict[str, Sighting], after: dict[str, Sighting]
) -> None:
    """Compare what happened with what the step promised."""
    problems = [] if run["status"] == "succeeded" else [f"the run {run['status']}: {json.dumps(run)}"]
    for stack in STACKS:
        old, new = before.get(stack), after.get(stack)
        if new is None:
            problems.append(f"{stack} does not run")
        elif stack not in step.touched and old != new:
            problems.append(f"{stack} was touched")
        elif stack in step.touched and (old == new or (old is not None and _replaced(old, new) != step.replaced)):
            problems.append(f"{stack} was not {'replaced' if step.replaced else 'restarted'}")
    if problems:
        message = f"{step.title} {'; '.join(problems)}\n{demo.log_tail()}"
        raise DemoFailed(message)


def _replaced(old: Sighting, new: Sighting) -> bool:
    return old.container != new.container


def _send_push(demo: Demonstration, commit: str) -> str:
    """Send what GitHub sends for a push, signed with the repo's secret; the run's id."""
    body = json.dumps({"ref": "refs/heads/main", "after": commit, "deleted": False}).encode()
    signature = hmac.new(demo.secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "push",
        "X-Hub-Signature-256": f"sha256={signature}",
    }
    run: str = _ask(f"{demo.url}/webhooks/{REPO}", headers, body)["run"]
    return run


def _follow(demo: Demonstration, run: str) -> dict[str, Any]:
    deadline = time.monotonic() + _RUN
    headers = {"Authorization": f"Bearer {demo.token}"}
    while time.monotonic() < deadline:
        found = _ask(f"{demo.url}/api/v1/runs/{run}", headers)
        if found["status"] in {"succeeded", "failed"}:
            return found
        time.sleep(_POLL)
    message = f"run {run} did not end within {_RUN:g} s\n{demo.log_tail()}"
    raise DemoFailed(message)


def _wait_until_ready(demo: Demonstration) -> None:
    deadline = time.monotonic() + _READY
    why = ""
    while time.monotonic() < deadline and demo.alive():
        try:
            _ask(f"{demo.url}/readyz", {})
            if _is_idle(demo):
                return
            why = "the first look at the repository has not ended"
        except TransientError as error:
            why = str(error)
        time.sleep(_POLL)
    message = f"`tegu up` was not ready within {_READY:g} s: {why}\n{demo.log_tail()}"
    raise DemoFailed(message)


def _is_idle(demo: Demonstration) -> bool:
    """Whether the look that workers take when they start is over; it would see a push before its webhook."""
    runs = _ask(f"{demo.url}/api/v1/runs", {"Authorization": f"Bearer {demo.token}"})["items"]
    return bool(runs) and all(run["status"] in {"succeeded", "failed"} for run in runs)


def _ask(url: str, headers: Mapping[str, str], body: bytes | None = None) -> dict[str, Any]:
    request = urllib.request.Request(url, data=body, headers=dict(headers))  # noqa: S310 (our own loopback address)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError as error:
        with error:
            message = f"{url} answered {error.code}: {error.read(2000).decode(errors='replace')}"
        raise TransientError(message) from error
    except OSError as error:
        message = f"{url} did not answer: {error}"
        raise TransientError(message) from error
