"""Reading Compose files as Compose reads them: interpolated, extended, merged, with what they include.

The order is Compose's: each file is interpolated, its `extends` are applied, the projects that it includes, each with
its own folder and env files, join in, and it is merged over the files before it; then relative paths become absolute.
Longer than others: the order is one, and its steps need each other.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from workers.changes import interpolation, merge, yaml_file
from workers.changes.limits import MAX_COMPOSE_BYTES, MAX_COMPOSE_FILES, MAX_EXTENDS
from workers.changes.locations import Service, is_remote, resolve_resource, resolve_service, with_context
from workers.changes.trace import Trace
from workers.changes.unquoting import unquoting
from workers.changes.variables import Usage, Variables
from workers.changes.yaml_file import Path, YamlDocument
from workers.model.errors import InvalidStack

Part = tuple[str, str]
"""A section and a name in it."""


@dataclass(slots=True)
class Model:
    """A merged model: its sections, what went into each part, and the values of secrets and configs from variables.

    `named` is the project's name that the files ask for, and the last file that does.
    """

    sections: dict[str, dict[str, object]] = field(default_factory=dict)
    usages: dict[Part, Usage] = field(default_factory=dict)
    granted: dict[Part, str] = field(default_factory=dict)
    named: tuple[str, str] | None = None

    def usage(self, section: str, name: str) -> Usage:
        """What went into one part."""
        return self.usages.setdefault((section, name), Usage())


@dataclass(slots=True)
class _Part:
    """One document of a Compose file, interpolated: `folder` is where the paths of services extended from it begin."""

    document: YamlDocument
    part: int
    folder: str
    own: Usage
    content: dict[str, Any] = field(default_factory=dict)
    usages: dict[Part, Usage] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.document.file

    @property
    def resets(self) -> tuple[Path, ...]:
        return self.document.parts[self.part].resets

    def service(self, name: str) -> Service | None:
        services = self.content.get("services")
        service = services.get(name) if isinstance(services, Mapping) else None
        return service if isinstance(service, dict) else None


class ModelLoader:
    """Loads the model of one stack.

    Args:
        trace: reads files and records them.
        allow_remote: whether includes from elsewhere are passed over instead of refused.
    """

    def __init__(self, trace: Trace, *, allow_remote: bool = False) -> None:
        self.read: dict[str, None] = {}
        self._trace = trace
        self._allow_remote = allow_remote
        self._files: dict[tuple[str, str, int], list[_Part]] = {}

    def load(
        self, locations: list[str], folder: str, variables: Variables, what: str, including: tuple[str, ...] = ()
    ) -> Model:
        """The model of some Compose files and of all they include.

        Args:
            locations: the files, each merged over those before it.
            folder: the project directory.
            variables: what `${…}` sees.
            what: who names the files, for messages.
            including: the files that include these, to notice a circle.

        Raises:
            InvalidStack: for a file that is missing or cannot be read as Compose would.
        """
        if circle := set(locations) & set(including):
            message = f"{what}: {self._name(min(circle))} includes itself"
            raise InvalidStack(message)
        model, merged = Model(), dict[str, Any]()
        for location in locations:
            for file in self._parts(location, folder, variables, what):
                content = self._extended(file, variables)
                for item in _listed(content.pop("include", None)):
                    included = self._include(item, folder, variables, file.name, (*including, *locations))
                    self._import(model, content, included, folder, file.name)
                with _blaming(file.name):
                    merged = merge.merge_models(merged, content, file.resets)
                if name := content.get("name"):
                    model.named = str(name), file.name
                for part, usage in file.usages.items():
                    model.usage(*part).add(usage)
        self._resolve(model, merged, folder, variables)
        return model

    def _name(self, location: str) -> str:
        return self._trace.repository_path(location) or location

    def _parts(self, location: str, folder: str, variables: Variables, what: str) -> list[_Part]:
        key = (location, folder, id(variables))
        if key in self._files:
            return self._files[key]
        if len(self._files) >= MAX_COMPOSE_FILES:
            message = f"{what}: a stack may be made of at most {MAX_COMPOSE_FILES} Compose files"
            raise InvalidStack(message)
        read = self._trace.read(location, what, limit=MAX_COMPOSE_BYTES)
        own = Usage()
        own.add(read)
        self.read.update(dict.fromkeys((*read.paths, *(label.removeprefix("file:") for label in read.inputs))))
        with unquoting(read):
            document = yaml_file.load(read.content or b"", read.name)
            self._files[key] = [_Part(document, number, folder, own) for number in range(len(document.parts))]
            for part in self._files[key]:
                self._interpolate(part, variables)
        return self._files[key]

    def _interpolate(self, file: _Part, variables: Variables) -> None:
        for section, value in file.document.parts[file.part].model.items():
            if section in merge.SECTIONS and isinstance(value, dict):
                file.content[section] = {
                    name: self._interpolated(part, variables, file, (section, name)) for name, part in value.items()
                }
            elif not section.startswith("x-"):
                file.content[section] = self._interpolated(value, variables, file, (section, ""))

    def _interpolated(self, value: object, variables: Variables, file: _Part, part: Part) -> object:
        usage = file.usages[part] = Usage()
        usage.add(file.own)
        reader = variables.reader(usage)
        try:
            return interpolation.interpolate_tree(value, reader, unset=self._trace.note_unset)
        except InvalidStack:
            # The same once more over the whole document: this time the error knows its line.
            return interpolation.interpolate_part(file.document, file.part, reader)

    def _extended(self, file: _Part, variables: Variables) -> dict[str, object]:
        services = file.content.get("services")
        if not isinstance(services, Mapping):
            return dict(file.content)
        return {
            **file.content,
            "services": {
                name: self._extend(file, name, variables, ()) if isinstance(service, dict) else service
                for name, service in services.items()
            },
        }

    def _extend(self, file: _Part, name: str, variables: Variables, chain: tuple[tuple[str, str], ...]) -> Service:
        what = f"service {name}"
        service = file.service(name)
        if service is None:
            message = f"there is no service {name} to extend"
            raise InvalidStack(message, file.name)
        if (file.name, name) in chain or len(chain) >= MAX_EXTENDS:
            message = f"{what} extends itself"
            raise InvalidStack(message, file.name)
        extends = service.get("extends")
        if not extends:
            return service
        reference = {"service": extends} if isinstance(extends, str) else extends
        if not isinstance(reference, Mapping) or not isinstance(reference.get("service"), str):
            message = f"{what}: extends needs the name of a service"
            raise InvalidStack(message, file.name)
        base_file, base_name = file, str(reference["service"])
        if (other := reference.get("file")) is not None:
            if is_remote(str(other)):
                self._refuse_remote(f"{what} extends", str(other), file.name)
                return {key: value for key, value in service.items() if key != "extends"}
            location = self._trace.join(file.folder, str(other), f"{what} extends")
            base_file = self._base_file(location, base_name, variables, f"{what} extends")
        base = self._extend(base_file, base_name, variables, (*chain, (file.name, name)))
        if base_file is not file:
            with _blaming(base_file.name):
                base = merge.normalise_service(base)
                base = resolve_service(base, base_file.folder, self._trace, f"service {base_name}")
        file.usages[("services", name)].add(base_file.usages[("services", base_name)])
        with _blaming(file.name):
            return merge.extend_service(base, service, merge.below(file.resets, "services", name))

    def _base_file(self, location: str, name: str, variables: Variables, what: str) -> _Part:
        """The document of another file that has the service to extend."""
        parts = self._parts(location, posixpath.dirname(location), variables, what)
        return next((part for part in reversed(parts) if part.service(name) is not None), parts[0])

    def _refuse_remote(self, what: str, text: str, file: str) -> None:
        if not self._allow_remote:
            message = f"{what} {text}: files from elsewhere are off; allow_remote_include in the catalog allows them"
            raise InvalidStack(message, file)

    def _resolve(self, model: Model, merged: Mapping[str, object], folder: str, variables: Variables) -> None:
        for section in merge.SECTIONS:
            value = merged.get(section)
            if value is not None and not isinstance(value, Mapping):
                message = f"{section} must be a mapping from names to definitions"
                raise InvalidStack(message, next(iter(self.read), None))
            parts = model.sections.setdefault(section, {})
            for name, part in (value or {}).items():
                if section == "services" and not isinstance(part, dict):
                    message = f"services.{name} must be a mapping"
                    raise InvalidStack(message, next(iter(model.usage(section, name).paths), None))
                self._look_up(model, (section, name), part, variables)
                parts[name] = self._resolved(section, name, part, folder)

    def _look_up(self, model: Model, place: Part, part: object, variables: Variables) -> None:
        """Give variables that are only named their values, as far as this project, which may be included, has them.

        Compose does so with lists only: a mapping, and the arguments of a build, wait for the project that includes.
        """
        if not isinstance(part, dict):
            return
        named = part.get("environment")
        reader = variables.reader(model.usage(*place))
        if place[0] == "services" and isinstance(named, list):
            part["environment"] = [_with_value(item, reader) for item in named]
        elif place[0] in {"secrets", "configs"} and isinstance(named, str) and (value := reader(named)) is not None:
            model.granted[place] = value

    def _resolved(self, section: str, name: str, part: object, folder: str) -> object:
        what = f"{section.removesuffix('s')} {name}"
        if section in merge.CONTAINERS and isinstance(part, dict):
            return resolve_service(with_context(merge.normalise_service(part)), folder, self._trace, what)
        return resolve_resource(section, part, folder, self._trace, what)

    def _include(self, item: object, folder: str, variables: Variables, name: str, including: tuple[str, ...]) -> Model:
        spec = {"path": item} if isinstance(item, str) else item
        what = f"{name}: include"
        if not isinstance(spec, Mapping) or not (paths := [str(path) for path in _listed(spec.get("path"))]):
            message = "include needs a path"
            raise InvalidStack(message, name)
        for path in paths:
            if is_remote(path):
                self._refuse_remote("include of", path, name)
                return Model()
        locations = [self._trace.join(folder, path, what) for path in paths]
        directory = spec.get("project_directory")
        inner = self._trace.join(folder, str(directory), what) if directory else posixpath.dirname(locations[0])
        if env_files := [str(path) for path in _listed(spec.get("env_file"))]:
            files = [self._trace.join(folder, path, what) for path in env_files]
            inner_variables = variables.with_files(self._trace, files, what)
        else:
            inner_variables = variables.with_files(self._trace, [f"{inner}/.env"], what, required=False)
        return self.load(locations, inner, inner_variables, what, including)

    def _import(self, model: Model, content: dict[str, Any], included: Model, folder: str, name: str) -> None:
        """Put an included project's definitions into the file that includes it."""
        for section, parts in included.sections.items():
            own = content.get(section)
            own = dict(own) if isinstance(own, dict) else {}
            for part, value in parts.items():
                if part in own and self._resolved(section, part, own[part], folder) != value:
                    message = f"{section}.{part} is defined both here and in an included file"
                    raise InvalidStack(message, name)
                own[part] = value
                model.usage(section, part).add(included.usage(section, part))
            if own:
                content[section] = own
        model.granted.update(included.granted)


@contextmanager
def _blaming(file: str) -> Iterator[None]:
    """Merging knows no files; its errors name this one."""
    try:
        yield
    except InvalidStack as error:
        raise InvalidStack(error.message, file) from error


def _with_value(item: object, reader: interpolation.Lookup) -> object:
    value = reader(item) if isinstance(item, str) and "=" not in item else None
    return item if value is None else f"{item}={value}"


def _listed(value: object) -> Iterator[object]:
    """A value that may be one thing or a list of them."""
    if isinstance(value, list):
        yield from value
    elif value is not None:
        yield value
