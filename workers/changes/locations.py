"""Paths as they stand in a Compose model, made absolute as Compose does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from workers.changes.trace import Trace

_REMOTE = re.compile(r"(?:[a-z][a-z0-9+.-]*://|git@|github\.com/|oci:)", re.IGNORECASE)

Service = dict[str, object]
Join = Callable[[str, str], str]


def is_remote(text: str) -> bool:
    """Whether a build context, an include or an extended file is fetched from elsewhere; that is no input."""
    return bool(_REMOTE.match(text))


def resolve_service(service: Service, folder: str, trace: Trace, what: str) -> Service:
    """A normalised service with every path absolute that Compose resolves while it loads.

    A service from an extended file keeps the paths that it had there, so this runs before it is merged; absolute
    paths stay as they are, so it may run again. Those of mounts even keep their spelling, which Compose counts.

    Args:
        service: in long forms.
        folder: the location of the folder that relative paths begin at.
        trace: knows the repository and the home folder.
        what: for messages.

    Raises:
        InvalidStack: for a relative path that leads out of the repository.
    """

    def join(text: str, key: str) -> str:
        return trace.join(folder, text, f"{what}: {key}")

    return _resolved(service, join)


def _resolved(service: Mapping[str, object], join: Join) -> Service:
    return {key: _RESOLVERS[key](value, join) if key in _RESOLVERS else value for key, value in service.items()}


def with_context(service: Service) -> Service:
    """The service with a build context: where it names none, the project directory, not the extended file's folder."""
    build = service.get("build")
    return {**service, "build": {"context": ".", **build}} if isinstance(build, Mapping) else service


def _volumes(value: object, join: Join) -> object:
    if not isinstance(value, list):
        return value
    return [
        {**mount, "source": join(source, "volumes")}
        if isinstance(mount, Mapping)
        and mount.get("type") == "bind"
        and isinstance(source := mount.get("source"), str)
        and not source.startswith("/")
        else mount
        for mount in value
    ]


def _build(value: object, join: Join) -> object:
    if not isinstance(value, Mapping):
        return value
    build = dict(value)
    context = build.get("context")
    if isinstance(context, str) and not is_remote(context):
        build["context"] = join(context, "build context")
    more = build.get("additional_contexts")
    if isinstance(more, Mapping):
        build["additional_contexts"] = {
            name: join(text, "additional_contexts") if isinstance(text, str) and is_local(text) else text
            for name, text in more.items()
        }
    return build


def is_local(text: str) -> bool:
    """Whether an additional context is a folder, not an image, another service or something remote."""
    return not is_remote(text) and not text.startswith("service:")


def _env_files(value: object, join: Join) -> object:
    if not isinstance(value, list):
        return value
    return [
        {**file, "path": join(file["path"], "env_file")}
        if isinstance(file, Mapping) and isinstance(file.get("path"), str)
        else file
        for file in value
    ]


def _label_files(value: object, join: Join) -> object:
    files = [value] if isinstance(value, str) else value
    if not isinstance(files, list):
        return value
    return [join(file, "label_file") if isinstance(file, str) else file for file in files]


def _hooks(value: object, join: Join) -> object:
    hooks = value if isinstance(value, list) else ()
    return [_resolved(hook, join) if isinstance(hook, Mapping) else hook for hook in hooks]


_RESOLVERS: Mapping[str, Callable[[object, Join], object]] = {
    "volumes": _volumes,
    "build": _build,
    "env_file": _env_files,
    "label_file": _label_files,
    "pre_start": _hooks,
}


def resolve_resource(section: str, resource: object, folder: str, trace: Trace, what: str) -> object:
    """A config, secret or volume with its path made absolute.

    Args:
        section: `configs`, `secrets` or `volumes`; others have no paths.
        resource: its definition.
        folder: where relative paths begin.
        trace: knows the repository and the home folder.
        what: for messages.
    """
    if not isinstance(resource, Mapping):
        return resource
    if section in {"configs", "secrets"} and isinstance(resource.get("file"), str):
        return {**resource, "file": trace.join(folder, resource["file"], what)}
    options = resource.get("driver_opts")
    if section == "volumes" and isinstance(options, Mapping) and is_bind(options):
        return {**resource, "driver_opts": {**options, "device": trace.join(folder, str(options["device"]), what)}}
    return resource


def is_bind(options: Mapping[str, object]) -> bool:
    """Whether a local volume's driver options make it a bind mount."""
    return "device" in options and "bind" in re.split(r"[,\s]+", str(options.get("o", "")))
