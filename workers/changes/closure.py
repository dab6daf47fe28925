"""What counts as a change: everything that Compose would read or that reaches a container or an image.

`take_snapshot` reads a stack's project through a recording trace, follows what its enabled services name, and keeps
the paths with the digests that later tell what a difference in them asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from workers.changes.contents import Contents, mounts_of
from workers.changes.definition import counted, counted_before, instances
from workers.changes.dockerfile import image_name
from workers.changes.inputs import option_inputs
from workers.changes.jobs import follow_jobs
from workers.changes.limits import MAX_CLOSURE
from workers.changes.locations import Service
from workers.changes.overruled import overruled
from workers.changes.project import Project, read_project
from workers.changes.reach import Reach, mappings, texts
from workers.changes.resources import resource_digest
from workers.changes.snapshot import RULES, ServiceSnapshot, Snapshot
from workers.changes.supported import check_supported
from workers.changes.trace import Trace
from workers.changes.tree import Outside, Tree
from workers.changes.variables import Usage
from workers.model.errors import InvalidStack
from workers.model.stack import Stack
from workers.model.words import Action, Entry

_PLATFORM = "DOCKER_DEFAULT_PLATFORM"


def take_snapshot(
    stack: Stack, tree: Tree, outside: Outside, key: bytes, *, record: Snapshot | None = None
) -> Snapshot:
    """What a stack is made of at one commit.

    Args:
        stack: the stack with its effective options.
        tree: the commit.
        outside: the worker's host.
        key: for the keyed digests.
        record: what is deployed; paths that only Compose knew of are carried on from it.

    Raises:
        InvalidStack: when Compose could not load it, or it needs what is nowhere or not supported.
    """
    return _snapshot(stack, Trace(tree, outside, key), outside, key, record)


def looked_up(stack: Stack, tree: Tree, outside: Outside, key: bytes) -> Mapping[str, Entry | None]:
    """The paths that were looked up for a stack, up to where it proved invalid if it did.

    Args:
        stack: the stack with its effective options.
        tree: the commit.
        outside: the worker's host.
        key: for the keyed digests.
    """
    trace = Trace(tree, outside, key)
    with suppress(InvalidStack):
        _snapshot(stack, trace, outside, key, None)
    return trace.entries


def _snapshot(stack: Stack, trace: Trace, outside: Outside, key: bytes, record: Snapshot | None) -> Snapshot:
    inputs = option_inputs(stack, outside, key)
    project = read_project(stack, trace, outside, inputs, key)
    trace.warnings.update(dict.fromkeys(overruled(project)))
    contents = Contents(project, trace, key)
    services = _services(project, contents)
    follow_jobs(project, trace)
    watched = _watched(stack, trace, contents, services)
    extra = record.extra if record else ()
    for path in extra:
        trace.find(path)
    if len(trace.entries) > MAX_CLOSURE:
        message = f"its closure has {len(trace.entries)} paths; at most {MAX_CLOSURE} are supported"
        raise InvalidStack(message)
    networks = {name for service in services.values() for name in service.networks}
    volumes = {name for service in services.values() for name in service.volumes}
    return Snapshot(
        commit=trace.tree.commit,
        path=stack.path,
        rules=RULES,
        entries=trace.entries,
        folders=trace.folders,
        filtered=contents.contexts.filtered,
        filters=contents.contexts.filters,
        outside=trace.outside,
        inputs=inputs,
        services=services,
        networks=_resources(project, contents, "networks", networks),
        volumes=_resources(project, contents, "volumes", volumes),
        model=tuple(dict.fromkeys((*project.model_paths, *contents.contexts.model))),
        compose_files=_names(trace, project.files),
        env_files=_names(trace, project.env_files),
        profiles=project.profiles,
        watched=watched,
        extra=extra,
        unset=tuple(sorted(trace.unset)),
        host_paths=tuple(contents.host_paths),
        secrets=tuple(sorted({*contents.secrets, *project.env_paths})),
        warnings=tuple(trace.warnings),
    )


def _names(trace: Trace, locations: tuple[str, ...]) -> tuple[str, ...]:
    """Repository paths where there are some, so that a record does not say where the live directory was."""
    return tuple(trace.repository_path(location) or location for location in locations)


def _services(project: Project, contents: Contents) -> dict[str, ServiceSnapshot]:
    reaches: dict[str, Reach] = {}
    usages: dict[str, Usage] = {}
    for name, service in project.services.items():
        usages[name] = Usage()
        usages[name].add(project.model.usage("services", name))
        reaches[name] = contents.reach(name, service, usages[name])
    contents.share_mounts(reaches)
    images = {name: _image(project, name, service) for name, service in project.services.items()}
    builders = {
        image: name
        for name, reach in reaches.items()
        if reach.build is not None
        for image in (images[name], *map(image_name, texts(reach.build.get("tags"))))
    }
    return {name: _service(project, contents, name, reaches[name], usages[name], images, builders) for name in reaches}


def _image(project: Project, name: str, service: Service) -> str:
    """The image's name for matching; a service that a `provider` brings about has none."""
    if service.get("provider"):
        return ""
    return image_name(str(service.get("image") or f"{project.stack.project}-{name}"))


