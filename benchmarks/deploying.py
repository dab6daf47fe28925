"""From a webhook to the new container, among 1, 100 and 1000 stacks, against the same typed by hand.

By hand: `git pull && docker compose up -d` in a clone of one's own, of the same repository from the same server, for
a project of its own. Both are timed until the new container runs, by the engine's clock, which is this machine's; what
comes after that (waiting until the stack is known to be healthy, at least for `settle`, and recording) is told apart.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.figure import Figure
from benchmarks.repositories import compose_file, git, stack_files
from benchmarks.system import BenchmarkSystem, benchmark_system, docker, seconds_of, started_at
from tests.e2e.system import REPO

SIZES = (1, 100, 1000)
ROUNDS = 5
GOAL = 1.05
GOAL_GROWTH = 1.25
_STACK = "s0"


@dataclass(slots=True)
class Times:
    """What the rounds took, in seconds: until the new container ran, and until everything was over."""

    running: list[float] = field(default_factory=list)
    over: list[float] = field(default_factory=list)
    running_by_hand: list[float] = field(default_factory=list)
    over_by_hand: list[float] = field(default_factory=list)
    steps: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def note(self, sent: float, answered: float, deployment: Mapping[str, Any], running: float) -> None:
        """Take the steps of one deployment apart.

        Args:
            sent: when the webhook was sent.
            answered: when it was answered.
            deployment: as the API shows it.
            running: when the new container was started.
        """
        self.steps["webhook"].append(answered - sent)
        self.steps["pull and decide"].append(seconds_of(deployment["started_at"]) - answered)
        for step in deployment["steps"]:
            ended = seconds_of(step["at"])
            began = ended - step["seconds"]
            # What lies between steps is small; of the step in which the container starts, what came before counts.
            self.steps[step["name"]].append(max(0.0, min(ended, running) - began) if began < running else 0.0)


def measure() -> Iterator[Figure]:
    """The ratio for each size, and how the time grows with it."""
    medians: dict[int, float] = {}
    for size in SIZES:
        times = _rounds(size)
        medians[size] = statistics.median(times.running)
        yield Figure(
            f"webhook to running, one changed stack of {size}",
            medians[size],
            statistics.median(times.running_by_hand),
            GOAL,
            "s",
            _remark(times),
        )
    yield Figure(
        f"the same, {SIZES[-1]} stacks against 1", medians[SIZES[-1]], medians[SIZES[0]], GOAL_GROWTH, "s", "flat: 1.00"
    )


def _remark(times: Times) -> str:
    steps = {name: statistics.median(each) for name, each in times.steps.items()}
    shown = ", ".join(f"{name} {each * 1e3:.0f}" for name, each in steps.items() if each >= 0.001)
    over, by_hand = statistics.median(times.over), statistics.median(times.over_by_hand)
    return f"ms until it runs: {shown}; run over after {over:.2f} s, settle of 1 s included; by hand {by_hand:.2f} s"


def _rounds(size: int) -> Times:
    names = [f"s{number}" for number in range(size)]
    files = {path: text for name in names for path, text in stack_files(name, files=5).items()}
    times = Times()
    with benchmark_system(files) as system:
        system.count_as_deployed(names[1:])
        system.start()
        system.wait_until_idle()  # s0 has been deployed by the pull that a start brings
        hand = _Hand(system)
        try:
            for number in range(ROUNDS + 1):
                system.push({f"services/{_STACK}/compose.yaml": compose_file(f"sleep {2000 + number}")})
                for webhook in (True, False) if number % 2 else (False, True):
                    if webhook:
                        _by_webhook(system, times)
                    else:
                        hand.deploy(times)
                    system.wait_until_idle()
                if number == 0:  # everybody's first time
                    times = Times()
        finally:
            hand.remove()
    return times


def _by_webhook(system: BenchmarkSystem, times: Times) -> None:
    commit = git("rev-parse", "main", cwd=system.served).strip()
    sent = time.time()
    status, answer = system.send_push(commit)
    answered = time.time()
    if status != 202:
        message = f"the webhook was answered {status}: {answer}"
        raise RuntimeError(message)
    system.wait_for(answer["run"])
    over = time.time()
    running = started_at(f"{system.prefix}-{_STACK}")
    times.running.append(running - sent)
    times.over.append(over - sent)
    times.note(sent, answered, system.deployment_of(answer["run"], f"default/{_STACK}"), running)


class _Hand:
    """Somebody with a clone and a shell.

    Args:
        system: whose repository it is.
    """

    def __init__(self, system: BenchmarkSystem) -> None:
        self._clone = system.folder / "hand"
        self._project = f"{system.prefix}-hand"
        self._url = f"git://127.0.0.1:{system.git_port}/{REPO}.git"
        git("clone", "--quiet", self._url, str(self._clone), cwd=system.folder)
        self._up()

    def deploy(self, times: Times) -> None:
        """Pull and bring up."""
        began = time.time()
        git("pull", "--quiet", "--ff-only", cwd=self._clone)
        self._up()
        over = time.time()
        times.running_by_hand.append(started_at(self._project) - began)
        times.over_by_hand.append(over - began)

    def remove(self) -> None:
        """Leave nothing behind."""
        self._compose("down", "--timeout", "0")

    def _up(self) -> None:
        self._compose("up", "--detach")

    def _compose(self, *arguments: str) -> None:
        folder: Path = self._clone / "services" / _STACK
        docker("compose", "--project-name", self._project, *arguments, cwd=folder)
