"""Housekeeping, once a day: clones are packed, and pins of stacks that are gone are dropped.

Everything else is bounded where it is written: runs, deployments, logs and events by number and age (`state.keys`),
images by `prune_images` at the end of a deployment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from workers.model.errors import Busy, TeguError
from workers.model.stack import live_directory
from workers.reconcile.clone_size import note_size
from workers.runtime.logs import get_logger
from workers.services import Services

log = get_logger(__name__)

_PINNED = ("deployed", "previous")


def keep_house(services: Services, worker: str, repos: Iterable[str]) -> tuple[str, ...]:
    """Do what is due on this worker; the chores that were done."""
    chores: dict[str, Callable[[], None]] = {repo: partial(keep_clone, services, repo) for repo in repos}
    done = []
    for name, chore in chores.items():
        if not services.state.chores.begin(worker, name):
            continue
        try:
            chore()
            note_size(services, name, worker)
            done.append(name)
        except Busy:
            services.state.chores.again(worker, name)
        except TeguError as error:
            log.warning("housekeeping failed", chore=name, error=str(error))
    return tuple(done)


def keep_clone(services: Services, repo: str) -> None:
    """Drop the pins of stacks that have nothing deployed any more, and let Git pack what many fetches have left.

    Raises:
        Busy: a fetch is under way.
        GitUnavailable: Git could not do it.
    """
    clone = services.clone(repo)
    for pin in clone.pins():
        kind, _, stack = pin.partition("/")
        if kind in _PINNED and not _is_deployed(services, stack):
            log.info("pin dropped", repo=repo, pin=pin)
            clone.unpin(pin)
    clone.collect_garbage()


def _is_deployed(services: Services, stack: str) -> bool:
    journal = services.state.journal.find(stack)
    if journal is None:
        # A journal that was lost is made again from the pin; a stack that never was deployed has no directory.
        return Path(live_directory(services.settings.data_dir, stack)).is_dir()
    gone = (journal.removed, journal.left)
    return journal.record is not None and not any(mark and mark.done == "down" for mark in gone)
