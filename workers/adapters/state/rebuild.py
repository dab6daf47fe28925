"""From the journals on this host to an empty Redis, and back for marks that were made elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2s

from workers.adapters.state import keys
from workers.adapters.state.clock import now
from workers.adapters.state.connection import translated
from workers.adapters.state.deployed import Deployed
from workers.adapters.state.journal import Journal, JournalEntry
from workers.adapters.state.leases import stack_lease
from workers.adapters.state.secret_key import load_key
from workers.adapters.state.state import State
from workers.adapters.state.status import StatusFields
from workers.catalog.places import Place
from workers.model.stack import Policy


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
    # The others are another worker's, or have not been carried over in full, which the next look at them goes on with.
    journals = {stack: each for stack, each in kept.items() if each.left is None and each.carried is None}
    present = state.records.get_many(journals)
    rebuilt = keys.rebuilt(_data_dir_id(state))
    lost = not state.redis.exists(rebuilt)
    for stack, each in journals.items() if lost else ():
        _restore_marks(state, stack, each)
    lacking = {stack: each.record for stack, each in journals.items() if each.record and not present[stack]}
    for stack, record in lacking.items():
        _restore_record(state, stack, journals[stack], record)
    state.redis.set(rebuilt, now())
    return list(lacking)


def mirror_marks(state: State, stacks: Mapping[str, Policy]) -> None:
    """Write marks that were made on another host to the journals of this worker's stacks.

    Args:
        state: whose marks and journals.
        stacks: by id, what their options say of their removal, which the journals keep, too.
    """
    pauses, holds, pins = state.pauses.all(), state.holds.all(), state.pins.all()
    state.holds.remind(holds)
    for stack, policy in stacks.items():
        pause, hold, pin = pauses.get(stack), holds.get(stack), pins.get(stack)
        if pause or hold or pin or state.journal.exists(stack):
            state.journal.update(stack, pause=pause, hold=hold, pin=pin, when_removed=policy)


def _data_dir_id(state: State) -> str:
    return blake2s(load_key(state.data_dir), digest_size=8, person=b"rebuilt").hexdigest()


def _restore_marks(state: State, stack: str, kept: JournalEntry) -> None:
    if kept.pause:
        state.pauses.restore(stack, kept.pause)
    if kept.hold:
        state.holds.restore(stack, kept.hold)
    if kept.pin:
        state.pins.restore(stack, kept.pin)


def _restore_record(state: State, stack: str, kept: JournalEntry, record: Deployed) -> None:
    fence = max(kept.fence or 0, state.leases.newest_fence(stack_lease(stack)))
    status: StatusFields = {"deployed_commit": record.commit, "verified_commit": record.commit}
    if kept.removed is not None:
        status["removed"] = kept.removed
    if kept.stopped is not None:
        status["stopped"] = kept.stopped
    state.records.put(stack, record, fence, **status)
    if record.repo is not None and kept.removed is None:
        # The first pull may be another repo's, which would take the name. One that the catalog names is found there.
        project = record.project if record.renamed_from else None
        state.discovered.restore(stack, Place(record.repo, record.path, project))
