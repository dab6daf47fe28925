"""Waiting until a stack is well.

`docker compose up --wait` calls a crash loop a success and a finished one-shot a failure, so Tegu judges by itself.

A pure judgement of every container's state, repeated whenever the engine reports that something happened. Longer than
other modules, since the judgement and what is told of it change together.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from workers.adapters.docker.container import Container, Details
from workers.adapters.docker.engine import Engine
from workers.adapters.state.ailing import LONGEST_CHECK, MOST_AILING, Ailing
from workers.deploy.containers.aside import own_name
from workers.model.errors import Cancelled, EngineUnavailable, Superseded
from workers.model.messages import shortened
from workers.runtime.slots import without_slot

# A container that waits for another by crashing gets about five seconds: Docker's pauses double from 0.1 s.
CRASH_LOOP = 5

_NOTICE_STOP = 0.5  # seconds
_NOTICE_NEWER = 2.0  # seconds
_LOOK_AGAIN = 5.0  # seconds; events may be lost when the engine restarts


class Verdict(StrEnum):
    """How one container stands."""

    WELL = "well"
    WAITING = "waiting"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One container's verdict, in words.

    Where it is bad, `log` is the end of its log, and `check` what its healthcheck printed last, where that has not
    found it well (`is_checked`).
    """

    service: str
    container: str
    verdict: Verdict
    why: str
    exit_code: int | None = None
    log: str = ""
    is_checked: bool = False
    check: str = ""

    def __str__(self) -> str:
        # What the check said belongs to the first line, which is all that a table has room for.
        check = f"; its healthcheck says: {self.check}" if self.check else ""
        log = f"\n{self.log}" if self.log else ""
        return f"{self.service}: {self.container} {self.why}{check}{log}"


@dataclass(frozen=True, slots=True)
class Health:
    """How waiting ended; `problems` is empty when everything is well.

    `seen` are the containers of the project as they were then, where all of them were looked at.
    """

    problems: tuple[Finding, ...]
    seen: tuple[Details, ...] | None = None

    @property
    def good(self) -> bool:
        """Whether everything is well."""
        return not self.problems

    @property
    def ailing(self) -> tuple[Ailing, ...]:
        """The first of them, as they are remembered."""
        return tuple(
            Ailing(each.service, each.container, each.why, each.exit_code, each.log, each.check)
            for each in self.problems[:MOST_AILING]
        )

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


def judge(seen: Details, restarts_before: int) -> Finding:
    """How a container stands.

    Args:
        seen: a look into it.
        restarts_before: how often it had been restarted when the waiting began.
    """
    verdict, why = _judge(seen, seen.restarts - restarts_before)
    code = seen.exit_code if seen.state in {"exited", "restarting", "dead"} else None
    is_checked = seen.state == "running" and seen.health in {"unhealthy", "starting"}
    return Finding(seen.container.service, seen.container.name, verdict, why, code, is_checked=is_checked)


def _judge(seen: Details, restarts: int) -> tuple[Verdict, str]:
    if restarts >= CRASH_LOOP:
        return Verdict.BAD, f"keeps crashing: restarted {restarts} times, last exit code {seen.exit_code}"
    match seen.state:
        case "running" if seen.health == "unhealthy":
            return Verdict.BAD, "is unhealthy"
        case "running" if seen.health == "starting":
            return Verdict.WAITING, "is not healthy yet"
        case "running" | "paused":
            return Verdict.WELL, "is running"
        case "exited" if seen.exit_code == 0:
            return Verdict.WELL, "has ended with exit code 0"
        case "exited" if seen.restart_policy in {"no", "on-failure"}:
            return Verdict.BAD, f"has ended with exit code {seen.exit_code}"
        case "dead":
            return Verdict.BAD, "is dead"
        case state:
            return Verdict.WAITING, f"is {state}"


