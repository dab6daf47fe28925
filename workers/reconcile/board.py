"""What is known of the containers on one engine, from one event to the next. It asks nobody, and is bounded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Container
from datetime import datetime

from workers.adapters.docker.container import Details
from workers.adapters.docker.happenings import Happening
from workers.adapters.state.clock import now, text_of
from workers.adapters.state.live import MISSING, Live, LiveService
from workers.deploy.containers.by_hand import Hands
from workers.reconcile.sightings import Sighting, how_unseen, service_of, sighting_of

MAX_CONTAINERS = 10_000
"""So many are remembered; a service that has none among them is shown as missing."""


class Board:
    """The containers of an engine's residents.

    Attributes:
        changed: the projects of which something has changed since somebody cleared it.
    """

    def __init__(self) -> None:
        self._seen: dict[str, Sighting] = {}
        self._of_project: defaultdict[str, set[str]] = defaultdict(set)
        self._gone: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self._hands: defaultdict[str, Hands] = defaultdict(Hands)
        self._died: set[str] = set()
        self.changed: set[str] = set()

    def hands(self, project: str) -> Hands:
        """What was seen of who ended a project's containers."""
        return self._hands[project]

    def see(self, happening: Happening) -> None:
        """Take in what happened to a container."""
        self._hands[happening.project].see(happening)
        self.changed.add(happening.project)
        if happening.action == "die":
            self._died.add(happening.id)

    def keep(self, ids: Collection[str], projects: Container[str]) -> None:
        """Forget all containers but these, and all projects but those."""
        for gone in self._seen.keys() - ids:
            self._lose(gone, None)
        for known in (self._of_project, self._gone, self._hands):
            for project in [each for each in known if each not in projects]:
                del known[project]

    def put(
        self, identifier: str, found: Details | None, at: datetime | None, stored: Live | None, *, listed: bool
    ) -> None:
        """Put down how a container is.

        Args:
            identifier: its id.
            found: as the engine has it; None where it is gone.
            at: when something happened to it; None where nobody saw that.
            stored: its stack, as it was written last.
            listed: whether it is looked at because all are.
        """
        before, died = self._seen.get(identifier), identifier in self._died
        self._died.discard(identifier)
        seen = None
        if found is not None:
            known = stored.services.get(found.container.service) if stored else None
            seen = sighting_of(found, before, at, how_unseen(before, known, died=died, listed=listed))
        if seen is None:
            self._lose(identifier, at)
        elif before is not None or len(self._seen) < MAX_CONTAINERS:
            self._seen[identifier] = seen
            self._of_project[seen.project].add(identifier)
            self._gone[seen.project].pop(seen.service, None)

    def services(self, project: str) -> dict[str, LiveService]:
        """How a project's services stand."""
        found: defaultdict[str, list[Sighting]] = defaultdict(list)
        for identifier in self._of_project[project]:
            each = self._seen[identifier]
            found[each.service].append(each)
        touched = {name: each.how for name, each in self._hands[project].touched.items()}
        services = {name: service_of(each, touched) for name, each in sorted(found.items())}
        for name, at in self._gone[project].items():
            services.setdefault(name, LiveService(MISSING, None, at))
        return services

    def _lose(self, identifier: str, at: datetime | None) -> None:
        before = self._seen.pop(identifier, None)
        if before is not None:
            self._of_project[before.project].discard(identifier)
            self._gone[before.project][before.service] = now() if at is None else text_of(at)
