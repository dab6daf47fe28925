"""What looks at stacks will decide, as far as that is known before anybody has their locks.

Git, the stacks' files and their marks say it; what runs is not asked. A pull notes it for the stacks that have to wait
for their turn; `tegu plan` asks for more (`workers.deploy.foresee`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from workers.catalog.stacks import Planned
from workers.changes.decision import undecided
from workers.deploy.decide import decide
from workers.deploy.gate import gate, said_of
from workers.deploy.observe import without_engine
from workers.deploy.observed import Request
from workers.deploy.sight import Sight
from workers.model.errors import GitUnavailable
from workers.model.words import Decision
from workers.services import Services


def forecast(services: Services, planned: Sequence[Planned]) -> Iterator[Decision]:
    """The decisions about those that still wait for their turn, in order; `blocked` where one cannot be read.

    Args:
        services: the process's.
        planned: the stacks.

    Raises:
        UnknownName: a commit is gone.
        RedisUnavailable: the records cannot be read.
    """
    ids = [each.stack.id for each in planned]
    records, facts = services.state.records.get_many(ids), services.state.facts(ids)
    nobody = Request()
    for each in planned:
        stack, now = each.stack, datetime.now(UTC)
        if not facts[stack.id].waiting:
            continue  # somebody is at it, and says himself what it needs
        try:
            observed = without_engine(
                services, stack, nobody, now, deployed=records.get(stack.id), facts=facts[stack.id], newest=each.commit
            )
            plan = gate(observed, decide(observed, Sight(services, stack)))
        except GitUnavailable as error:
            yield undecided(stack.id, each.commit, error)
        else:
            yield said_of(observed, plan)