class Ward:
    """What one waiting keeps in mind from look to look.

    Args:
        engine: where the containers are.
        project: the Compose project.
        expected: how many containers each service must have.
        excused: ids of containers that were not well before and that nobody has touched.
    """

    def __init__(self, engine: Engine, project: str, expected: Mapping[str, int], excused: frozenset[str]) -> None:
        self._engine = engine
        self._project = project
        self._expected = expected
        self._excused = excused
        self._restarts: dict[str, int] = {}
        self.starts: frozenset[tuple[str, str]] = frozenset()
        self.seen: tuple[Details, ...] | None = None

    def look(self) -> tuple[Finding, ...]:
        """Judge every container now. `starts` then says which ones were started when, `seen` is all that there is.

        `seen` is None where not all of them were looked at, or some stand aside.
        """
        listed = self._engine.containers(self._project)
        there = [each for each in listed if each.service in self._expected]
        details = self._engine.details(each for each in there if each.id not in self._excused)
        is_all = len(details) == len(listed) and not any(own_name(each) for each in listed)
        self.seen = details if is_all else None
        self.starts = frozenset((each.container.id, each.started_at) for each in details)
        found = [judge(each, self._restarts.setdefault(each.container.id, 0)) for each in details]
        return (*found, *self._missing(there))

    def remember(self, containers: Iterable[Details]) -> None:
        """Count restarts from here on for containers that ran before."""
        self._restarts.update({each.container.id: each.restarts for each in containers})

    def _missing(self, there: Iterable[Container]) -> list[Finding]:
        """The services that lack a container. One that is excused is there, however it is."""
        counts = Counter(each.service for each in there)
        return [
            Finding(service, "a container", Verdict.WAITING, "is missing")
            for service, count in self._expected.items()
            if counts[service] < count
        ]


def wait_healthy(
    engine: Engine,
    project: str,
    *,
    expected: Mapping[str, int],
    timeout: float,
    settle: float,
    before: Iterable[Details] = (),
    excused: Iterable[str] = (),
    stop: threading.Event | None = None,
    superseded_by: Callable[[], str | None] = lambda: None,
    clock: Callable[[], float] = time.monotonic,
) -> Health:
    """Wait until a project is well and has stayed so.

    Running and, where there is a healthcheck, healthy, without a restart, for `settle`; what ended with exit
    code 0 is fine; a crash loop, another exit code or an unhealthy container is a failure at once.

    Args:
        engine: where the containers are.
        project: the Compose project.
        expected: how many containers each service must have; other services are not looked at.
        timeout: seconds for everything.
        settle: seconds without a change after everything was well.
        before: what ran before and may run still; its restarts of long ago do not count.
        excused: ids of containers that were not well before and were not touched.
        stop: is set when nobody wants to know any more.
        superseded_by: gives the commit that is to be deployed instead, if there is one by now.
        clock: seconds that only ever grow.

    Raises:
        Cancelled: when `stop` is set.
        Superseded: when something else is to be deployed instead.
        EngineUnavailable: when the engine stays away.
    """
    deadline = clock() + timeout
    ward = Ward(engine, project, expected, frozenset(excused))
    ward.remember(before)
    superseded_by = _now_and_then(superseded_by)
    with without_slot(), engine.changes(project) as changes:
        well_since: float | None = None
        starts: frozenset[tuple[str, str]] = frozenset()
        while True:
            findings = _look(ward, deadline, clock)
            now = clock()
            _give_way(superseded_by)
            waiting = tuple(each for each in findings if each.verdict is Verdict.WAITING)
            if bad := tuple(each for each in findings if each.verdict is Verdict.BAD):
                return Health(_with_logs(engine, project, bad))
            if waiting or ward.starts != starts:
                well_since = None if waiting else now
                starts = ward.starts
            elif well_since is None:
                well_since = now
            if well_since is not None and now - well_since >= settle:
                return Health((), ward.seen)
            if now >= deadline:
                return Health(_with_logs(engine, project, waiting or findings))
            until = min(deadline, now + _LOOK_AGAIN if well_since is None else well_since + settle)
            _sleep(changes, until - now, stop, superseded_by)


