"""Networks and volumes in one spelling: only what Compose itself takes for another definition is a change."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from workers.changes.interpolation import truth
from workers.changes.merge import as_mapping
from workers.changes.scalar import text_of
from workers.model.errors import InvalidStack

EXTERNAL = "external:"
"""Begins the digest of a network or volume that Compose does not manage."""

MOUNT = "mount:"
"""Begins the digest of a volume that is only a mount: what it shows lies elsewhere."""

_BOTH = "="
_OFF_UNLESS_SAID = ("attachable", "external", "internal")
_FLAGS = (*_OFF_UNLESS_SAID, "enable_ipv4", "enable_ipv6")


def resource_digest(
    section: str, name: str, definition: Mapping[str, object], project: str, digest: Callable[[object], str]
) -> str:
    """The digest of a network's or volume's definition, with a mark where Compose does not manage it.

    It has two parts, one with the name on the engine as far as it is not the usual one, one with that name as it is:
    `is_same_resource` needs both when a project is renamed.

    Args:
        section: `networks` or `volumes`.
        name: the key in the section.
        definition: as it is written, variables put in.
        project: the Compose project's name.
        digest: makes the digest of a value.

    Raises:
        InvalidStack: what should be true or false is neither.
    """
    try:
        known = _spelt(section, definition)
    except InvalidStack as error:
        message = f"{section}.{name}: {error.message}"
        raise InvalidStack(message) from error
    usual = name if "external" in known else f"{project}_{name}"
    full = known.pop("name", usual)
    parts = [known if full == usual else {**known, "name": full}, {**known, "name": full}]
    return _mark(section, known) + _BOTH.join(map(digest, parts))


def _mark(section: str, known: Mapping[str, object]) -> str:
    if "external" in known:
        return EXTERNAL
    options = known.get("driver_opts")
    is_mount = section == "volumes" and isinstance(options, Mapping) and is_only_mount(known.get("driver"), options)
    return MOUNT if is_mount else ""


def is_only_mount(driver: object, options: Mapping[str, object]) -> bool:
    """Whether a volume holds nothing itself: the engine mounts something in its place while a container uses it.

    The driver `local` mounts its `device`: a share, a folder of the host, a disk, tmpfs, whatever mount(8) knows.
    Without one it is a folder of the engine's own, maybe with a quota (`size`). What other drivers do, nobody knows.
    (Docker's reference, "docker volume create", driver-specific options.)

    Args:
        driver: its name; None for the usual one.
        options: the driver's.
    """
    return driver in {None, "", "local"} and bool(options.get("device")) and bool(options.get("type"))


def is_same_resource(before: str, after: str) -> bool:
    """Whether two digests are of one definition.

    A project of another name has other names for what has none of its own, which is for the deployment to settle;
    and `name:` may keep the old ones.
    """
    parts = (digest.rpartition(":")[2].split(_BOTH) for digest in (before, after))
    return any(one == other for one, other in zip(*parts, strict=False))


def _spelt(section: str, definition: Mapping[str, object]) -> dict[str, object]:
    """The definition as `docker compose config` shows it, without what says nothing."""
    spelt = {
        field: _VIEWS[field](value) if field in _VIEWS and value is not None else value
        for field, value in definition.items()
        if field[:2] != "x-"
    }
    if section == "volumes" and spelt.get("driver") == "local":
        del spelt["driver"]  # Compose too takes it for the same as none; with networks it does not
    return {
        field: value
        for field, value in spelt.items()
        if not _is_empty(value) and not (value is False and field in _OFF_UNLESS_SAID)
    }


def _is_empty(value: object) -> bool:
    return value is None or value in ("", {}, [])


def _labels(value: object) -> object:
    labels = as_mapping(value)
    return {name: text or "" for name, text in labels.items()} if isinstance(labels, dict) else labels


def _options(value: object) -> object:
    return {name: text_of(option) for name, option in value.items()} if isinstance(value, Mapping) else value


def _without_empty(value: object) -> object:
    if isinstance(value, Mapping):
        inner = {key: _without_empty(child) for key, child in value.items()}
        return {key: child for key, child in inner.items() if not _is_empty(child)}
    return [_without_empty(child) for child in value] if isinstance(value, list) else value


_VIEWS: Mapping[str, Callable[[object], object]] = {
    "labels": _labels,
    "driver_opts": _options,
    "ipam": _without_empty,
    **dict.fromkeys(_FLAGS, truth),
}
