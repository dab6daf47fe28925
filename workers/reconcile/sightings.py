"""From containers to the state of a stack's services. Pure: what the engine says goes in, values come out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from workers.adapters.docker.container import Details
from workers.adapters.state.clock import text_of
from workers.adapters.state.deployed import ALIVE
from workers.adapters.state.live import LiveService
from workers.deploy.containers.aside import own_name

_MAX_IMAGE = 300  # characters of an image's name that are kept
_ENDS_BY_ITSELF = frozenset({"no", "on-failure", ""})
# From the best to the worst: a service is as well as its worst container.
_BEST_FIRST = ("exited and done", "running", "starting", "paused", "unhealthy", "restarting", "created", "removing")


@dataclass(frozen=True, slots=True)
class Sighting:
    """One container of a service, as it was seen last.

    Attributes:
        state: as Docker says.
        health: `starting`, `healthy`, `unhealthy`, or None.
        since: when it got so, as text; None where nobody saw it.
        ended_well: whether it ended with exit code 0, and its policy does not want it started again.
        exit_code: of one that has ended.
        unstarted: whether the engine could not start it.
        unseen: how it ended, if nobody saw it end: `with the engine`, `while nobody watched`.
    """

    id: str
    name: str
    project: str
    service: str
    state: str
    health: str | None
    since: str | None
    image: str
    ended_well: bool = False
    exit_code: int = 0
    unstarted: bool = False
    unseen: str = ""

    @property
    def runs(self) -> bool:
        """Whether its process lives, or is about to again."""
        return self.state in ALIVE


def sighting_of(found: Details, before: Sighting | None, at: datetime | None, unseen: str = "") -> Sighting | None:
    """What is remembered of a container; None for one that is no service's, or stands aside.

    Args:
        found: as it is now.
        before: as it was seen before.
        at: when something happened to it; None where nobody saw that.
        unseen: how it has ended, if it has, and nobody saw it end.
    """
    container = found.container
    if not container.is_of_service or own_name(container) is not None or not container.project:
        return None
    health = found.health if found.state == "running" else None
    ended = found.state in {"exited", "dead"}
    return Sighting(
        id=container.id,
        name=container.name,
        project=container.project,
        service=container.service,
        state=found.state,
        health=health,
        since=_since(found, health, before, at),
        image=found.made_from[:_MAX_IMAGE],
        ended_well=found.state == "exited" and found.exit_code == 0 and found.restart_policy in _ENDS_BY_ITSELF,
        exit_code=found.exit_code,
        unstarted=ended and bool(found.error),
        unseen=unseen if ended else "",
    )


def how_unseen(before: Sighting | None, stored: LiveService | None, *, died: bool, listed: bool) -> str:
    """How a container has ended, if it has, and nobody saw it end; nothing where it was seen.

    Args:
        before: as it was seen before.
        stored: its service as whoever watched before has written it, where nothing was seen before.
        died: whether it was seen to end.
        listed: whether it is looked at because all are: nothing was seen of it.
    """
    if died:
        return ""
    if before is not None:
        return "with the engine" if before.runs and listed else before.unseen
    ran = stored is not None and (stored.state in ALIVE or stored.interrupted)
    return "while nobody watched" if ran else ""


def service_of(sightings: Iterable[Sighting], touched: Mapping[str, str]) -> LiveService:
    """How a service stands by its containers, of which there is at least one.

    Args:
        sightings: its containers.
        touched: the names of those that somebody has stopped, and how: they have not done their work.
    """
    worst = max(sightings, key=lambda each: (_rank(each), each.name))
    by_hand, interrupted = worst.name in touched, bool(worst.unseen)
    return LiveService(
        worst.state,
        worst.health,
        worst.since,
        worst.image,
        done=worst.ended_well and not by_hand and not interrupted,
        interrupted=interrupted and not by_hand,
        why=_why(worst, touched.get(worst.name)),
    )


def _why(seen: Sighting, how: str | None) -> str:
    """How it is known why a container does not run; what the engine says of a failed start may hold a secret."""
    if seen.state not in {"exited", "dead"}:
        return ""
    if how:
        return f"stopped by hand: `{how}` was seen"
    if seen.unstarted:
        return "the engine could not start it"
    return f"ended {seen.unseen}" if seen.unseen else f"ended by itself with exit code {seen.exit_code}"


def _rank(seen: Sighting) -> int:
    word = "exited and done" if seen.ended_well else seen.state
    if seen.state == "running" and seen.health in {"starting", "unhealthy"}:
        word = seen.health
    return _BEST_FIRST.index(word) if word in _BEST_FIRST else len(_BEST_FIRST)


def _since(found: Details, health: str | None, before: Sighting | None, at: datetime | None) -> str | None:
    started, ended = _moment(found.started_at), _moment(found.ended_at)
    last = started if found.state in {"running", "paused"} else ended
    if before and (before.state, before.health) == (found.state, health) and (last or "") <= (before.since or ""):
        return before.since
    is_later = found.state == "paused" or health in {"healthy", "unhealthy"}  # than the container's start
    return text_of(at) if is_later and at else last


def _moment(text: str) -> str | None:
    """A time of the engine's as Tegu writes it; None for the year 1, which stands for never."""
    if not text or text.startswith("0001-"):
        return None
    return text_of(datetime.fromisoformat(text).astimezone(UTC))
