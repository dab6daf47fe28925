"""Stacks by name, those included that are gone: as long as something of one is known, it can be looked at."""

from __future__ import annotations

from dataclasses import replace

from workers.deploy.take_down import stack_of
from workers.model.errors import UnknownName
from workers.model.stack import Stack, matching
from workers.services import Services


def find_known(services: Services, name: str) -> Stack:
    """A stack by its id or short name; one that is gone is as it was last deployed.

    Args:
        services: the process's.
        name: `production/authelia` or `authelia`. A living stack comes before one that is gone.

    Raises:
        UnknownName: nothing is known of such a stack, or there are several.
    """
    try:
        return services.stacks.find(name)
    except UnknownName:
        found = matching(name, services.state.records.known())
        facts = services.state.facts(found)
        gone = [stack for stack in found if facts[stack].known.removed is not None]
        if len(gone) != 1 or len(found) > len(gone) + 1:
            raise
        return gone_stack(services, gone[0])


def gone_stack(services: Services, identifier: str) -> Stack:
    """A stack that is none any more, as it was last deployed, by whom."""
    record = services.state.records.get(identifier)
    return replace(stack_of(identifier, record), worker=(record and record.worker) or services.settings.worker)
