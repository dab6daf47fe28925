"""Who ended the containers of a project: a person, or they themselves. Pure; a fold over what the engine tells.

A container that ends by itself only dies. Of one that somebody stops the engine tells the signal first, and a `stop`
(engine 20.10 after the end, 28.5 before it); one that somebody removes is destroyed. What an engine tells while it is
itself being shut down looks the same, so whoever feeds this leaves that out (`Engine.answers`), and what Tegu has done
under the stack's lock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from workers.adapters.docker.engine import Engine
from workers.adapters.docker.happenings import Happening, remembered
from workers.adapters.state.clock import text_of
from workers.adapters.state.marks import Stop
from workers.adapters.state.status import Known

TOUCHES = frozenset({"kill", "stop", "destroy"})
"""What a person does, unless it is the engine that shuts down."""

_ENDING = frozenset({2, 3, 9, 15})  # SIGINT, SIGQUIT, SIGKILL, SIGTERM; any other is there to tell something
_TOGETHER = timedelta(minutes=1)  # what ends within so long of a stop may have ended because of it
_GRACE = timedelta(minutes=5)  # so long may a container take to end that was told to


@dataclass(frozen=True, slots=True)
class Touch:
    """What somebody did to a container: `docker stop`, `docker kill` or `docker rm`, and when."""

    how: str
    at: datetime


@dataclass(slots=True)
class Hands:
    """What was seen of a project's containers, by name, since each of them was started last."""

    touched: dict[str, Touch] = field(default_factory=dict)
    told: dict[str, datetime] = field(default_factory=dict)
    ended: tuple[str, datetime] | None = None

    def see(self, happening: Happening) -> None:
        """Take in what happened to a container of the project."""
        name, at = happening.name, happening.at
        match happening.action:
            case "start" | "restart" | "unpause":
                self.touched.pop(name, None)
                self.told.pop(name, None)
            case "kill" if happening.signal in _ENDING:
                self.told[name] = at
            case "die":
                self.ended = (name, at)
                if self.told.pop(name, None):
                    self.touched.setdefault(name, Touch("docker kill", at))
            case "stop":
                self.touched[name] = Touch("docker stop", at)
            case "destroy":
                self.touched[name] = Touch("docker rm", at)
                self.ended = (name, at)

    def forget(self) -> None:
        """What was seen was Tegu's own doing."""
        self.touched.clear()
        self.told.clear()
        self.ended = None

    def busy_until(self, at: datetime) -> datetime | None:
        """Until when somebody may be stopping something, as long as nothing more is seen; None when nobody is."""
        waiting = [told + _GRACE for told in self.told.values() if told + _GRACE > at]
        return min(waiting, default=None)

    def rest(self) -> Touch | None:
        """By what a person brought the project to rest; None where its last container ended by itself.

        The last one may have ended because of another: a client without its server.
        """
        if self.ended is None:
            return None
        name, at = self.ended
        own = self.touched.get(name)
        if own is not None:
            return own
        near = [each for each in self.touched.values() if each.at >= at - _TOGETHER]
        return max(near, key=lambda each: each.at, default=None)


def hands_of(happenings: Iterable[Happening]) -> Hands:
    """What was seen of a project, oldest first."""
    hands = Hands()
    for each in happenings:
        if each.kind == "container" and not each.one_off:
            hands.see(each)
    return hands


def stop_seen(engine: Engine, project: str, known: Known) -> Stop | None:
    """What was seen of a person who brought a project to rest: by a watcher, or by the engine, as it remembers.

    Args:
        engine: where it runs.
        project: its name.
        known: what is known of its stack.

    Raises:
        EngineUnavailable: the engine is away.
    """
    return known.stopped or stop_after(hands_of(remembered(engine, project)).rest(), known)


def stop_after(touch: Touch | None, known: Known) -> Stop | None:
    """A touch as a stack's mark; None for one before the end of its last deployment, which is likely Tegu's own."""
    if touch is None:
        return None
    at = text_of(touch.at.astimezone(UTC))
    deployed = known.last_deployment.at if known.last_deployment else ""
    return Stop(touch.how, at) if at > deployed else None
