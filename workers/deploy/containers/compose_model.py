"""What `docker compose config` says of services, images and mounts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from workers.changes.locations import is_bind

Model = Mapping[str, Any]


def services(model: Model) -> dict[str, Mapping[str, Any]]:
    """The active services by name."""
    return dict(model.get("services") or {})


def image_of(project: str, name: str, service: Mapping[str, Any]) -> str:
    """The name of a service's image; Compose's own for one that is built and not named."""
    return str(service.get("image") or f"{project}-{name}")


def images(model: Model, project: str) -> dict[str, str]:
    """The image's name of every active service that has one."""
    return {
        name: image_of(project, name, service)
        for name, service in services(model).items()
        if not service.get("provider")
    }


def further_images(model: Model, project: str) -> dict[str, set[str]]:
    """The images of every active service beside its own: of its `pre_start` hooks, and of volumes that are images."""
    own = images(model, project)
    return {
        name: {*map(str, filter(None, _further(service)))} - {own[name]}
        for name, service in services(model).items()
        if name in own
    }


def _further(service: Mapping[str, Any]) -> Iterator[object]:
    for container in containers(service):
        yield from (mount.get("source") for mount in container.get("volumes") or () if mount.get("type") == "image")
    yield from (hook.get("image") for hook in service.get("pre_start") or ())


def containers(service: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What describes a container: the service, and each of its `pre_start` hooks, which have one of their own."""
    yield service
    yield from service.get("pre_start") or ()


def all_images(model: Model, project: str) -> set[str]:
    """The names of all images that the active services need."""
    return set(images(model, project).values()).union(*further_images(model, project).values())


def built_names(model: Model, project: str) -> dict[str, set[str]]:
    """The names that the image of each service with a build section is given."""
    own, active = images(model, project), services(model)
    return {name: {own[name], *map(str, active[name]["build"].get("tags") or ())} for name in built(model)}


def built(model: Model) -> set[str]:
    """The services that have a build section."""
    return {name for name, service in services(model).items() if service.get("build") and not service.get("provider")}


def replicas(service: Mapping[str, Any]) -> int:
    """How many containers a service is to have; what a `provider` brings about has none of this engine."""
    if service.get("provider"):
        return 0
    scale = service.get("scale")
    if scale is None:
        scale = (service.get("deploy") or {}).get("replicas")
    return 1 if scale is None else int(scale)


def dependencies(model: Model) -> dict[str, set[str]]:
    """Which services each service needs, directly: `depends_on`, shared namespaces, `volumes_from`, `links`."""
    found: dict[str, set[str]] = {}
    for name, service in services(model).items():
        needs = set(service.get("depends_on") or {})
        needs |= lenders(service)
        needs |= {str(link).split(":")[0] for link in service.get("links") or ()}
        found[name] = needs
    return found


def healthy_needs(model: Model, service: str) -> set[str]:
    """The services that have to be healthy before one is started (`condition: service_healthy`)."""
    needs = (services(model).get(service) or {}).get("depends_on") or {}
    return {name for name, each in needs.items() if (each or {}).get("condition") == "service_healthy"}


def namespaces(service: Mapping[str, Any]) -> set[str]:
    """The services whose network, process or IPC namespace a service lives in."""
    values = (str(service.get(key) or "") for key in ("network_mode", "pid", "ipc", "uts", "cgroup"))
    return {value.removeprefix("service:") for value in values if value.startswith("service:")}


def lenders(service: Mapping[str, Any]) -> set[str]:
    """The services that a service refers to by their containers: their namespaces or volumes are its own as well."""
    sources = (str(source) for source in service.get("volumes_from") or ())
    return namespaces(service) | {source.split(":")[0] for source in sources if not source.startswith("container:")}


def with_dependencies(names: Iterable[str], needs: Mapping[str, set[str]]) -> set[str]:
    """Services and everything they need, transitively."""
    found: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += needs.get(name, ())
    return found


def connected(model: Model, networks: Iterable[str]) -> set[str]:
    """The services that are connected to any of these networks, named by their keys."""
    wanted = set(networks)
    return {
        name
        for name, service in services(model).items()
        if wanted & set(service.get("networks") or _usual_networks(service))
    }


def _usual_networks(service: Mapping[str, Any]) -> tuple[str, ...]:
    return () if service.get("network_mode") or service.get("provider") else ("default",)


def mounting(model: Model, volumes: Iterable[str]) -> set[str]:
    """The services that mount any of these volumes, named by their keys, or have them from another (`volumes_from`)."""
    wanted = set(volumes)
    found = {
        name
        for name, service in services(model).items()
        if any(
            mount.get("type") == "volume" and mount.get("source") in wanted for mount in service.get("volumes") or ()
        )
    }
    lenders = {
        name: {str(source).split(":")[0] for source in service.get("volumes_from") or ()}
        for name, service in services(model).items()
    }
    return {name for name in lenders if with_dependencies([name], lenders) & found}


def sources(model: Model) -> set[Path]:
    """Every host path that an active service mounts: binds, also through volumes, configs and secrets from files."""
    found = {
        Path(volume["source"])
        for service in services(model).values()
        for container in containers(service)
        for volume in container.get("volumes") or ()
        if volume.get("type") == "bind"
    }
    options = ((volume or {}).get("driver_opts") or {} for volume in (model.get("volumes") or {}).values())
    found |= {Path(each["device"]) for each in options if is_bind(each)}
    for section in ("configs", "secrets"):
        for item in (model.get(section) or {}).values():
            if file := (item or {}).get("file"):
                found.add(Path(file))
    return found


def volume_names(model: Model) -> set[str]:
    """The names that the model's volumes have on the engine."""
    return {str((volume or {}).get("name") or key) for key, volume in (model.get("volumes") or {}).items()}


def external(model: Model, section: str) -> list[str]:
    """The names on the engine of the external networks or volumes that the active services use."""
    items = ((key, item or {}) for key, item in (model.get(section) or {}).items())
    return sorted(str(item.get("name") or key) for key, item in items if item.get("external"))


def below(paths: Iterable[Path], root: Path) -> set[str]:
    """Those paths that lie below a folder, relative to it."""
    return {str(path.relative_to(root)) for path in paths if path.is_relative_to(root) and path != root}
