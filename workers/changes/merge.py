"""How Compose puts one model over another: override files and `extends`.

The rules are those of the Compose specification's chapter on merging: mappings merge key by key, lists are appended,
scalars are replaced, and the attributes below have rules of their own. After each merge entries that say the same
thing twice (a volume's target, a variable's name) are made one; the later wins, in the earlier's place. Nothing that
comes in is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from workers.changes.scalar import text_of
from workers.changes.short_forms import Service, long_resource, long_service
from workers.changes.unicity import unique_model, unique_service
from workers.changes.yaml_file import Model, Path
from workers.model.errors import InvalidStack

CONTAINERS = ("services", "jobs")
"""The parts of a model whose definitions describe containers; `jobs` since Compose 5.6."""

SECTIONS = (*CONTAINERS, "networks", "volumes", "configs", "secrets", "models")
"""The parts of a model that hold definitions by name."""


def merge_models(base: Model, override: Model, resets: Sequence[Path] = ()) -> Model:
    """A Compose file, interpolated and extended, put over what the files before it made; over `{}` for the first.

    Args:
        base: the outcome so far.
        override: the next file.
        resets: the paths of its `!reset` and `!override` tags.

    Raises:
        InvalidStack: the two do not fit, a mapping over a list, say, or a short form cannot be read.
    """
    merged = _merged_mappings(without(base, resets), override, ())
    return unique_model(_long_model(unique_model(merged)))


def extend_service(base: Service, service: Service, resets: Sequence[Path] = ()) -> Service:
    """A service put over the one that it extends. The key `extends` is gone; paths stay as they are.

    Args:
        base: the extended service, itself extended already, its paths resolved where it comes from another file.
        service: the extending one.
        resets: the paths of its tags from the service on; `below(part.resets, "services", name)`.

    Raises:
        InvalidStack: the two do not fit.
    """
    merged = _merged(without(base, resets), service, ("services", "*"))
    return {key: value for key, value in merged.items() if key != "extends"}


def normalise_service(service: Service) -> Service:
    """A service in long forms, with environment, labels and the like as mappings from texts to texts or None.

    Raises:
        InvalidStack: a short form cannot be read.
    """
    long = unique_service(long_service(unique_service(service)))
    for key in ("annotations", "environment", "labels", "sysctls"):
        if key in long:
            long[key] = as_mapping(long[key])
    for section, keys in (("build", ("args", "labels")), ("deploy", ("labels",))):
        if isinstance(long.get(section), dict):
            part = long[section]
            long[section] = part | {key: as_mapping(part[key]) for key in keys if key in part}
    if isinstance(hooks := long.get("pre_start"), list):
        # Compose 5: a container of its own that runs before the service's, and is described like one.
        long["pre_start"] = [normalise_service(hook) if isinstance(hook, dict) else hook for hook in hooks]
    return long


def below(resets: Iterable[Path], *prefix: str) -> tuple[Path, ...]:
    """The paths that begin with `prefix`, without it."""
    return tuple(path[len(prefix) :] for path in resets if path[: len(prefix)] == prefix and len(path) > len(prefix))


def without(value: Any, resets: Iterable[Path]) -> Any:  # noqa: ANN401
    """The value without what the paths lead to. Paths go through mappings only."""
    paths = [path for path in resets if path]
    if not paths or not isinstance(value, dict):
        return value
    gone = {path[0] for path in paths if len(path) == 1}
    deeper: dict[object, list[Path]] = {}
    for path in paths:
        deeper.setdefault(path[0], []).append(path[1:])
    return {key: without(child, deeper.get(key, ())) for key, child in value.items() if key not in gone}


def as_mapping(value: object) -> object:
    """`[KEY=value, KEY]` or a mapping as a mapping from texts to texts or None."""
    if isinstance(value, dict):
        return {key: None if child is None else text_of(child) for key, child in value.items()}
    if not isinstance(value, list):
        return value
    pairs = (text_of(item).partition("=") for item in value)
    return {key: text if has_value else None for key, has_value, text in pairs}


def _long_model(model: Model) -> Model:
    long = dict(model)
    for section in SECTIONS:
        if isinstance(parts := model.get(section), dict):
            make = _long_if_mapping if section in CONTAINERS else long_resource
            long[section] = {name: make(part) for name, part in parts.items()}
    return long


def _long_if_mapping(service: object) -> object:
    return long_service(service) if isinstance(service, dict) else service


# ---------------------------------------------------------------- one value over another

_Pattern = tuple[str, ...]
_Merger = Callable[[Any, Any, _Pattern], Any]


def _merged(base: Any, override: Any, path: _Pattern) -> Any:  # noqa: ANN401
    merger = _MERGERS.get(path)
    if merger:
        return merger(base, override, path)
    if override is None:
        return base
    if isinstance(base, dict):
        return _merged_mappings(base, _fitting(override, dict, path), path)
    return [*base, *_fitting(override, list, path)] if isinstance(base, list) else override


def _fitting(value: Any, kind: type, path: _Pattern) -> Any:  # noqa: ANN401
    if not isinstance(value, kind):
        what = "mapping" if kind is dict else "list"
        message = f"{'.'.join(path)}: what is no {what} cannot be put over one"
        raise InvalidStack(message)
    return value


def _merged_mappings(base: Mapping[str, Any], override: Mapping[str, Any], path: _Pattern) -> dict[str, Any]:
    merged = dict(base)
    for key, value in override.items():
        known = key in merged and not key.startswith("x-")
        merged[key] = _merged(merged[key], value, _next(path, key)) if known else value
    return merged


def _next(path: _Pattern, key: str) -> _Pattern:
    """The pattern of a child: names that people choose are `*`, and jobs are merged like services."""
    if not path and key in CONTAINERS:
        return CONTAINERS[:1]
    return (*path, "*" if path in _NAMED else key)


def _replaced(_base: object, override: object, _path: _Pattern) -> object:
    return override


def _appended(base: object, override: object, _path: _Pattern) -> list[Any]:
    return [*_as_list(base), *_as_list(override)]


def _added(base: object, override: object, _path: _Pattern) -> list[Any]:
    known = _as_list(base)
    return [*known, *(item for item in _as_list(override) if item not in known)]


def _as_list(value: object) -> list[Any]:
    """A mapping, list or text as the list that it means."""
    if isinstance(value, dict):
        return sorted(line for key, child in value.items() for line in _lines(key, child))
    if isinstance(value, list):
        return value
    return [value] if isinstance(value, str) else []


def _lines(key: str, value: object) -> list[str]:
    if isinstance(value, list):
        return [f"{key}={text_of(item)}" for item in value]
    return [key if value is None else f"{key}={text_of(value)}"]


def _built(base: object, override: object, path: _Pattern) -> dict[str, Any]:
    return _merged_mappings(_as_build(base), _as_build(override), path)


def _as_build(value: object) -> dict[str, Any]:
    return {"context": value} if isinstance(value, str) else value if isinstance(value, dict) else {}


def _named(default: Mapping[str, Any] | None) -> _Merger:
    """For a list of names or a mapping from names; what a name in a list means is `default`."""

    def as_names(value: object) -> dict[str, Any]:
        if isinstance(value, list):
            return {text_of(name): dict(default) if default is not None else None for name in value}
        return value if isinstance(value, dict) else {}

    def merged(base: object, override: object, path: _Pattern) -> dict[str, Any]:
        return _merged_mappings(as_names(base), as_names(override), path)

    return merged


def _logging(base: object, override: object, path: _Pattern) -> object:
    """Options of one driver mean nothing to another."""
    if not isinstance(base, dict) or not isinstance(override, dict):
        return base if override is None else override
    same = "driver" not in base or "driver" not in override or base["driver"] == override["driver"]
    return _merged_mappings(base, override, path) if same else override


def _address_pools(base: object, override: object, path: _Pattern) -> list[Any]:
    """Address configurations by their subnet."""
    pools: dict[object, Any] = {}
    for pool in (*_as_list(base), *_as_list(override)):
        subnet = pool.get("subnet") if isinstance(pool, dict) else text_of(pool)
        pools[subnet] = _merged(pools[subnet], pool, (*path, "*")) if subnet in pools else pool
    return list(pools.values())


_NAMED: frozenset[_Pattern] = frozenset(
    {
        *((section,) for section in SECTIONS),
        ("services", "*", "networks"),
        ("services", "*", "depends_on"),
        ("services", "*", "models"),
        ("services", "*", "ulimits"),
    }
)


def _mergers() -> dict[_Pattern, _Merger]:
    service: dict[str, _Merger] = {
        **dict.fromkeys(("command", "entrypoint", "healthcheck.test", "ulimits.*"), _replaced),
        **dict.fromkeys(("annotations", "environment", "labels", "sysctls", "deploy.labels"), _appended),
        **dict.fromkeys(("dns", "dns_opt", "dns_search", "env_file", "label_file", "tmpfs"), _appended),
        **dict.fromkeys(("build.args", "build.additional_contexts", "build.labels"), _appended),
        **dict.fromkeys(("extra_hosts", "build.extra_hosts"), _added),
        "build": _built,
        "depends_on": _named({"condition": "service_started", "required": True}),
        **dict.fromkeys(("networks", "models"), _named(None)),
        "logging": _logging,
    }
    return {
        **{("services", "*", *key.split(".")): merger for key, merger in service.items()},
        ("networks", "*", "labels"): _appended,
        ("volumes", "*", "labels"): _appended,
        ("networks", "*", "ipam", "config"): _address_pools,
    }


_MERGERS = _mergers()
