"""Where the way back fails as well, what stood still for the deployment runs again: not Compose's way, but it runs."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress

from workers.adapters.docker.container import Container
from workers.adapters.docker.engine import Engine
from workers.deploy.containers.aside import own_name
from workers.deploy.transaction.ground import Ground
from workers.deploy.transaction.intent import Intent
from workers.model.errors import CommandFailed, EngineUnavailable


def start_what_stands(ground: Ground, intent: Intent) -> None:
    """Start the containers of the last good deployment that are there and do not run although they did.

    What runs is left as it is. Nothing here fails: what does not start says so in the log.

    Args:
        ground: what the deployment stood on.
        intent: what ran before it, and what did not.
    """
    engine, say = ground.tools.engine, ground.tools.say
    with suppress(CommandFailed, EngineUnavailable):
        for each in engine.containers(ground.stack.project):
            if not each.running and each.service not in intent.resting and _is_old(ground, intent, each):
                _start(engine, each, say)


def _is_old(ground: Ground, intent: Intent, container: Container) -> bool:
    """Whether it was there before, or was made on the way back as it was."""
    if any(container.id == identifier for identifier, _ in intent.starts):
        return True
    recorded: Collection[str | None] = ()
    if ground.record is not None:
        known = ground.record.containers.values()
        recorded = {each.config_hash for each in known if each.service == container.service}
    return container.config_hash in recorded


def _start(engine: Engine, container: Container, say: Callable[[str], None]) -> None:
    try:
        if name := own_name(container):
            with suppress(CommandFailed):
                engine.rename(container.id, name)
        engine.start(container.id)
    except CommandFailed as error:
        say(f"{container.name} does not start: {error}")
    else:
        say(f"{container.name} runs again")
