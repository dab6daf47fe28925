"""Entries of a list that say the same thing twice are one to Compose: the later wins, in the earlier's place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workers.changes.scalar import text_of
from workers.changes.short_forms import Service, volume_parts
from workers.changes.yaml_file import Model
from workers.model.errors import InvalidStack

_Key = Callable[[Any], object]


def unique_model(model: Model) -> Model:
    """A copy of the model in which no list of its services and networks says a thing twice.

    Raises:
        InvalidStack: an entry has no key to go by.
    """
    unique = dict(model)
    if isinstance(services := model.get("services"), dict):
        unique["services"] = {
            name: _unique_of(name, service) if isinstance(service, dict) else service
            for name, service in services.items()
        }
    for section in ("networks", "volumes"):
        if isinstance(parts := model.get(section), dict):
            unique[section] = {name: _uniquely(part, {"labels": _name}) for name, part in parts.items()}
    return unique


def _unique_of(name: str, service: Service) -> Service:
    try:
        return unique_service(service)
    except InvalidStack as error:
        message = f"services.{name}.{error.message}"
        raise InvalidStack(message) from error


def unique_service(service: Service) -> Service:
    """A copy of the service in which no list says a thing twice.

    Raises:
        InvalidStack: an entry has no key to go by.
    """
    unique: Service = _uniquely(service, _KEYS)
    for section, keys in _DEEPER_KEYS.items():
        if isinstance(part := unique.get(section), dict):
            unique[section] = _uniquely(part, keys)
    if isinstance(networks := unique.get("networks"), dict):
        unique["networks"] = {name: _uniquely(network, _NETWORK_KEYS) for name, network in networks.items()}
    return unique


def _uniquely(value: Any, keys: dict[str, _Key]) -> Any:  # noqa: ANN401
    if not isinstance(value, dict):
        return value
    return {
        name: _once(part, keys[name], name) if name in keys and isinstance(part, list) else part
        for name, part in value.items()
    }


def _once(entries: list[Any], key: _Key, name: str) -> list[Any]:
    found: dict[object, Any] = {}
    for place, entry in enumerate(entries):
        try:
            found[key(entry)] = entry
        except InvalidStack as error:
            message = f"{name}.{place}: {error.message}"
            raise InvalidStack(message) from error
        except (TypeError, AttributeError, KeyError) as error:
            message = f"{name}.{place}: this is not what Compose takes there"
            raise InvalidStack(message) from error
    return list(found.values())


def _name(entry: str) -> str:
    return entry.split("=", 1)[0]


def _target(entry: Any) -> object:  # noqa: ANN401
    return entry["target"] if isinstance(entry, dict) else volume_parts(entry)[1]


def _device(entry: Any) -> object:  # noqa: ANN401
    if isinstance(entry, dict):
        return entry["target"]
    parts = entry.split(":")
    return parts[1] if len(parts) > 1 else parts[0]


def _mounted(folder: str) -> _Key:
    def key(entry: Any) -> object:  # noqa: ANN401
        if isinstance(entry, dict):
            return entry["target"] if "target" in entry else f"{folder}/{entry['source']}"
        return f"{folder}/{entry}"

    return key


def _path(entry: Any) -> object:  # noqa: ANN401
    return entry["path"] if isinstance(entry, dict) else entry


def _port(entry: Any) -> object:  # noqa: ANN401
    if not isinstance(entry, dict):
        return text_of(entry)
    host, protocol = entry.get("host_ip", "0.0.0.0"), entry.get("protocol", "tcp")  # noqa: S104 - what Compose assumes
    return f"{host}:{entry.get('published')}:{entry['target']}/{protocol}"


_KEYS: dict[str, _Key] = {
    **dict.fromkeys(("annotations", "environment", "labels", "sysctls", "tmpfs", "links", "profiles"), _name),
    **dict.fromkeys(("cap_add", "cap_drop", "dns", "dns_opt", "dns_search"), _name),
    "configs": _mounted(""),
    "devices": _device,
    "env_file": _path,
    "expose": text_of,
    "ports": _port,
    "secrets": _mounted("/run/secrets"),
    "volumes": _target,
}
_DEEPER_KEYS: dict[str, dict[str, _Key]] = {
    "build": dict.fromkeys(("args", "additional_contexts", "tags", "labels"), _name),
    "deploy": {"labels": _name},
}
_NETWORK_KEYS: dict[str, _Key] = dict.fromkeys(("aliases", "link_local_ips"), _name)
