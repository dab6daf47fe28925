"""One engine, watched: what it tells becomes the live state of the stacks that run on it.

The stream of events is opened first and everything is looked at then, so that nothing falls in between. An event only
says which containers to look into: what the engine says of them is what is written, as far as it is news. While the
engine is away, that is said; what happened meanwhile is seen when it is back.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from workers.adapters.docker.engine import Engine
from workers.adapters.docker.happenings import Happening, Stream
from workers.adapters.state.clock import now, text_of
from workers.adapters.state.live import MISSING, Live, LiveService, watcher_name
from workers.deploy.containers.by_hand import TOUCHES, Hands
from workers.model.errors import CommandFailed, EngineUnavailable, RedisUnavailable
from workers.reconcile.aftermath import Aftermath
from workers.reconcile.residents import Residents
from workers.reconcile.sightings import Sighting, service_of, sighting_of
from workers.runtime.logs import get_logger
from workers.services import Services

log = get_logger(__name__)

MAX_CONTAINERS = 10_000
"""So many of an engine are remembered; beyond, what is left over is shown as missing."""

_GATHER_SECONDS = 0.15  # what `compose up` does comes in bursts
_SIGN_OF_LIFE_SECONDS = 30.0  # a frozen engine, or one behind a dead line, ends no stream
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0


class EngineWatch:
    """Watches one engine in a thread of its own until it is told to end.

    Args:
        services: of the watching process; threads may share them.
        worker: whose stacks are of interest.
        docker_host: the engine's address.

    Attributes:
        name: the watcher's.
        lost: since when the engine is not seen, as text; None while it is.
    """

    def __init__(self, services: Services, worker: str, docker_host: str) -> None:
        self.name = watcher_name(worker, docker_host)
        self.lost: str | None = now()
        self._services = services
        self._engine = Engine(docker_host)
        self._residents = Residents(services, worker, docker_host)
        self._aftermath = Aftermath(services, worker, docker_host)
        self._seen: dict[str, Sighting] = {}
        self._gone: dict[str, dict[str, str]] = defaultdict(dict)
        self._hands: dict[str, Hands] = defaultdict(Hands)
        self._written: dict[str, Live] = {}
        self._changed: set[str] = set()
        self._since: str | None = None
        self._again = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch {docker_host}", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def end(self) -> None:
        """Watch no longer; the thread ends by itself within a second."""
        self._ended.set()

    def write_again(self) -> None:
        """Write everything once more: Redis has lost it."""
        self._again = True  # the watching thread does it

    def _run(self) -> None:
        pause = _SHORTEST_PAUSE
        while not self._ended.wait(pause):
            pause = min(pause * 2, _LONGEST_PAUSE)
            try:
                self._follow()
            except (CommandFailed, EngineUnavailable) as error:
                if self.lost is None:
                    log.warning("engine lost", docker_host=self._engine.docker_host, error=str(error))
            except Exception:
                # Nothing that goes wrong here may end it for good.
                log.exception("watcher failed", docker_host=self._engine.docker_host)
            if self.lost is None:
                self.lost, pause = now(), _SHORTEST_PAUSE
            self._engine.close()

    def _follow(self) -> None:
        """Watch until the engine is away."""
        with self._engine.follow(self._since) as stream:
            self._look_at_all()
            self.lost = None
            heard = time.monotonic()
            while not (stream.ended or self._ended.is_set()):
                heard = self._turn(stream, heard)

    def _turn(self, stream: Stream, heard: float) -> float:
        """Take what has come and do what is due; when the engine was heard last."""
        happenings = stream.take(self._aftermath.seconds_left(time.monotonic()), _GATHER_SECONDS)
        if stream.overflown:
            stream.overflown = False
            self._look_at_all()
        if happenings:
            heard = time.monotonic()
            self._take(happenings)
        elif time.monotonic() - heard > _SIGN_OF_LIFE_SECONDS:
            self._check_life()
            heard = time.monotonic()
        try:
            self._write()
            self._aftermath.do(time.monotonic())
        except RedisUnavailable:
            self._ended.wait(1.0)  # it is written as soon as it is back
        return heard

    def _check_life(self) -> None:
        if not self._engine.answers():
            message = f"{self._engine.docker_host} does not answer"
            raise EngineUnavailable(message)

    # ------------------------------------------------------------ seeing

    def _look_at_all(self) -> None:
        self._residents.refresh()
        listed = self._engine.containers()[:MAX_CONTAINERS]
        there = {each.id for each in listed}
        for gone in set(self._seen) - there:
            self._lose_sight(gone, None)
        self._look_into(there, {})
        self._changed.update(self._residents.projects)
        self._aftermath.changed(self._residents.stacks, time.monotonic())

    def _take(self, happenings: tuple[Happening, ...]) -> None:
        """Take in what has happened.

        Raises:
            EngineUnavailable: the engine is being shut down, and ends the containers itself.
        """
        mine = [each for each in happenings if each.kind == "container" and each.project and not each.one_off]
        if any(each.action in TOUCHES for each in mine):
            self._check_life()
        for each in mine:
            self._hands[each.project].see(each)
        self._look_into({each.id for each in mine}, {each.id: each.at for each in mine})
        self._since = f"{happenings[-1].at.timestamp():.9f}"
        projects = {each.project for each in mine}
        self._changed |= projects
        if not self._residents.know(projects):
            self._residents.refresh(at_most_every=_SIGN_OF_LIFE_SECONDS / 6)
        self._follow_up(projects, happenings)

    def _follow_up(self, projects: Iterable[str], happenings: Iterable[Happening]) -> None:
        clock, moment = time.monotonic(), datetime.now().astimezone()
        for project in projects:
            if stack := self._residents.stack(project):
                busy = self._hands[project].busy_until(moment)
                later = clock + (busy - moment).total_seconds() if busy else 0.0
                self._aftermath.changed([stack], clock, later)
        self._aftermath.freed(happenings, clock)

    def _look_into(self, ids: Iterable[str], times: dict[str, datetime]) -> None:
        for identifier, found in self._engine.inspect(ids).items():
            at = times.get(identifier)
            seen = sighting_of(found, self._seen.get(identifier), at) if found else None
            if seen is None:
                self._lose_sight(identifier, at)
            elif identifier in self._seen or len(self._seen) < MAX_CONTAINERS:
                self._seen[identifier] = seen
                self._gone[seen.project].pop(seen.service, None)

    def _lose_sight(self, identifier: str, at: datetime | None) -> None:
        before = self._seen.pop(identifier, None)
        if before is not None:
            self._gone[before.project][before.service] = now() if at is None else text_of(at)

    # ------------------------------------------------------------ writing

    def _write(self) -> None:
        """Write what has changed, all at once."""
        if self._again:
            self._again = False
            self._written.clear()
            self._changed.update(self._residents.projects)
        if not self._changed:
            return
        by_project: dict[str, dict[str, list[Sighting]]] = defaultdict(lambda: defaultdict(list))
        for each in self._seen.values():
            if each.project in self._changed:
                by_project[each.project][each.service].append(each)
        news = {}
        for project in self._changed:
            stack = self._residents.stack(project)
            if stack is not None:
                live = self._live(project, by_project[project])
                if live != self._written.get(stack):
                    news[stack] = live
        self._services.state.live.write(news)
        self._written |= news
        self._changed.clear()

    def _live(self, project: str, by_service: dict[str, list[Sighting]]) -> Live:
        touched = frozenset(self._hands[project].touched)
        services = {name: service_of(each, touched) for name, each in sorted(by_service.items())}
        for name, at in self._gone[project].items():
            services.setdefault(name, LiveService(MISSING, None, at))
        return Live(services, self.name)