def _platform(project: Project, service: Service) -> dict[str, str]:
    """What an image that is built is for, where an env file says it of all: Compose puts it into the service."""
    if "build" not in service or service.get("platform"):
        return {}
    given = [file.values[_PLATFORM] for file in project.variables.files if _PLATFORM in file.values]
    return {"platform": given[0]} if given else {}


def _service(
    project: Project,
    contents: Contents,
    name: str,
    reach: Reach,
    usage: Usage,
    images: Mapping[str, str],
    builders: Mapping[str, str],
) -> ServiceSnapshot:
    service = project.services[name]
    networks = tuple(_networks(service))
    volumes = tuple(_volumes(project, name))
    models = _models(project, service)
    for section, names in (("networks", networks), ("volumes", volumes), ("models", tuple(models))):
        for resource in names:
            usage.add(project.model.usage(section, resource))
    used = [*map(image_name, reach.bases), *([images[name]] if reach.build is None else ())]
    bases = {builders[image] for image in used if image in builders}
    return ServiceSnapshot(
        definition=contents.digest([*_counted(project, service, reach), models, instances(service)]),
        build="" if reach.build is None else contents.digest(reach.build),
        recreated=contents.digest(reach.recreated) if reach.recreated else "",
        content=reach.content,
        model=tuple(dict.fromkeys((*usage.paths, *_file_names(usage)))),
        inputs=tuple(usage.inputs),
        networks=networks,
        volumes=volumes,
        restarts_with=tuple(_restarts_with(service)),
        shares_with=tuple(_shares_with(service)),
        borrows_from=tuple(mounts_of(service)),
        builds_on=tuple(sorted({*bases, *reach.built_on} - {name})),
        runs=tuple(sorted({builders[image] for image in map(image_name, reach.runs) if image in builders} - {name})),
        image=contents.digest(images[name]),
    )


def _counted(project: Project, service: Service, reach: Reach) -> tuple[object, object]:
    """What Compose counts of a definition, and what it counted of one in earlier releases."""
    complete = service | _platform(project, service)
    return (
        counted(complete, reach.environment, reach.labels),
        counted_before(complete, reach.older_environment, reach.labels),
    )


def _file_names(usage: Usage) -> Iterator[str]:
    return (label.removeprefix("file:") for label in usage.inputs if label.startswith("file:"))


def _networks(service: Service) -> Iterator[str]:
    networks = service.get("networks")
    if isinstance(networks, Mapping | list) and networks:
        yield from sorted(map(str, networks))
    elif not ("network_mode" in service or service.get("provider")):
        yield "default"


def _volumes(project: Project, name: str) -> dict[str, None]:
    """The volumes that a service mounts, those that other services lend it (`volumes_from`) included."""
    found: dict[str, None] = {}
    seen, todo = {name}, [name]
    for each in todo:
        service = project.services[each]
        for mount in mappings(service.get("volumes")):
            if mount.get("type") == "volume" and mount.get("source"):
                found[str(mount["source"])] = None
        more = {*mounts_of(service)} & project.services.keys() - seen
        seen |= more
        todo += sorted(more)
    return found


def _without_extensions(definition: Mapping[str, object]) -> dict[str, object]:
    return {field: value for field, value in definition.items() if field[:2] != "x-"}


def _models(project: Project, service: Service) -> dict[str, object]:
    """What the service says of each model that it uses, and the model: Compose hands both over to the service."""
    models = service.get("models")
    return {
        str(name): [how, _without_extensions(project.resource("models", str(name)))]
        for name, how in (models.items() if isinstance(models, Mapping) else ())
    }


def _restarts_with(service: Service) -> Iterator[str]:
    """Services that this one is restarted with: `depends_on` with `restart: true`, and `links`, as Compose has it."""
    depends = service.get("depends_on")
    for name, how in depends.items() if isinstance(depends, Mapping) else ():
        if isinstance(how, Mapping) and how.get("restart") in {True, "true"}:
            yield str(name)
    links = service.get("links")
    yield from (str(link).partition(":")[0] for link in (links if isinstance(links, list) else ()))


def _shares_with(service: Service) -> Iterator[str]:
    for field in ("network_mode", "ipc", "pid", "uts", "cgroup"):
        mode = str(service.get(field))
        if mode.startswith("service:"):
            yield mode.removeprefix("service:")


def _resources(project: Project, contents: Contents, section: str, names: set[str]) -> dict[str, str]:
    """The digest of each definition that is used."""
    return {
        name: resource_digest(section, name, project.resource(section, name), project.stack.project, contents.digest)
        for name in sorted(names)
    }


def _watched(stack: Stack, trace: Trace, contents: Contents, services: dict[str, ServiceSnapshot]) -> tuple[str, ...]:
    """Look the paths of `watch` up; they are content of every service."""
    watched: dict[str, None] = {}
    for path in stack.options.watch:
        location = trace.join(trace.root, path, "watch")
        found = trace.find(trace.repository_path(location) or "", "watch")
        if found.entry is not None:
            check_supported(trace.tree, found.path, found.entry)
        contents.contexts.count_whole(found.path)
        watched.update(dict.fromkeys(found.paths))
    for name, service in services.items():
        services[name] = replace(service, content={**dict.fromkeys(watched, Action.RESTART), **service.content})
    return tuple(watched)
