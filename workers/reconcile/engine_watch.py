"""One engine, watched: what it tells becomes the live state of the stacks that run on it.

The stream of events is opened first and everything is looked at then, so that nothing falls in between. An event only
says which containers to look into: what the engine says of them is what is written, as far as it is news. While the
engine is away, that is said; what happened meanwhile is seen when it is back.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from workers.adapters.docker.engine import Engine
from workers.adapters.docker.happenings import Happening, Stream, follow
from workers.adapters.state.clock import now
from workers.adapters.state.live import MISSING, Live, LiveService, watcher_name
from workers.deploy.containers.by_hand import TOUCHES, Hands
from workers.model.errors import CommandFailed, EngineUnavailable, RedisUnavailable
from workers.reconcile.aftermath import Aftermath
from workers.reconcile.board import Board
from workers.reconcile.residents import Residents
from workers.runtime.logs import get_logger
from workers.services import Services

log = get_logger(__name__)

_GATHER_SECONDS = 0.15  # what `compose up` does comes in bursts
_SIGN_OF_LIFE_SECONDS = 30.0  # a frozen engine, or one behind a dead line, ends no stream
_STRANGERS_SECONDS = 5.0  # how often a project that is nobody's may make us read which stacks there are
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
        self._board = Board()
        self._written: dict[str, Live] = {}
        self._strangers: set[str] = set()
        self._since: str | None = None
        self._again = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch {docker_host}", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def end(self) -> None:
        """Watch no longer; the thread ends by itself within some seconds."""
        self._ended.set()

    def retire(self) -> None:
        """End it for good: no stack is to run on this engine any more."""
        self.end()
        with contextlib.suppress(RedisUnavailable):
            self._services.state.live.end(self.name)

    def beat(self) -> None:
        """Say that it lives, and whether it sees its engine; everything is written once more where Redis lost that."""
        with contextlib.suppress(RedisUnavailable):  # what it shows meanwhile is unknown to everybody
            if not self._services.state.live.beat(self.name, self.lost):
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
                log.exception("a bug in watching an engine", docker_host=self._engine.docker_host)
            if self.lost is None:
                self.lost, pause = now(), _SHORTEST_PAUSE
                if not self._ended.is_set():
                    self.beat()
            self._engine.close()

    def _follow(self) -> None:
        """Watch until the engine is away."""
        with follow(self._engine, self._since) as stream:
            self._look_at_all()
            with contextlib.suppress(RedisUnavailable):
                self._write()
            self.lost = None
            self.beat()
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
            self._make_acquaintance()
            self._write()
            self._aftermath.do(time.monotonic(), self._hands)
        except RedisUnavailable:
            self._ended.wait(1.0)  # it is written as soon as it is back
        return heard

    def _check_life(self) -> None:
        """See that the engine is there.

        Raises:
            EngineUnavailable: it is not, or is being shut down.
        """
        if not self._engine.answers():
            message = f"{self._engine.docker_host} takes no new connections"
            raise EngineUnavailable(message)

    # ------------------------------------------------------------ seeing

    def _look_at_all(self) -> None:
        self._residents.refresh()
        projects = self._residents.projects
        listed = [each for each in self._engine.containers() if each.project in projects]
        if not self._written:
            self._written = self._remembered()
        self._board.keep({each.id for each in listed}, projects)
        self._look_into({each.id for each in listed}, {}, listed=True)
        self._board.changed.update(projects)
        self._aftermath.begin_anew(self._residents.stacks, time.monotonic())

    def _remembered(self) -> dict[str, Live]:
        """What was written by whoever watched before."""
        try:
            return self._services.state.live.read(self._residents.stacks)
        except RedisUnavailable:
            return {}

    def _take(self, happenings: Collection[Happening]) -> None:
        """Take in what has happened.

        Raises:
            EngineUnavailable: the engine is being shut down, and ends the containers itself.
        """
        services = [each for each in happenings if each.kind == "container" and each.project and not each.one_off]
        mine = [each for each in services if each.project in self._residents.projects]
        self._strangers |= {each.project for each in services} - {each.project for each in mine}
        if any(each.action in TOUCHES for each in mine):
            self._check_life()
        for each in mine:
            self._board.see(each)
        self._look_into({each.id for each in mine}, {each.id: each.at for each in mine})
        self._since = f"{max(each.at for each in happenings).timestamp():.9f}"
        self._follow_up({each.project for each in mine})
        self._aftermath.freed(happenings, time.monotonic())

    def _follow_up(self, projects: Iterable[str]) -> None:
        clock, moment = time.monotonic(), datetime.now(UTC)
        for project in projects:
            busy = self._board.hands(project).busy_until(moment)
            later = clock + (busy - moment).total_seconds() if busy else 0.0
            self._aftermath.changed([self._residents.projects[project]], clock, later)

    def _look_into(self, ids: Collection[str], times: dict[str, datetime], *, listed: bool = False) -> None:
        for identifier, found in self._engine.inspect(ids).items():
            stack = self._residents.projects.get(found.container.project) if found else None
            stored = self._written.get(stack or "")
            self._board.put(identifier, found, times.get(identifier), stored, listed=listed)

    def _make_acquaintance(self) -> None:
        """A project that was nobody's may be that of a new stack."""
        if not self._strangers or self._residents.age < _STRANGERS_SECONDS:
            return
        self._residents.refresh()
        for project in self._strangers & self._residents.projects.keys():
            self._look_into({each.id for each in self._engine.containers(project)}, {})
            self._board.changed.add(project)
            self._follow_up([project])
        self._strangers.clear()

    def _hands(self, stack: str) -> Hands:
        """What was seen of a stack's containers: of the project that somebody was at last, if it has two."""
        hands = [self._board.hands(project) for project in self._residents.projects_of(stack)]
        never = datetime.min.replace(tzinfo=UTC)
        return max(hands, key=lambda each: each.ended[1] if each.ended else never, default=Hands())

    # ------------------------------------------------------------ writing

    def _write(self) -> None:
        """Write what has changed, all at once.

        Raises:
            RedisUnavailable: Redis is away; it is written at the next turn.
        """
        if self._again:
            self._again = False
            self._written.clear()
            self._board.changed.update(self._residents.projects)
        if not self._board.changed:
            return
        stacks = {stack for each in self._board.changed if (stack := self._residents.projects.get(each))}
        if stacks & self._residents.moving:
            self._residents.refresh()
        news: dict[str, Live] = {}
        for stack in stacks:
            live = self._live(stack)
            if live is not None and live != self._written.get(stack):
                news[stack] = live
        self._services.state.live.write(news)
        self._written |= news
        self._board.changed.clear()

    def _live(self, stack: str) -> Live | None:
        """How a stack stands; None where that is for another engine's watcher to say."""
        services: dict[str, LiveService] = {}
        for project in self._residents.projects_of(stack):
            for name, each in self._board.services(project).items():
                if each.state != MISSING or name not in services:
                    services[name] = each
        is_elsewhere = stack in self._residents.moving and all(each.state == MISSING for each in services.values())
        return None if is_elsewhere else Live(services, self.name)
