"""A service as far as Tegu's reading of it can be compared with what `docker compose config` shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

View = Callable[[Any, Path], Any]
SAME = (
    *("environment", "labels", "annotations", "sysctls", "image", "cap_add", "expose", "profiles", "stop_signal"),
    "ulimits",
)


def as_shown(service: dict[str, Any], folder: Path | str) -> dict[str, Any]:
    """What of the service both sides have, empty parts left out and paths absolute."""
    seen = {key: view(service[key], Path(folder)) for key, view in VIEWS.items() if service.get(key) is not None}
    return {"networks": ["default"]} | {key: value for key, value in seen.items() if value not in (None, "", [], {})}


def placed(path: str, folder: Path) -> str:
    if "://" in path:
        return path
    return "/root" + path[1:].rstrip("/") if path.startswith("~") else str((folder / path).resolve())


def dependencies(value: Any, _folder: Path) -> Any:
    """Compose leaves `restart` out where it is false."""
    return {
        name: {key: part for key, part in how.items() if (key, part) != ("restart", False)}
        for name, how in value.items()
    }


def volumes(value: Any, folder: Path) -> Any:
    return [
        (
            mount["type"],
            placed(mount["source"], folder) if mount["type"] == "bind" else mount.get("source"),
            mount["target"].rstrip("/"),
            mount.get("read_only", False),
            mount.get("bind", {}).get("propagation"),
            mount.get("bind", {}).get("selinux"),
        )
        for mount in value
    ]


def build(value: Any, folder: Path) -> Any:
    contexts = value.get("additional_contexts") or {}
    return {
        "context": placed(value.get("context", "."), folder),
        "dockerfile": value.get("dockerfile", "Dockerfile"),
        "args": {key: text for key, text in (value.get("args") or {}).items() if text is not None},
        "labels": value.get("labels") or {},
        "additional_contexts": {name: placed(text, folder) for name, text in contexts.items()},
        "tags": value.get("tags") or [],
        "target": value.get("target"),
    }


def listed(value: Any, _folder: Path) -> Any:
    return [value] if isinstance(value, str) else value


VIEWS: dict[str, View] = {
    **dict.fromkeys(SAME, lambda value, _: value),
    **dict.fromkeys(("command", "entrypoint", "dns", "dns_search", "tmpfs"), listed),
    **dict.fromkeys(("configs", "secrets"), lambda value, _: [mount["source"] for mount in value]),
    "networks": lambda value, _: sorted(value),
    "depends_on": dependencies,
    "volumes": volumes,
    "build": build,
    "logging": lambda value, _: {key: part for key, part in value.items() if part},
    "extra_hosts": lambda value, _: sorted(value),
    "devices": lambda value, _: [device["target"] for device in value if isinstance(device, dict)],
    "healthcheck": lambda value, _: (
        ["CMD-SHELL", value["test"]] if isinstance(value.get("test"), str) else value.get("test")
    ),
}
