"""`State`: everything that is remembered, made once and handed to whoever needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.attempts import Attempts
from workers.adapters.state.cancel_watch import CancelWatch
from workers.adapters.state.cancellations import Cancellations
from workers.adapters.state.chores import Chores
from workers.adapters.state.commits import Commits
from workers.adapters.state.connection import translated
from workers.adapters.state.deliveries import Deliveries
from workers.adapters.state.deployments import Deployments
from workers.adapters.state.discovered import Discovered
from workers.adapters.state.events import Events
from workers.adapters.state.fast_path import Quick
from workers.adapters.state.forecasts import Forecasts
from workers.adapters.state.heirs import Heirs
from workers.adapters.state.journal import Journal
from workers.adapters.state.keyed_actions import KeyedActions
from workers.adapters.state.leases import Leases
from workers.adapters.state.live import LiveStates
from workers.adapters.state.marked import Adoptions, Holds, Pauses, Pins
from workers.adapters.state.marks import Stop
from workers.adapters.state.notices import Notices
from workers.adapters.state.open_runs import OpenRuns
from workers.adapters.state.outgoing import NobodyTakes, Outgoing
from workers.adapters.state.questions import Questions
from workers.adapters.state.records import Records
from workers.adapters.state.refused import Refused
from workers.adapters.state.repos import Repos
from workers.adapters.state.runs import Runs
from workers.adapters.state.scripts import Scripts
from workers.adapters.state.sessions import SessionStore
from workers.adapters.state.stack_lock import StackLock
from workers.adapters.state.status import StackFacts, status_row
from workers.adapters.state.stored_facts import StoredFacts

_AT_ONCE = 500  # stacks in one call of a script, so that Redis answers others in between


class State:
    """The collaborators of `workers.adapters.state`. Making one sends and writes nothing.

    Args:
        redis: from `connect`.
        data_dir: where journals and locks of this host lie.
        outgoing: as `Runs` takes it.
    """

    def __init__(self, redis: Redis, data_dir: Path, outgoing: Callable[[], Outgoing] = NobodyTakes) -> None:
        scripts = Scripts(redis)
        self.redis = redis
        self._scripts = scripts
        self.data_dir = data_dir
        self.journal = Journal(data_dir)
        self.stack_lock = StackLock(data_dir)
        self.runs = Runs(redis, scripts, outgoing)
        self.repos = Repos(redis, scripts)
        self.open_runs = OpenRuns(redis, scripts)
        self.records = Records(redis, scripts)
        self.quick = Quick(scripts, self.runs)
        self.forecasts = Forecasts(scripts)
        self.discovered = Discovered(redis, scripts)
        self.refused = Refused(redis)
        self.heirs = Heirs(redis)
        self.deployments = Deployments(redis, scripts)
        self.notices = Notices(redis, scripts)
        self.leases = Leases(redis, scripts)
        self.pauses = Pauses(redis, self.journal)
        self.holds = Holds(redis, self.journal, scripts)
        self.pins = Pins(redis, self.journal)
        self.adoptions = Adoptions(redis, self.journal)
        self.cancellations = Cancellations(redis)
        self.cancel_watch = CancelWatch(self.cancellations)
        self.live = LiveStates(redis, scripts)
        self.events = Events(redis)
        self.chores = Chores(redis)
        self.attempts = Attempts(redis)
        self.commits = Commits(redis)
        self.deliveries = Deliveries(redis)
        self.sessions = SessionStore(redis)
        self.questions = Questions(redis)
        self.keyed_actions = KeyedActions(redis)

    def facts(self, stacks: Iterable[str] | None = None) -> dict[str, StackFacts]:
        """All that is known of these stacks, or of every known one, in two round trips and one for each 500 stacks."""
        stored = self.stored_facts(stacks)
        return {name: stored.read(name) for name in stored.texts}

    @translated()
    def stored_facts(self, stacks: Iterable[str] | None = None) -> StoredFacts:
        """The same as it is stored."""
        names = self.records.known() if stacks is None else tuple(stacks)
        watchers, clock = self.live.heard() if names else ({}, 0)
        texts: dict[str, str] = {}
        for chunk in (names[start : start + _AT_ONCE] for start in range(0, len(names), _AT_ONCE)):
            texts |= zip(chunk, str(self._scripts("facts", *chunk)).split("\n"), strict=True)
        return StoredFacts(texts, watchers, clock)

    @translated()
    def forget(self, stack: str) -> None:
        """Let nothing be known of a stack that is none any more, but what runs have had to do with it.

        The number of its lock stays: whoever was frozen while he held it must not write over what comes.
        """
        with self.redis.pipeline() as pipeline:
            pipeline.delete(keys.record(stack), keys.status(stack), keys.deployments(stack), keys.runs_of_stack(stack))
            for hash_of in (keys.paused, keys.held, keys.pinned, keys.adopting, keys.heirs, keys.live):
                pipeline.hdel(hash_of(), stack)
            pipeline.zrem(keys.due(), stack)
            pipeline.srem(keys.stacks(), stack)
            pipeline.execute()

    def note_stop(self, stack: str, stop: Stop | None) -> None:
        """Note that somebody has brought a stack to rest, or that it rests no more; the journal outlasts Redis."""
        if self.journal.exists(stack):
            self.journal.update(stack, stopped=stop)
        self.records.set_status(stack, None, stopped=stop)

    @translated()
    def hand_on(self, stack: str, to: str) -> None:
        """Let a stack have the history and the pause of another one, unless it has its own."""
        if self.redis.exists(keys.deployments(stack)):
            self.redis.renamenx(keys.deployments(stack), keys.deployments(to))
            self.deployments.note_past(to)
        if (pause := self.pauses.get(stack)) is not None:
            self.pauses.restore(to, pause)

    def rows(self, stacks: Iterable[str] | None = None) -> list[dict[str, Any]]:
        """The rows of `tegu status --json`."""
        return [status_row(facts) for facts in self.facts(stacks).values()]
