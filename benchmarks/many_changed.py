"""One push that changes every stack: from its webhook to the last new container, against four hands and one.

By hand: `docker compose up --detach` in each folder of a clone that has the change already, four at once
(`xargs -P 4`, as many as Tegu deploys at once), and in turn. All three end when the last new container runs, by the
engine's clock. What comes after that is told apart: waiting until everything is known to be well, for `settle`, and
recording.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.figure import Figure, by_turns, medians
from benchmarks.repositories import compose_file, git, stack_files
from benchmarks.system import BenchmarkSystem, benchmark_system, docker, started_at
from tests.e2e.system import REPO
from tests.git_server import GIT_ENV
from workers.runtime.process import run

SIZES = (20, 30)
ROUNDS = 3
AT_A_TIME = 4
GOAL = 1.15
GOAL_AFTER = 1.0
DEFAULT_SETTLE = 5.0
_LIMIT = 300.0


@dataclass(slots=True)
class _Case:
    """Some stacks of a system, and how long each is watched until it is taken for well."""

    size: int
    settle: float
    after: list[float] = field(default_factory=list)

    @property
    def health(self) -> dict[str, str]:
        """As the catalog has it; the default is not written down."""
        return {"timeout": "60s"} | ({} if self.settle == DEFAULT_SETTLE else {"settle": f"{self.settle:.0f}s"})

    @property
    def names(self) -> list[str]:
        return [f"s{number:02}" for number in range(self.size)]


def measure() -> Iterator[Figure]:
    """The last new container and the end of the run, for each number of stacks, with a short and the usual `settle`."""
    for size in SIZES:
        for settle in (1.0, DEFAULT_SETTLE):
            yield from _measured(_Case(size, settle))


def _measured(case: _Case) -> Iterator[Figure]:
    with benchmark_system({p: text for name in case.names for p, text in stack_files(name, files=5).items()}) as system:
        system.catalog["defaults"]["health"] = case.health
        system.start()
        system.wait_until_idle()
        hands = _Hands(system, case.names)
        try:
            acts = [lambda: _by_webhook(system, case), hands.together, hands.in_turn]
            by_turns(acts, 1)  # everybody's first time
            case.after.clear()
            ours, together, in_turn = medians(by_turns(acts, ROUNDS))
        finally:
            hands.remove()
    what = f"{case.size} of {case.size} stacks changed by one push, settle of {case.settle:.0f} s"
    remark = f"by hand in turn {in_turn:.1f} s: {ours / in_turn:.2f} of that"
    yield Figure(f"{what}: last new container", ours, together, GOAL, "s", remark)
    (after,) = medians([case.after])
    yield Figure(f"{what}: from there to the end of the run, but for settle", after, None, GOAL_AFTER, "s")


_changes = iter(range(2000, 100_000))


def _changed(names: list[str]) -> dict[str, str]:
    """Another command for each."""
    text = compose_file(f"sleep {next(_changes)}")
    return {f"services/{name}/compose.yaml": text for name in names}


def _by_webhook(system: BenchmarkSystem, case: _Case) -> float:
    commit = system.push(_changed(case.names))
    sent = time.time()
    status, answer = system.send_push(commit)
    if status != 202:
        message = f"the webhook was answered {status}: {answer}"
        raise RuntimeError(message)
    system.wait_for(answer["run"])
    over = time.time()
    _see_all_deployed(system.ask(f"/api/v1/runs/{answer['run']}")[1], case.size)
    running = max(started_at(f"{system.prefix}-{name}") for name in case.names)
    case.after.append(over - running - case.settle)
    system.wait_until_idle()
    return running - sent


def _see_all_deployed(found: Mapping[str, Any], size: int) -> None:
    outcomes = [part["outcome"] for part in found["stacks"].values()]
    if outcomes.count("deployed") != size:
        message = f"not all were deployed: {found}"
        raise RuntimeError(message)


class _Hands:
    """Somebody with a clone and a shell, who brings up projects of his own.

    Args:
        system: whose repository it is.
        names: the stacks.
    """

    def __init__(self, system: BenchmarkSystem, names: list[str]) -> None:
        self._prefix = f"{system.prefix}-hand"
        self._names = names
        self._clone = system.folder / "hand"
        url = f"git://127.0.0.1:{system.git_port}/{REPO}.git"
        git("clone", "--quiet", url, str(self._clone), cwd=system.folder)
        self.together()

    def together(self) -> float:
        """Some at a time; the seconds until the last new container runs."""
        return self._timed(AT_A_TIME)

    def in_turn(self) -> float:
        """One after the other; the seconds until the last new container runs."""
        return self._timed(1)

    def remove(self) -> None:
        """Leave nothing behind."""
        for name in self._names:
            folder: Path = self._clone / "services" / name
            docker("compose", "--project-name", f"{self._prefix}-{name}", "down", "--timeout", "0", cwd=folder)

    def _timed(self, at_once: int) -> float:
        for path, text in _changed(self._names).items():
            (self._clone / path).write_text(text)
        began = time.time()
        self._up(at_once)
        return max(started_at(f"{self._prefix}-{name}") for name in self._names) - began

    def _up(self, at_once: int) -> None:
        command = f"docker compose --project-name {self._prefix}-{{}} --file services/{{}}/compose.yaml up --detach"
        run(
            ["xargs", "-P", str(at_once), "-I{}", *command.split()],
            what="docker compose up",
            env={"PATH": GIT_ENV["PATH"], "HOME": "/root"},
            timeout=_LIMIT,
            cwd=self._clone,
            input="\n".join(self._names).encode(),
        )
