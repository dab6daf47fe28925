"""What looks at stacks will decide, as far as that is known before anybody has their locks.

Git, the stacks' files and their marks say it; what runs is not asked. `tegu plan` shows it, and a pull notes it for the
stacks that have to wait for their turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from workers.catalog.stacks import Planned
from workers.changes.decision import undecided
from workers.changes.snapshot import Snapshot
from workers.deploy.decide import decide_at
from workers.deploy.gate import gated
from workers.deploy.target import standing_pin
from workers.model.errors import GitUnavailable
from workers.model.words import Decision
from workers.services import Services


def forecast(services: Services, planned: Sequence[Planned]) -> Iterator[Decision]:
    """The decisions, in the same order; `blocked` where something of a stack cannot be read.

    Args:
        services: the process's.
        planned: the stacks.

    Raises:
        UnknownName: a commit is gone.
        RedisUnavailable: the records cannot be read.
    """
    ids = [each.stack.id for each in planned]
    records, facts = services.state.records.get_many(ids), services.state.facts(ids)
    for each in planned:
        record = records.get(each.stack.id)
        deployed = Snapshot.from_json(record["snapshot"]) if record else None
        try:
            origin = (record or {}).get("repo")
            decision, snapshot = decide_at(services, each.stack, each.commit, deployed, origin=origin)
            known = facts[each.stack.id]
            known = replace(known, pin=standing_pin(services, each.stack, known.pin, each.commit))
        except GitUnavailable as error:
            yield undecided(each.stack.id, each.commit, error)
        else:
            yield gated(decision, snapshot, each.stack, known, datetime.now(UTC), asked=False)
