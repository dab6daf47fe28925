"""The state of every stack's services as it is now, written by the watchers of the engines and by nobody else.

It is of use while it is current. So each stack's says who saw it, and each watcher says every few seconds that it lives
and sees its engine; from the moment it does not, everybody shows the state as unknown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.clock import now, text_of
from workers.adapters.state.connection import translated
from workers.adapters.state.scripts import Scripts

UNKNOWN = "unknown"
MISSING = "missing"
MAX_SERVICES = 500
_GOOD_FOR = 15  # seconds; a third of the time after which a watcher that is silent is taken for gone
"""So many of one stack are stored."""


@dataclass(frozen=True, slots=True)
class LiveService:
    """How a service stands; of several containers, the one that is worst off.

    Attributes:
        state: of its container, as Docker says: `created`, `running`, `restarting`, `paused`, `exited`, `dead`,
            `removing`; or `missing`, or `unknown` while nobody sees the engine.
        health: `starting`, `healthy`, `unhealthy`, or None without a healthcheck.
        since: when it got so, as text; None where nobody saw it.
        image: the name that its container was made from.
        done: whether it has ended well and is not to be started again.
        interrupted: whether it has ended with the engine, or while nobody watched.
        why: for people, how it is known why it does not run.
    """

    state: str
    health: str | None = None
    since: str | None = None
    image: str | None = None
    done: bool = False
    interrupted: bool = False
    why: str = ""

    @property
    def is_well(self) -> bool:
        """Whether it runs, and is healthy where there is a healthcheck."""
        return self.state == "running" and self.health in {None, "healthy"}

    @property
    def is_unwell(self) -> bool:
        """Whether it is plainly not as it should be: not merely unknown, or about to become healthy."""
        starting = self.state == "running" and self.health == "starting"
        return not (self.is_well or starting or self.done or self.state == UNKNOWN)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> LiveService:
        """From Redis."""
        return cls(
            stored.get("state") or UNKNOWN,
            stored.get("health"),
            stored.get("since"),
            stored.get("image"),
            bool(stored.get("done")),
            bool(stored.get("interrupted")),
            stored.get("why") or "",
        )

    def to_json(self) -> dict[str, Any]:
        """For `tegu status --json` and the API."""
        said = {"state": self.state, "health": self.health, "since": self.since, "image": self.image}
        return said | ({"why": self.why} if self.why else {})


@dataclass(frozen=True, slots=True)
class Live:
    """A stack's services.

    Attributes:
        services: by name.
        watcher: who saw them.
    """

    services: Mapping[str, LiveService] = field(default_factory=dict)
    watcher: str = ""

    def unknown_since(self, moment: str | None) -> Live:
        """The same, while nobody sees them."""
        services = {name: LiveService(UNKNOWN, None, moment, each.image) for name, each in self.services.items()}
        return Live(services, self.watcher)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Live:
        """From Redis."""
        services = {name: LiveService.from_json(each) for name, each in (stored.get("services") or {}).items()}
        return cls(services, stored.get("by") or "")

    def to_json(self) -> dict[str, Any]:
        """For Redis."""
        services = {
            name: each.to_json()
            | ({"done": True} if each.done else {})
            | ({"interrupted": True} if each.interrupted else {})
            for name, each in list(self.services.items())[:MAX_SERVICES]
        }
        return {"by": self.watcher, "services": services}


def watcher_name(worker: str, docker_host: str) -> str:
    """What the watcher of an engine is called: a local address is another engine on every worker."""
    return f"{worker} {docker_host}"


class LiveStates:
    """What watchers write."""

    def __init__(self, redis: Redis, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts

    @translated()
    def write(self, changed: Mapping[str, Live]) -> None:
        """Set the state of stacks, and tell of it in an event."""
        if changed:
            texts = ((stack, json.dumps(each.to_json(), separators=(",", ":"))) for stack, each in changed.items())
            self._scripts("see", now(), *chain.from_iterable(texts))

    @translated()
    def read(self, stacks: Iterable[str]) -> dict[str, Live]:
        """What was written last of these stacks, however long ago."""
        names = list(stacks)
        texts = self._redis.hmget(keys.live(), names) if names else []
        return {name: Live.from_json(json.loads(text)) for name, text in zip(names, texts, strict=True) if text}

    @translated()
    def heard(self) -> tuple[Mapping[str, str], int]:
        """What each watcher has said last, and the time by Redis' clock, in seconds."""
        with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.hgetall(keys.watched())
            pipeline.time()
            watchers, (clock, _) = pipeline.execute()
        return watchers, clock

    def seen(self) -> dict[tuple[str, str], bool]:
        """Whether each worker's watcher sees its engine now, by worker and address."""
        watchers, clock = self.heard()
        found = {}
        for name, text in watchers.items():
            worker, _, host = str(name).partition(" ")
            found[worker, host] = not _lost(json.loads(text)) and _is_heard(json.loads(text), clock)
        return found

    @translated()
    def end(self, watcher: str) -> None:
        """Say that an engine is watched no more, since no stack is to run there."""
        self._redis.hdel(keys.watched(), watcher)

    @translated()
    def beat(self, watcher: str, lost: str | None) -> bool:
        """Say that a watcher lives; an event tells where it sees otherwise than before.

        Args:
            watcher: its name.
            lost: since when it does not see its engine; None while it does.

        Returns:
            Whether Redis knew of it: one that did not has lost everything else, too.
        """
        return bool(self._scripts("watched", watcher, lost or "", _GOOD_FOR, now()))


def current(stored: Mapping[str, Any] | None, watchers: Mapping[str, str], clock: int) -> Live | None:
    """A stack's state as Redis has it; unknown where its watcher is silent, or sees nothing itself.

    Args:
        stored: of the stack; None where there is none.
        watchers: what each watcher has said last.
        clock: the time by Redis' clock, in seconds.
    """
    if stored is None:
        return None
    live = Live.from_json(stored)
    said = json.loads(watchers.get(live.watcher) or "{}")
    if lost := _lost(said):
        return live.unknown_since(lost)
    if not _is_heard(said, clock):
        heard = said.get("at")
        return live.unknown_since(text_of(datetime.fromtimestamp(heard, UTC)) if heard else None)
    return live


def sight(watchers: Mapping[str, str], clock: int) -> str:
    """What all watchers see, as one text: as long as it is the same, `current` says the same of the same state."""
    found = []
    for name, text in sorted(watchers.items()):
        said = json.loads(text)
        found.append(f"{name} {_lost(said) or (_is_heard(said, clock) or said.get('at'))}")
    return "\n".join(found)


def _lost(said: Mapping[str, Any]) -> str:
    return str(said.get("lost") or "")


def _is_heard(said: Mapping[str, Any], clock: int) -> bool:
    return int(said.get("at") or 0) >= clock - keys.ALIVE_SECONDS