def failures(engine: Engine, project: str, starts: Collection[tuple[str, str]], before: Iterable[Details]) -> Health:
    """The containers that were started since and have failed by now, with the end of their logs.

    Args:
        engine: where they are.
        project: the Compose project.
        starts: which containers had been started when, before.
        before: what ran before; its restarts of long ago do not count.
    """
    restarts = {each.container.id: each.restarts for each in before}
    found = (
        judge(each, restarts.get(each.container.id, 0))
        for each in engine.details(_services_and_hooks(engine, project))
        if (each.container.id, each.started_at) not in starts
    )
    return Health(_with_logs(engine, project, [each for each in found if each.verdict is Verdict.BAD]))


def _services_and_hooks(engine: Engine, project: str) -> Iterator[Container]:
    """A hook that has failed is why its service never started, and stays for whoever wants to know."""
    return (each for each in engine.containers(project, one_off=True) if each.is_hook or not each.is_one_off)


def _look(ward: Ward, deadline: float, clock: Callable[[], float]) -> tuple[Finding, ...]:
    """One look; an engine that is away for a moment is asked again until the deadline."""
    while True:
        try:
            return ward.look()
        except EngineUnavailable:
            if clock() >= deadline:
                raise
            time.sleep(min(1.0, max(0.0, deadline - clock())))


def _now_and_then(look: Callable[[], str | None]) -> Callable[[], str | None]:
    """The same, asked at once and then every two seconds: hundreds may wait, and each time costs a round trip."""
    due = time.monotonic()

    def looked() -> str | None:
        nonlocal due
        if time.monotonic() < due:
            return None
        due = time.monotonic() + _NOTICE_NEWER
        return look()

    return looked


def _give_way(superseded_by: Callable[[], str | None]) -> None:
    if (newer := superseded_by()) is not None:
        message = f"superseded by {newer[:12]} while it waited to become healthy"
        raise Superseded(message)


def _sleep(
    changes: queue.SimpleQueue[str],
    seconds: float,
    stop: threading.Event | None,
    superseded_by: Callable[[], str | None],
) -> None:
    """Wait for something to happen, and let what happens together be one look."""
    first = _next(changes, seconds, stop, superseded_by)
    if first is None:
        return
    if first == "ended":
        time.sleep(min(1.0, max(0.01, seconds)))
        changes.put("ended")
    time.sleep(0.02)
    while not changes.empty() and first != "ended":
        first = changes.get()
    if first == "ended":
        changes.put("ended")


def _next(
    changes: queue.SimpleQueue[str],
    seconds: float,
    stop: threading.Event | None,
    superseded_by: Callable[[], str | None],
) -> str | None:
    """The next thing that happens, None when nothing does."""
    end = time.monotonic() + max(0.01, seconds)
    while (left := end - time.monotonic()) > 0:
        if stop is not None and stop.is_set():
            message = "the deployment was cancelled"
            raise Cancelled(message)
        try:
            return changes.get(timeout=min(left, _NOTICE_STOP))
        except queue.Empty:
            _give_way(superseded_by)
    return None


def _evidence(engine: Engine, container: str, finding: Finding) -> Finding:
    """The finding with what the healthcheck printed last, where that is what fails, and the end of the log."""
    check = shortened(engine.last_check(container), LONGEST_CHECK) if finding.is_checked else ""
    return replace(finding, log=engine.last_lines(container), check=check)


def _with_logs(engine: Engine, project: str, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    ids = {each.name: each.id for each in _services_and_hooks(engine, project)}
    late = (
        each if each.verdict is Verdict.BAD else replace(each, why=f"{each.why} within the time it has")
        for each in findings
    )
    return tuple(_evidence(engine, ids[each.container], each) if each.container in ids else each for each in late)
