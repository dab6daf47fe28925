"""Where discovered stacks lie: configured ones stand in the catalog itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from workers.catalog.catalog import Catalog
from workers.model.stack import Stack


@dataclass(frozen=True, slots=True)
class Place:
    """Where a discovered stack's Compose file lies: the folder `path` of a repo.

    `project` is that of the stack which it was carried over from; None: as the catalog has it.
    """

    repo: str
    path: str
    project: str | None = None


class Places(Protocol):
    """What pulls have discovered, by the stack's id, for whoever has no clone; the state keeps it."""

    def get(self, stack: str) -> Place | None:
        """Where a stack lies; None when no pull has discovered it."""
        ...

    def all(self) -> Mapping[str, Place]:
        """Every discovered stack, in order of id."""
        ...

    def replace(
        self, repo: str, environments: Iterable[str], stacks: Mapping[str, str], known: Mapping[str, Place]
    ) -> bool:
        """Write what a pull has discovered; False when another pull has written since this one has read `known`."""
        ...


def replaced(
    known: Mapping[str, Place], repo: str, environments: Iterable[str], stacks: Mapping[str, str]
) -> dict[str, Place]:
    """What is discovered after a pull.

    Args:
        known: what was before.
        repo: the repo that was pulled.
        environments: those that the pull looked at; stacks of the repo elsewhere stay.
        stacks: path by stack id; other stacks of the repo in these environments go.
    """
    looked_at = frozenset(environments)
    kept = {
        stack: place for stack, place in known.items() if place.repo != repo or stack.partition("/")[0] not in looked_at
    }
    return kept | {stack: Place(repo, path, project_at(known.get(stack), repo)) for stack, path in stacks.items()}


def project_at(place: Place | None, repo: str) -> str | None:
    """The project that a discovered stack of a repo keeps."""
    return place.project if place is not None and place.repo == repo else None


def projects_of(places: Mapping[str, Place]) -> dict[str, str]:
    """The projects that discovered stacks keep, by id."""
    return {stack: place.project for stack, place in places.items() if place.project}


def stack_at(catalog: Catalog, identifier: str, place: Place) -> Stack | None:
    """The stack of a discovered place, None when the catalog has no room for it any more."""
    environment = identifier.partition("/")[0]
    if place.repo not in catalog.repos or environment not in catalog.environments:
        return None
    kept = {identifier: place.project} if place.project else {}
    stacks, _ = catalog.discover(place.repo, environment, [place.path], projects=kept)
    return next((stack for stack in stacks if stack.id == identifier), None)


def paused_by_option(
    catalog: Catalog, stacks: Collection[str], places: Callable[[], Mapping[str, Place]]
) -> frozenset[str]:
    """Those of these stacks that the catalog itself pauses.

    Args:
        catalog: the catalog.
        stacks: ids.
        places: reads where the discovered ones of them lie, which have the options of their environment's defaults:
            where these pause nothing, nobody has to know.
    """
    paused = {stack.id for stack in catalog.configured if stack.options.paused}.intersection(stacks)
    if pausing := catalog.pausing.intersection(catalog.discovering):
        paused |= {
            stack
            for stack, place in places().items()
            if stack.partition("/")[0] in pausing and place.repo in catalog.repos and stack not in catalog.by_id
        }
    return frozenset(paused)
