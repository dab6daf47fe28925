"""Whose the projects on an engine are, as far as this Tegu has deployed them: asked once one of them is in the way."""

from __future__ import annotations

from contextlib import suppress

from workers.adapters.state.state import State
from workers.deploy.containers.strangers import Owner
from workers.model.errors import RedisUnavailable


def owner_of(state: State, docker_host: str, project: str) -> Owner | None:
    """The stack that was last deployed as a project; None for a project of nobody's, or while Redis is away.

    Args:
        state: what is deployed, and what is gone.
        docker_host: the engine.
        project: the project's name; empty for a container of none.
    """
    if not project:
        return None
    with suppress(RedisUnavailable):
        for stack, record in state.records.get_many(state.records.known()).items():
            if record is not None and (record.project, record.docker_host) == (project, docker_host):
                return Owner(stack, gone=state.records.status(stack).removed is not None)
    return None
