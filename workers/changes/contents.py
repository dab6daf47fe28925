"""What reaches a service besides its definition: mounts, configs, secrets, env files, profiles of the kernel, builds.

Every path is looked up through the trace and so joins the closure; this module says what its change asks for.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from workers.changes import dotenv
from workers.changes.digest import canonical, keyed
from workers.changes.dockerfile import base_images
from workers.changes.ignorefile import filtered_digest
from workers.changes.limits import MAX_IGNORE_FILE_BYTES
from workers.changes.locations import Service, is_bind, is_local, is_remote
from workers.changes.project import Project
from workers.changes.trace import Trace, check_supported
from workers.changes.tree import FOLDER
from workers.changes.variables import Usage
from workers.model import Action


@dataclass(slots=True)
class Reach:
    """What was found to reach one service."""

    content: dict[str, Action] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    recreated: dict[str, object] = field(default_factory=dict)
    build: object = None
    bases: tuple[str, ...] = ()
    built_on: list[str] = field(default_factory=list)

    def note(self, paths: tuple[str, ...], action: Action) -> None:
        """Paths reach the service; the strongest of several ways counts."""
        for path in paths:
            self.content[path] = max(action, self.content.get(path, action), key=lambda kind: kind.strength)


class Contents:
    """Follows everything that a project's services name.

    Args:
        project: the resolved model.
        trace: looks things up and records them.
        key: for keyed digests.
    """

    def __init__(self, project: Project, trace: Trace, key: bytes) -> None:
        self.filtered: dict[str, str] = {}
        self.filters: dict[str, str] = {}
        self.host_paths: dict[str, None] = {}
        self.build_model: dict[str, None] = {}
        self.secrets: dict[str, None] = {}
        self._project = project
        self._trace = trace
        self._key = key
        self._whole: set[str] = set()

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
        self._environment(name, service, reach, what, usage)
        self._labels(service, reach, what, usage)
        self._build(name, service, reach, what, usage)
        return reach

    # ---------------------------------------------------------------- mounts

    def _mounts(self, service: Service, reach: Reach, what: str) -> None:
        for mount in _mappings(service.get("volumes")):
            source = mount.get("source")
            if mount.get("type") == "volume" and isinstance(source, str):
                options = self._project.resource("volumes", source).get("driver_opts")
                source = str(options["device"]) if isinstance(options, Mapping) and is_bind(options) else None
            elif mount.get("type") != "bind":
                continue
            if isinstance(source, str):
                self._mounted(source, reach, Action.RESTART, f"{what}: volumes")

    def _mounted(self, location: str, reach: Reach, action: Action, what: str) -> None:
        """A file or folder that a container sees; what Git does not have of it is data, and no input."""
        path = self._trace.repository_path(location)
        if path is None:
            self.host_paths[location] = None
            return
        found = self._trace.find(path, what)
        if found.entry is not None:
            check_supported(self._trace.tree, found.path, found.entry)
        self.count_whole(found.path)
        reach.note(found.paths, action)

    # ---------------------------------------------------------------- configs and secrets

    def _grants(self, kind: str, service: Service, reach: Reach, what: str, usage: Usage) -> None:
        for grant in _mappings(service.get(kind)):
            name = str(grant.get("source", ""))
            definition = self._project.resource(kind, name)
            usage.add(self._project.model.usage(kind, name))
            if isinstance(file := definition.get("file"), str):
                reach.recreated[f"{kind}.{name}.file"] = file
                self._granted(file, reach, f"{what}: {kind} {name}", Action.RESTART, secret=kind == "secrets")
            elif isinstance(variable := definition.get("environment"), str):
                reach.recreated[f"{kind}.{name}.environment"] = self._project.variables.reader(usage)(variable)
            elif "content" in definition:
                reach.recreated[f"{kind}.{name}.content"] = definition["content"]

    def _granted(self, location: str, reach: Reach, what: str, action: Action, *, secret: bool) -> None:
        path = self._trace.repository_path(location)
        if path is None:
            content = self._trace.outside_file(location, what)
            reach.note((content.name,), action)
            return
        found = self._trace.find(path, what)
        reach.note(found.paths, action)
        if secret:
            self.secrets.update(dict.fromkeys(found.paths))
        if found.entry is None:
            self._trace.outside_file(found.path, what)
        else:
            check_supported(self._trace.tree, found.path, found.entry)

    def _security(self, service: Service, reach: Reach, what: str) -> None:
        """Compose itself reads a seccomp profile and hands its content to the engine, but compares only its name."""
        for option in _texts(service.get("security_opt")):
            kind, _, path = option.replace("=", ":", 1).partition(":")
            if kind == "seccomp" and path not in {"", "unconfined", "builtin"}:
                location = self._trace.join(self._project.folder, path, f"{what}: security_opt")
                content = self._trace.read(location, f"{what}: security_opt")
                reach.note(content.paths or (content.name,), Action.RECREATE)

    # ---------------------------------------------------------------- env files and label files

    def _environment(self, name: str, service: Service, reach: Reach, what: str, usage: Usage) -> None:
        lookup = self._project.model.variables[name].reader(usage)
        values: dict[str, str | None] = {}

        def inner(variable: str) -> str | None:
            value = lookup(variable)
            return values.get(variable) if value is None else value

        for file in _mappings(service.get("env_file")):
            required = file.get("required", True) not in {False, "false"}
            content = self._trace.read(str(file.get("path")), f"{what}: env_file", required=required)
            usage.add(content)
            self.secrets.update(dict.fromkeys(content.paths))
            if content.content is None:
                continue
            if file.get("format") == "raw":
                values.update(dotenv.parse_raw(content.content, content.name, inner))
            else:
                values.update(dotenv.parse(content.content, content.name, inner, self._trace.note_unset))
        own = service.get("environment")
        for variable, value in own.items() if isinstance(own, Mapping) else ():
            values[str(variable)] = lookup(str(variable)) if value is None else str(value)
        reach.environment = {variable: value for variable, value in values.items() if value is not None}

    def _labels(self, service: Service, reach: Reach, what: str, usage: Usage) -> None:
        for location in _texts(service.get("label_file")):
            content = self._trace.read(location, f"{what}: label_file")
            usage.add(content)
            reach.labels.update(dotenv.parse(content.content or b"", content.name, lambda _: None))
        own = service.get("labels")
        reach.labels.update({str(name): str(value) for name, value in own.items()} if isinstance(own, Mapping) else {})

    # ---------------------------------------------------------------- builds

    def _build(self, name: str, service: Service, reach: Reach, what: str, usage: Usage) -> None:
        build = service.get("build")
        if not isinstance(build, Mapping):
            return
        lookup = self._project.model.variables[name].reader(usage)
        given = build.get("args")
        arguments = {
            str(argument): lookup(str(argument)) if value is None else str(value)
            for argument, value in (given.items() if isinstance(given, Mapping) else ())
        }
        reach.build = {**build, "args": arguments}
        known = {argument: value for argument, value in arguments.items() if value is not None}
        context = str(build.get("context"))
        if (inline := build.get("dockerfile_inline")) is not None:
            reach.bases = base_images(str(inline), known)
            self._context(context, "", reach, f"{what}: build context")
        elif not is_remote(context):
            dockerfile = self._dockerfile(build, context, reach, f"{what}: Dockerfile", known)
            self._context(context, dockerfile, reach, f"{what}: build context")
        self._more_contexts(build, reach, what)
        for grant in _mappings(build.get("secrets")):
            definition = self._project.resource("secrets", str(grant.get("source", "")))
            if isinstance(file := definition.get("file"), str):
                self._granted(file, reach, f"{what}: build secret", Action.BUILD, secret=True)

    def _dockerfile(
        self, build: Mapping[str, object], context: str, reach: Reach, what: str, arguments: Mapping[str, str]
    ) -> str:
        """Read the Dockerfile for the images it builds on; returns its location."""
        named = build.get("dockerfile")
        location = self._trace.join(context, str(named or "Dockerfile"), what)
        read = self._trace.read(location, what, required=False)
        self._built_from(read.paths or (read.name,), reach)
        if read.content is None and named is None:
            # The builder also takes the default name in lower case.
            lower = self._trace.join(context, "dockerfile", what)
            read = self._trace.read(lower, what, required=False)
            self._built_from(read.paths or (read.name,), reach)
            location = location if read.content is None else lower
        if read.content is None and self._is_there(context):
            self._trace.read(location, what)
        reach.bases = base_images((read.content or b"").decode("utf-8", "replace"), arguments)
        return location

    def _is_there(self, location: str) -> bool:
        path = self._trace.repository_path(location)
        return path is not None and self._trace.find(path).entry is not None

    def _built_from(self, paths: tuple[str, ...], reach: Reach) -> None:
        reach.note(paths, Action.BUILD)
        self.build_model.update(dict.fromkeys(paths))

    def _more_contexts(self, build: Mapping[str, object], reach: Reach, what: str) -> None:
        more = build.get("additional_contexts")
        for context in map(str, more.values()) if isinstance(more, Mapping) else ():
            if context.startswith("service:"):
                reach.built_on.append(context.removeprefix("service:"))
            elif context.startswith("docker-image://"):
                reach.bases = (*reach.bases, context.removeprefix("docker-image://"))
            elif is_local(context):
                self._context(context, "", reach, f"{what}: additional_contexts")

    def _context(self, location: str, dockerfile: str, reach: Reach, what: str) -> None:
        """A folder that is sent to the builder, without what its ignore file names."""
        path = self._trace.repository_path(location)
        if is_remote(location) or path is None:
            if path is None and not is_remote(location):
                self.host_paths[location] = None
            return
        found = self._trace.find(path, what)
        reach.note(found.paths, Action.BUILD)
        if found.entry is None or found.entry.mode != FOLDER:
            return
        ignore_path, ignore = self._ignore_file(location, dockerfile, what)
        if not ignore:
            check_supported(self._trace.tree, found.path, found.entry)
            self.count_whole(found.path)
        elif found.path not in self._whole:
            digest = filtered_digest(self._trace.tree, found.path, found.entry, ignore)
            if self.filters.setdefault(found.path, ignore_path) == ignore_path:
                self.filtered[found.path] = digest
            else:
                self.count_whole(found.path)

    def _ignore_file(self, location: str, dockerfile: str, what: str) -> tuple[str, bytes]:
        """The ignore file's path and content; what it leaves decides, so its own change asks for nothing."""
        own = f"{dockerfile}.dockerignore" if dockerfile else ""
        for candidate in filter(None, (own, posixpath.join(location, ".dockerignore"))):
            read = self._trace.read(candidate, what, required=False, limit=MAX_IGNORE_FILE_BYTES)
            self.build_model.update(dict.fromkeys(read.paths))
            if read.content is not None:
                # One that Git lacks cannot be looked at again later: the whole folder counts.
                return (read.paths[-1], read.content) if not read.inputs else ("", b"")
        return "", b""

    def count_whole(self, path: str) -> None:
        """A folder is used unfiltered too, or filtered in two ways: its whole tree counts, never too little."""
        self._whole.add(path)
        self.filtered.pop(path, None)
        self.filters.pop(path, None)

    def digest(self, value: object) -> str:
        """The keyed digest of a part of the model."""
        return keyed(self._key, canonical(value))


def _mappings(value: object) -> Iterator[Mapping[str, object]]:
    yield from (item for item in value if isinstance(item, Mapping)) if isinstance(value, list) else ()


def _texts(value: object) -> Iterator[str]:
    items = [value] if isinstance(value, str) else value
    yield from (item for item in items if isinstance(item, str)) if isinstance(items, list) else ()
