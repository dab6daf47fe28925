"""What the next pull would make of stacks that only got another name, as `workers.reconcile.heirs` finds it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from workers.catalog.stacks import Planned
from workers.deploy.gate import no_twin
from workers.deploy.heritage import Heritage
from workers.deploy.plans import renamed
from workers.model.words import Action, Decision, Reason
from workers.reconcile.heirs import heirs_of
from workers.services import Services


def with_renames(
    services: Services, planned: Iterable[Planned], decisions: Sequence[Decision], gone: Iterable[str]
) -> list[Decision]:
    """The decisions, with what goes on under another name, or has to wait, and with the removals that are left.

    Args:
        services: of this process.
        planned: the stacks that were found.
        decisions: about them, as if nothing were gone.
        gone: the ids of deployed stacks that were not found.
    """
    left = {stack: record for stack, record in services.state.records.get_many(sorted(gone)).items() if record}
    first = {each.stack for each in decisions if each.reason is Reason.FIRST_DEPLOY}
    first -= services.state.adoptions.all().keys() if left else set()
    stacks = {each.stack.id: each for each in planned if each.stack.id in first}
    found = heirs_of(services, list(stacks.values()), left) if left else {}
    taken = {source for heir in found.values() for source in heir.sources}
    told = []
    for each in decisions:
        heir = found.get(each.stack)
        if heir is None:
            told.append(each)
        elif heir.is_same:
            told.append(renamed(stacks[each.stack].stack, heir.sources[0], each.commit))
        else:
            heritage = Heritage(heir.sources, project=left[heir.sources[0]].project or "")
            message = no_twin(stacks[each.stack].stack, heritage)
            told.append(replace(each, action=Action.NONE, reason=Reason.MOVED, services={}, message=message))
    return told + [Decision(stack, Action.REMOVE, Reason.REMOVED) for stack in left if stack not in taken]
