"""The values that a deployment has read and hands on to containers, to be hidden in what programs print of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workers.adapters.docker.confidential import contents
from workers.changes.snapshot import Snapshot
from workers.deploy.containers import compose_model
from workers.deploy.transaction.ground import Ground
from workers.runtime.secrecy import Hidden, hidden

_LINE = re.compile(r"\s*(?:-\s+)?(?:export\s+)?([A-Za-z_][\w.-]*)\s*[=:]\s*(.*)")


def hidden_of(ground: Ground, snapshot: Snapshot, model: compose_model.Model) -> Hidden:
    """What is hidden while a stack is deployed: what the new files hold, and the live ones, which it may go back to.

    Args:
        ground: what the deployment stands on.
        snapshot: what is read.
        model: as Compose resolves it, for the names of images, containers and hosts, which may be told.
    """
    roots = [root for root in (ground.folders.stage, ground.folders.live) if root.is_dir()]
    private = [root / path for path in snapshot.confidential for root in roots]
    values = [*ground.stack.options.variables.items(), *_of_files(private), *_of_secrets(model)]
    shown = sorted({*snapshot.model} - {*snapshot.confidential})
    public = [*contents(root / path for path in shown for root in roots), *_names(ground, model)]
    return hidden(values, "\n".join(public))


def _of_files(paths: list[Path]) -> Iterator[tuple[str, str]]:
    """Names and values of env files, and of Compose files that Git lacks; of several lines, each."""
    for text in contents(paths):
        name = ""
        for line in text.splitlines():
            if line.lstrip().startswith("#"):
                continue
            found = _LINE.fullmatch(line)
            name, value = (found[1], found[2]) if found else (name, line)
            yield from {(name, part.strip().strip("'\"")) for part in (value, value.partition(" #")[0])}


def _of_secrets(model: compose_model.Model) -> Iterator[tuple[str, str]]:
    """What the files of `secrets` hold: as their names say, a secret."""
    files = [Path(str(each["file"])) for each in (model.get("secrets") or {}).values() if each and each.get("file")]
    for text in contents(files):
        yield "secret", text


def _names(ground: Ground, model: compose_model.Model) -> Iterator[str]:
    stack, folders = ground.stack, ground.folders
    yield from (stack.id, stack.project, str(folders.live), str(folders.stage))
    yield from compose_model.all_images(model, stack.project)
    for name, service in compose_model.services(model).items():
        yield name
        yield from (str(service[field]) for field in ("container_name", "hostname") if service.get(field))
        yield from (str(port.get("published")) for port in _listed(service.get("ports")))
        yield from (str(mount.get("source")) for mount in _listed(service.get("volumes")))


def _listed(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401 (what JSON had)
    return [each for each in value or () if isinstance(each, dict)]
