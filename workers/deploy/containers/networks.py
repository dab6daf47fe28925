"""What a stack has or needs on its engine beside containers: its networks, and what is external to it.

Compose up to 2.30 leaves a network that is there as it is, whatever its definition says by now; later ones make it
anew, but only with the services that they are told of. So Tegu removes it first, whatever the release.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from workers.adapters.docker.container import PROJECT
from workers.adapters.docker.engine import Engine, translated
from workers.deploy.containers import compose_model
from workers.model.errors import BlockedStack
from workers.runtime.late import late

if TYPE_CHECKING:
    import docker.errors
else:
    docker = late("docker", "errors")

NETWORK = "com.docker.compose.network"


def network_ids(engine: Engine, project: str, keys: Iterable[str]) -> set[str]:
    """The ids of a project's networks, named by their keys in the model."""
    return {each["Id"] for key in keys for each in _networks(engine, project, key)}


def remade(engine: Engine, project: str, keys: Iterable[str], ids: Collection[str]) -> tuple[str, ...]:
    """Those networks, named by their keys, that are not there or not one of these ids: they are no longer as before."""
    found = {key: network_ids(engine, project, [key]) for key in keys}
    return tuple(key for key, there in found.items() if not there or there - set(ids))


def refuse_shared_networks(engine: Engine, project: str, keys: Iterable[str]) -> None:
    """Refuse to make networks anew that containers of other projects are connected to.

    Raises:
        BlockedStack: when there are such.
    """
    for key in keys:
        for network in _networks(engine, project, key):
            _refuse_shared(engine, project, network)


def drop_network(engine: Engine, project: str, key: str, ids: Collection[str]) -> None:
    """Remove a project's network, named by its key in the model, with its own containers disconnected first.

    Args:
        engine: where it is.
        project: whose it is.
        key: its key.
        ids: nothing is done to one whose id is not among these: it has been made anew already.

    Raises:
        BlockedStack: when containers of another project are connected to it; nothing is disconnected then.
    """
    for network in _networks(engine, project, key):
        if network["Id"] not in ids:
            continue
        _refuse_shared(engine, project, network)
        with translated():
            # Those that do not run, too: they would look for it when they are started.
            rows = engine.client.containers(
                all=True, filters={"network": network["Id"], "label": f"{PROJECT}={project}"}
            )
            for container in {*(network["Containers"] or {}), *(row["Id"] for row in rows)}:
                engine.client.disconnect_container_from_network(container, network["Id"], force=True)
            engine.client.remove_network(network["Id"])


def lacking(engine: Engine, model: compose_model.Model) -> Iterator[str]:
    """The external networks and volumes that are not there, in words."""
    for kind in ("network", "volume"):
        for name in compose_model.external(model, f"{kind}s"):
            if not _exists(engine, kind, name):
                yield (
                    f"the external {kind} {name} does not exist; make it (docker {kind} create {name}), or deploy first"
                    " whatever defines it"
                )


def foreign(engine: Engine, project: str, model: compose_model.Model) -> Iterator[str]:
    """The names of networks that others have made, by their names on the engine, where Compose up to 2.x refuses them.

    It takes one of its own label from whatever project, with a warning, and refuses any other (seen with 2.26 and
    2.40); 5.6 takes all of them.
    """
    items = ((key, item or {}) for key, item in (model.get("networks") or {}).items())
    keys = {str(item["name"]): key for key, item in items if item.get("name") and not item.get("external")}
    if not keys:
        return
    with translated():
        rows = engine.client.networks(names=list(keys))
    for row in rows:
        labels, key = row.get("Labels") or {}, keys.get(row["Name"])
        if key is not None and labels.get(PROJECT) != project and labels.get(NETWORK) != key:
            yield str(row["Name"])


def _exists(engine: Engine, kind: str, name: str) -> bool:
    with translated():
        try:
            engine.client.inspect_network(name) if kind == "network" else engine.client.inspect_volume(name)
        except docker.errors.NotFound:
            # A node of a swarm does not know the networks of other nodes before it uses them.
            swarm = engine.client.info().get("Swarm") or {}
            return kind == "network" and swarm.get("LocalNodeState") == "active"
    return True


def _networks(engine: Engine, project: str, key: str) -> list[Mapping[str, Any]]:
    with translated():
        filters = {"label": [f"{PROJECT}={project}", f"{NETWORK}={key}"]}
        return [engine.client.inspect_network(each["Id"]) for each in engine.client.networks(filters=filters)]


def _refuse_shared(engine: Engine, project: str, network: Mapping[str, Any]) -> None:
    own = {each.id for each in engine.containers(project, one_off=True)}
    strangers = sorted(each["Name"] for id_, each in (network["Containers"] or {}).items() if id_ not in own)
    if strangers:
        name = network["Name"]
        message = (
            f"network {name} has another definition by now and has to be made anew, but containers of other projects"
            f" are connected to it: {', '.join(strangers)}; disconnect them first (docker network disconnect {name}"
            " CONTAINER) or stop their stacks, and bring these up again afterwards"
        )
        raise BlockedStack(message)
