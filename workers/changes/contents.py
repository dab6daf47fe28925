"""What reaches a service besides its definition: mounts, configs, secrets, env files, profiles of the kernel, builds.

Every path is looked up through the trace and so joins the closure; this module says what its change asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workers.changes import dotenv
from workers.changes.contexts import Contexts
from workers.changes.digest import canonical, keyed
from workers.changes.dockerfile import base_images
from workers.changes.interpolation import Lookup, truth
from workers.changes.locations import Service, is_bind, is_remote
from workers.changes.project import Project
from workers.changes.reach import Reach, mappings, texts
from workers.changes.supported import check_supported
from workers.changes.trace import Content, Trace
from workers.changes.variables import Usage
from workers.model.errors import InvalidStack
from workers.model.words import Action

Values = dict[str, str | None]


def _first(one: Lookup, other: Lookup) -> Lookup:
    """A lookup that asks the second where the first has nothing."""

    def lookup(variable: str) -> str | None:
        value = one(variable)
        return other(variable) if value is None else value

    return lookup


def mounts_of(service: Service) -> Iterator[str]:
    """The services in `volumes_from`: `SERVICE[:ro]`; what begins with `container:` is of another project."""
    for source in texts(service.get("volumes_from")):
        name = source.partition(":")[0]
        if name != "container":
            yield name


class Contents:
    """Follows everything that a project's services name.

    Args:
        project: the resolved model.
        trace: looks things up and records them.
        key: for keyed digests.
    """

    def __init__(self, project: Project, trace: Trace, key: bytes) -> None:
        self.host_paths: dict[str, None] = {}
        self.secrets: dict[str, None] = {}
        self.contexts = Contexts(trace, self.host_paths)
        self._project = project
        self._trace = trace
        self._key = key

    def reach(self, name: str, service: Service, usage: Usage) -> Reach:
        """Everything that reaches one service.

        Args:
            name: the service's name.
            service: its resolved definition.
            usage: where model files and inputs that go into the definition are noted.

        Raises:
            InvalidStack: for a required file that is nowhere, and for what is not supported.
        """
        reach = Reach()
        what = f"service {name}"
        self._mounts(service, reach, what)
        for kind in ("configs", "secrets"):
            self._grants(kind, service, reach, what, usage)
        self._security(service, reach, what)
        self._environment(service, reach, what, usage)
        self._labels(service, reach, what, usage)
        self._hooks(service, reach, what, usage)
        self._build(service, reach, what, usage)
        return reach

    # ---------------------------------------------------------------- mounts

    def _mounts(self, service: Service, reach: Reach, what: str) -> None:
        for mount in mappings(service.get("volumes")):
            source = mount.get("source")
            if mount.get("type") == "volume" and isinstance(source, str):
                options = self._project.resource("volumes", source).get("driver_opts")
                source = str(options["device"]) if isinstance(options, Mapping) and is_bind(options) else None
            elif mount.get("type") == "image" and isinstance(source, str):
                reach.runs.append(source)
                continue
            elif mount.get("type") != "bind":
                continue
            if isinstance(source, str):
                location = self._trace.join(self._project.folder, source, f"{what}: volumes")
                self._mounted(location, reach, f"{what}: volumes")

    def _mounted(self, location: str, reach: Reach, what: str) -> None:
        """A file or folder that a container sees; what Git does not have of it is data, and no input."""
        path = self._trace.repository_path(location)
        if path is None:
            self.host_paths[location] = None
            return
        found = self._trace.find(path, what)
        if found.entry is not None:
            check_supported(self._trace.tree, found.path, found.entry)
        self.contexts.count_whole(found.path)
        reach.mount(found.paths)

    # ---------------------------------------------------------------- configs and secrets

    def _grants(self, kind: str, service: Service, reach: Reach, what: str, usage: Usage) -> None:
        for grant in mappings(service.get(kind)):
            name = str(grant.get("source", ""))
            definition = self._project.resource(kind, name)
            usage.add(self._project.model.usage(kind, name))
            if isinstance(file := definition.get("file"), str):
                reach.recreated[f"{kind}.{name}.file"] = file
                reach.mount(self._granted(file, f"{what}: {kind} {name}", secret=kind == "secrets"))
            elif isinstance(definition.get("environment"), str):
                reach.recreated[f"{kind}.{name}.environment"] = self._project.model.granted.get((kind, name))
            elif "content" in definition:
                reach.recreated[f"{kind}.{name}.content"] = definition["content"]

    def _granted(self, location: str, what: str, *, secret: bool) -> tuple[str, ...]:
        path = self._trace.repository_path(location)
        if path is None:
            return (self._trace.outside_file(location, what).name,)
        found = self._trace.find(path, what)
        if secret:
            self.secrets.update(dict.fromkeys(found.paths))
        if found.entry is None:
            self._trace.outside_file(found.path, what)
        else:
            check_supported(self._trace.tree, found.path, found.entry)
        return found.paths

    def share_mounts(self, reaches: Mapping[str, Reach]) -> None:
        """Services see what those in their `volumes_from` mount, and what these in turn have from others.

        Args:
            reaches: what was found to reach each service; added to.
        """
        sources = {name: set(mounts_of(self._project.services[name])) & reaches.keys() for name in reaches}
        moved = True
        while moved:
            moved = False
            for name, others in sources.items():
                for other in others:
                    if more := reaches[other].mounted.keys() - reaches[name].mounted.keys():
                        reaches[name].mount(tuple(sorted(more)))
                        moved = True

    def _security(self, service: Service, reach: Reach, what: str) -> None:
        """Compose itself reads a seccomp profile and hands its content to the engine, but compares only its name."""
        for option in texts(service.get("security_opt")):
            kind, _, path = option.replace("=", ":", 1).partition(":")
            if kind == "seccomp" and path not in {"", "unconfined", "builtin"}:
                location = self._trace.join(self._project.folder, path, f"{what}: security_opt")
                content = self._trace.read(location, f"{what}: security_opt")
                reach.note(content.paths or (content.name,), Action.RECREATE)

    # ---------------------------------------------------------------- hooks

    def _hooks(self, service: Service, reach: Reach, what: str, usage: Usage) -> None:
        """What reaches the containers of `pre_start` hooks, which run again only with a new container of the service.

        Compose 5.6 does not notice a change of it, and does not mind a missing env file.
        """
        for number, hook in enumerate(mappings(service.get("pre_start"))):
            inner, where = Reach(), f"{what}: pre_start {number}"
            self._mounts(dict(hook), inner, where)
            for kind in ("configs", "secrets"):
                self._grants(kind, dict(hook), inner, where, usage)
            self._security(dict(hook), inner, where)
            self._environment(dict(hook), inner, where, usage, required=False)
            reach.note(tuple(inner.content), Action.RECREATE)
            reach.recreated |= {f"pre_start.{number}.{key}": value for key, value in inner.recreated.items()}
            reach.recreated[f"pre_start.{number}.environment"] = [inner.environment, inner.older_environment]
            reach.runs += [*inner.runs, *texts(hook.get("image"))]

    # ---------------------------------------------------------------- env files and label files

    def _environment(self, service: Service, reach: Reach, what: str, usage: Usage, *, required: bool = True) -> None:
        lookup = self._project.variables.reader(usage)
        files: list[tuple[Content, bool]] = []
        for file in mappings(service.get("env_file")):
            needed = required and truth(file.get("required", True))
            content = self._trace.read(str(file.get("path")), f"{what}: env_file", required=needed)
            usage.add(content)
            self.secrets.update(dict.fromkeys(content.paths))
            files.append((content, file.get("format") == "raw"))
        own = service.get("environment")
        given = {str(variable): value for variable, value in (own.items() if isinstance(own, Mapping) else ())}
        own_values = {key: lookup(key) if value is None else str(value) for key, value in given.items()}
        reach.environment = self._from_files(files, _first(lookup, own_values.get), project_first=True) | own_values
        reach.older_environment = self._from_files(files, lookup, project_first=False) | own_values

    def _from_files(self, files: list[tuple[Content, bool]], lookup: Lookup, *, project_first: bool) -> Values:
        """The variables of env files. What one uses comes from the project, not an included one, or from earlier files.

        Releases of Compose differ in which of the two comes first (2.40: the project, 2.26: the files), and the later
        ones also look at what the service itself sets.
        """
        values: Values = {}
        inner = _first(lookup, values.get) if project_first else _first(values.get, lookup)
        for content, raw in files:
            if content.content is not None and raw:
                values.update(dotenv.parse_raw(content.content, content.name, inner))
            elif content.content is not None:
                values.update(dotenv.parse(content.content, content.name, inner, self._trace.note_unset))
        return values

    def _labels(self, service: Service, reach: Reach, what: str, usage: Usage) -> None:
        for location in texts(service.get("label_file")):
            content = self._trace.read(location, f"{what}: label_file")
            usage.add(content)
            reach.labels.update(dotenv.parse(content.content or b"", content.name, reach.labels.get))
        own = service.get("labels")
        given = own.items() if isinstance(own, Mapping) else ()
        reach.labels.update({str(name): "" if value is None else str(value) for name, value in given})

    # ---------------------------------------------------------------- builds

    def _build(self, service: Service, reach: Reach, what: str, usage: Usage) -> None:
        build = service.get("build")
        if not isinstance(build, Mapping) or not self._project.stack.options.build:
            return  # with `build: false` the image comes from elsewhere, whatever it could be built from
        lookup = self._project.variables.reader(usage)
        given = build.get("args")
        arguments = {
            str(argument): lookup(str(argument)) if value is None else str(value)
            for argument, value in (given.items() if isinstance(given, Mapping) else ())
        }
        reach.build = {**build, "args": arguments}
        known = {argument: value for argument, value in arguments.items() if value is not None}
        context = str(build.get("context"))
        if (inline := build.get("dockerfile_inline")) is not None:
            try:
                reach.bases = base_images(str(inline), known, str(build.get("target") or ""))
            except InvalidStack as error:
                message = f"{what}: dockerfile_inline: {error.message}"
                raise InvalidStack(message) from error
            self.contexts.folder(context, "", reach, f"{what}: build context")
        elif not is_remote(context):
            dockerfile = self.contexts.dockerfile(build, context, reach, f"{what}: Dockerfile", known)
            self.contexts.folder(context, dockerfile, reach, f"{what}: build context")
        self.contexts.additional(build, reach, what)
        for grant in mappings(build.get("secrets")):
            definition = self._project.resource("secrets", str(grant.get("source", "")))
            if isinstance(file := definition.get("file"), str):
                reach.note(self._granted(file, f"{what}: build secret", secret=True), Action.BUILD)

    def digest(self, value: object) -> str:
        """The keyed digest of a part of the model."""
        return keyed(self._key, canonical(value))
