"""What of the host would make `up` fail whatever the content is: all of it is found before anything is touched."""

from __future__ import annotations

from collections.abc import Iterator

from workers.adapters.docker.releases import numbers
from workers.deploy.containers import compose_model
from workers.deploy.containers.names import taken_names, wanted_names
from workers.deploy.containers.networks import foreign, lacking
from workers.deploy.containers.obstacles import Obstructed
from workers.deploy.containers.ports import are_one, taken, unavailable, wanted
from workers.deploy.containers.strangers import strangers
from workers.deploy.transaction.prepared import Work
from workers.deploy.transaction.up import brings_all, to_touch
from workers.model.errors import InvalidStack
from workers.model.words import Action, Reason

_TAKES_ANY_NETWORK = (5,)  # the first release of Compose that does; seen with 5.6.1, not with 2.40
_CHANGES = (Action.UP, Action.BUILD, Action.RECREATE, Action.RESTART)


def refuse_obstacles(work: Work) -> None:
    """Refuse to begin what the engine or Compose would refuse after the switch.

    Raises:
        Obstructed: with all that is in the way.
        InvalidStack: for what Compose never accepts.
        EngineUnavailable: when the engine is away.
    """
    _refuse_external_secrets(work)
    coming = set(compose_model.services(work.model)) if brings_all(work) else to_touch(work)
    engine = work.ground.tools.engine
    found = (
        *lacking(engine, work.model),
        *_foreign_networks(work),
        *_taken(work, coming),
        *_paused(work, coming),
        *_unhealthy(work, coming),
    )
    if found:
        raise Obstructed(*found)


def _refuse_external_secrets(work: Work) -> None:
    """Compose 2.26 to 5.6 make no container with one ("unsupported external secret"), whatever the engine has."""
    for kind in ("secret", "config"):
        defined = work.model.get(f"{kind}s") or {}
        for name, service in sorted(compose_model.services(work.model).items()):
            for each in service.get(f"{kind}s") or ():
                if (defined.get(each["source"]) or {}).get("external"):
                    message = (
                        f"the service {name} uses the external {kind} {each['source']}, which only a swarm has; give"
                        " its definition a file or environment"
                    )
                    raise InvalidStack(message)


def _foreign_networks(work: Work) -> Iterator[str]:
    tools = work.ground.tools
    names = list(foreign(tools.engine, work.ground.stack.project, work.model))
    if names and numbers(tools.compose.version()) < _TAKES_ANY_NETWORK:
        for name in names:
            yield (
                f"a network {name} is there that was not made for this stack, and Compose refuses it; remove it (docker"
                f" network rm {name}), or say `external: true` where it is defined to use it as it is"
            )


def _taken(work: Work, coming: set[str]) -> Iterator[str]:
    """Ports and names that somebody else has. What the stack's own containers have, nobody else can."""
    ground, before = work.ground, work.before
    own = (*before.details, *(ground.former.running.details if ground.former else ()))
    ports = wanted(work.model, coming).difference(*(each.ports for each in own))
    all_names = wanted_names(work.model, ground.stack.project, coming, before.containers())
    names = all_names.keys() - {each.container.name for each in own}
    if not ports and not names:
        return
    others = strangers(ground.tools.engine, ground.own_projects, None if ports else names)
    # What the stack itself has at another address goes before the new one comes.
    free = {port for port in ports if not any(are_one(port, one) for each in own for one in each.ports)}
    for port in sorted(ports, key=str):
        for told in taken(others, port, ground.whose):
            free.discard(port)
            yield told
    # What the stack's own processes listen at beside the engine may be just what goes.
    if _shares_ports(work) and not any(each.network_mode == "host" for each in own):
        yield from unavailable(free)
    yield from taken_names(others, names, ground.whose)


def _shares_ports(work: Work) -> bool:
    """Whether this process has the ports of the engine's host: not on another machine, nor in most containers."""
    engine, container = work.ground.tools.engine, work.ground.tools.own.container
    if not engine.docker_host.startswith("unix://"):
        return False
    return container is None or engine.network_mode(container) == "host"


def _paused(work: Work, coming: set[str]) -> Iterator[str]:
    """Containers that somebody has paused: Compose fails to start one over, and what makes it anew ends the pause."""
    touched = coming | work.services_with(Action.RESTART)
    for each in work.before.details:
        if each.state == "paused" and each.container.service in touched and not work.ground.forced:
            name = each.container.name
            yield f"the container {name} is paused; let it go on (docker unpause {name})"


def _unhealthy(work: Work, coming: set[str]) -> Iterator[str]:
    """Dependencies that have to be healthy, are not, and are left alone by this deployment.

    What is healed ran beside them before.
    """
    if work.decision.reason is Reason.DRIFTED or brings_all(work):
        return
    left_alone = set(compose_model.services(work.model)) - work.services_with(*_CHANGES)
    for name in sorted(coming):
        for need in sorted(compose_model.healthy_needs(work.model, name) & left_alone):
            for each in work.before.of(need):
                if (each.state, each.health) == ("running", "unhealthy"):
                    yield (
                        f"{name} needs {need} to be healthy, and the container {each.container.name} is unhealthy; see"
                        f" why (docker inspect {each.container.name}), or restart it"
                    )
