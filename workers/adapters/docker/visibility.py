"""Which paths of an engine's host this process sees under the same name.

A worker in a container sees what is mounted into it and nothing else, and no worker sees the host of an engine far
away. A path that is not there may be there for the containers, then: whoever looks has to tell the two apart.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from workers.adapters.docker.engine import Engine


@dataclass(frozen=True, slots=True)
class Sight:
    """What this process sees of an engine's host.

    Attributes:
        folders: it sees these, and what is below; None: everything.
        distant: whether the host is another machine, so that nothing can be mounted to see more.
    """

    folders: tuple[Path, ...] | None = None
    distant: bool = False

    def sees(self, path: str | Path) -> bool:
        """Whether a path of the host is the same one here."""
        return self.folders is None or any(Path(path).is_relative_to(each) for each in self.folders)

    def remedy(self, paths: Iterable[str]) -> str:
        """What to do so that these paths are seen, and can be brought along."""
        if self.distant:
            return "copy it by hand, since Tegu sees no files of that machine"
        lines = "\n".join(f"  - {path}:{path}" for path in sorted(set(paths)))
        return (
            "mount it at the same path into `worker`, with these lines in its `volumes` of Tegu's compose.yaml, and "
            f"`docker compose up -d` there:\n{lines}\n"
        )


def sight_of(engine: Engine, container: str | None) -> Sight:
    """What this process sees of an engine's host.

    Args:
        engine: the engine.
        container: the id of the container that this process runs in, if it runs in one.

    Raises:
        EngineUnavailable: the engine is away.
    """
    mounts = engine.binds(container) if container else None
    if mounts is not None:
        return Sight(tuple(Path(source) for source, target in mounts if source == target))
    # Outside of a container; or in one of another engine, as where an engine runs in a container with this process.
    return Sight() if _is_here(engine.docker_host) else Sight((), distant=True)


def _is_here(docker_host: str) -> bool:
    address = urlsplit(docker_host)
    if address.scheme == "unix":
        return True
    try:
        return address.hostname == "localhost" or ipaddress.ip_address(address.hostname or "").is_loopback
    except ValueError:
        return False
