"""Compose's short forms made long: `volumes: [./a:/b:ro]`, `build: .`, `env_file: x` and their like.

Compose itself turns every short form into its long one before it compares or merges entries, so this does too. What
is no short form stays as it is: whether the result makes sense is for `docker compose config` to say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workers.model.errors import InvalidStack

Service = dict[str, Any]

_PROPAGATIONS = frozenset({"rprivate", "private", "rshared", "shared", "rslave", "slave"})
_BIND_OPTIONS = dict.fromkeys(_PROPAGATIONS, "propagation") | {"z": "selinux", "Z": "selinux"}
_LONGEST_TARGET = 2


def long_volume(text: str) -> dict[str, Any]:
    """A service's `volumes` entry from `[SOURCE:]TARGET[:OPTIONS]`.

    A single letter before a colon is a Windows drive, also where it was meant as a volume's name. Unknown options are
    passed over, as in Compose. What is no bind has empty volume options, except for a text of one or two letters.

    Raises:
        InvalidStack: a part is empty or there are too many.
    """
    source, target, options = volume_parts(text)
    volume: dict[str, Any] = {"type": "bind" if _is_path(source) else "volume"}
    if source:
        volume["source"] = source
    volume["target"] = clean(target)
    bind: dict[str, Any] = {"create_host_path": True} if volume["type"] == "bind" else {}
    for option in options.split(","):
        if option in {"ro", "rw"}:
            volume["read_only"] = option == "ro"
        elif option == "nocopy":
            volume["volume"] = {"nocopy": True}
        elif option in _BIND_OPTIONS:
            bind[_BIND_OPTIONS[option]] = option
    if volume["type"] == "volume" and len(text.encode()) > _LONGEST_TARGET:
        volume.setdefault("volume", {})
    return {**volume, "bind": bind} if bind else volume


def volume_parts(text: str) -> tuple[str, str, str]:
    """Source, target as it is written, and options; without a colon all is target.

    Raises:
        InvalidStack: a part is empty or there are too many.
    """
    if 0 < len(text.encode()) <= _LONGEST_TARGET:
        return "", text, ""
    parts: list[str] = []
    drive = False
    for part in text.split(":"):
        if drive:
            parts[-1] += f":{part}"
        else:
            parts.append(part)
        drive = not drive and len(part) == 1 and part.isalpha()
    if not all(parts):
        message = "there is nothing between two colons"
        raise InvalidStack(message)
    if len(parts) == 1:
        return "", parts[0], ""
    source, target, *options = parts
    if len(options) > 1:
        message = "there are too many colons"
        raise InvalidStack(message)
    return source, target, options[0] if options else ""


def _is_path(source: str) -> bool:
    return source.startswith((".", "/", "~", "\\\\")) or (source[1:2] == ":" and source[0].isalpha())


def clean(path: str) -> str:
    """A path of a container without `.`, `..` and doubled slashes, as Go's `path.Clean` has it."""
    rooted = path.startswith("/")
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in {"", ".", *([".."] if rooted else [])}:
            parts.append(part)
    return ("/" if rooted else "") + "/".join(parts) or "."


def long_service(service: Service) -> Service:
    """A copy of a service with every short form made long; ports stay as they are written.

    Raises:
        InvalidStack: a short form cannot be read.
    """
    return {key: _LONG[key](value) if key in _LONG and value is not None else value for key, value in service.items()}


def long_resource(resource: object) -> object:
    """A top-level network, volume, config or secret without the old form `external: {name: …}`."""
    if not isinstance(resource, dict) or not isinstance(external := resource.get("external"), dict):
        return resource
    return (
        {"name": external["name"], **resource, "external": True}
        if "name" in external
        else {
            **resource,
            "external": True,
        }
    )


def _each(long: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The list with every text in it made long."""

    def all_long(value: object) -> object:
        if not isinstance(value, list):
            return value
        return [long(item) if isinstance(item, str) else item for item in value]

    return all_long


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _build(value: object) -> object:
    if isinstance(value, str):
        return {"context": value}
    if not isinstance(value, dict):
        return value
    return {key: _LONG_BUILD[key](part) if key in _LONG_BUILD else part for key, part in value.items()}


def _pairs(value: object) -> object:
    """`[key=value]` as a mapping."""
    if not isinstance(value, list) or not all(isinstance(item, str) and "=" in item for item in value):
        return value
    return dict(item.split("=", 1) for item in value)


def _keys(value: object) -> object:
    """`[default, id=path]` as a mapping."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return value
    return {key: path if has_path else None for key, has_path, path in (item.partition("=") for item in value)}


def _depends_on(value: object) -> object:
    defaults = {"condition": "service_started", "required": True}
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return {name: dict(defaults) for name in value}
    if not isinstance(value, dict):
        return value
    return {name: {**defaults, **how} if isinstance(how, dict) else how for name, how in value.items()}


def _names(value: object) -> object:
    names = isinstance(value, list) and all(isinstance(name, str) for name in value)
    return dict.fromkeys(value) if names and isinstance(value, list) else value


def _env_files(value: object) -> object:
    files = [value] if isinstance(value, (str, dict)) else value
    if not isinstance(files, list):
        return value
    long = [{"path": file} if isinstance(file, str) else file for file in files]
    return [{"required": True, **file} if isinstance(file, dict) else file for file in long]


def _device(text: str) -> dict[str, Any]:
    source, *rest = text.split(":", 2)
    target, permissions = (*rest, *["", "rwm"][len(rest) :])
    return {"source": source, "target": target or source, "permissions": permissions}


def _extends(value: object) -> object:
    return {"service": value} if isinstance(value, str) else value


def _mount(text: str) -> dict[str, Any]:
    return {"source": text}


_LONG_BUILD: dict[str, Callable[[Any], Any]] = {
    "secrets": _each(_mount),
    "additional_contexts": _pairs,
    "ssh": _keys,
}
_LONG: dict[str, Callable[[Any], Any]] = {
    "build": _build,
    "configs": _each(_mount),
    "depends_on": _depends_on,
    "devices": _each(_device),
    "dns": _listed,
    "env_file": _env_files,
    "extends": _extends,
    "label_file": _listed,
    "models": _names,
    "networks": _names,
    "secrets": _each(_mount),
    "volumes": _each(long_volume),
}
