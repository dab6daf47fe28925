"""From the journals on this host to an empty Redis, and back for marks that were made elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2s
from typing import Any

from workers.adapters.state import keys
from workers.adapters.state.clock import now
from workers.adapters.state.connection import translated
from workers.adapters.state.journal import Journal
from workers.adapters.state.leases import stack_lease
from workers.adapters.state.marks import Marks
from workers.adapters.state.secret_key import load_key
from workers.adapters.state.state import State
from workers.catalog.places import Place


@translated()
def rebuild(state: State, journal: Journal | None = None) -> list[str]:
    """Put back whatever Redis lacks and a journal has: records, places, status, fencing numbers, pauses, holds, pins.

    What Redis has is newer and stays, so this may run at any time. Marks come back only into a Redis that has
    lost everything: in any other one, a mark that is missing was taken away on purpose.

    Args:
        state: where to.
        journal: where from; the state's own by default.

    Returns:
        The stacks whose record was put back.
    """
    kept = (journal or state.journal).all()
    journals = {stack: each for stack, each in kept.items() if not each.get("left")}  # the others are another worker's
    present = state.records.get_many(journals)
    rebuilt = keys.rebuilt(_data_dir_id(state))
    lost = not state.redis.exists(rebuilt)
    for stack, each in journals.items() if lost else ():
        for marks in _all_marks(state):
            if each.get(marks.name):
                marks.restore(stack, each[marks.name])
    restored = [stack for stack, each in journals.items() if each.get("record") and not present[stack]]
    for stack in restored:
        _restore_record(state, stack, journals[stack])
    state.redis.set(rebuilt, now())
    return restored


def mirror_marks(state: State, stacks: Mapping[str, Mapping[str, object]]) -> None:
    """Write marks that were made on another host to the journals of this worker's stacks.

    Args:
        state: whose marks and journals.
        stacks: by id, what else the journal of each is to keep.
    """
    known = {marks.name: marks.all() for marks in _all_marks(state)}
    for stack, kept in stacks.items():
        if state.journal.exists(stack) or any(stack in marked for marked in known.values()):
            state.journal.update(stack, **{name: marked.get(stack) for name, marked in known.items()}, **kept)


def _data_dir_id(state: State) -> str:
    return blake2s(load_key(state.data_dir), digest_size=8, person=b"rebuilt").hexdigest()


def _all_marks(state: State) -> tuple[Marks, ...]:
    return (state.pauses, state.holds, state.pins)


def _restore_record(state: State, stack: str, kept: Mapping[str, Any]) -> None:
    record = kept["record"]
    deployed = {"deployed_commit": record.get("commit"), "verified_commit": record.get("commit")}
    fence = max(kept.get("fence") or 0, state.leases.newest_fence(stack_lease(stack)))
    status = kept.get("status") or {}
    state.records.put(stack, record, fence, **(deployed | status))
    if "repo" in record and "path" in record and not status.get("removed"):
        # The first pull may be another repo's, which would take the name. One that the catalog names is found there.
        state.discovered.restore(stack, Place(record["repo"], record["path"]))
