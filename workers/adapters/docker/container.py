"""Containers as they were seen: values, which outlive the engine that was asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
NUMBER = "com.docker.compose.container-number"
ONE_OFF = "com.docker.compose.oneoff"
HOOK = "com.docker.compose.hook"
CONFIG_HASH = "com.docker.compose.config-hash"
WORKING_DIR = "com.docker.compose.project.working_dir"
REPLACES = "com.docker.compose.replace"
RESOLVED_IMAGE = "com.docker.compose.image"
RELEASE = "com.docker.compose.version"

_EXITED = re.compile(r"Exited \((\d+)\)")


@dataclass(frozen=True, slots=True)
class Container:
    """A container of a Compose project, as a listing shows it.

    Attributes:
        state: `created`, `running`, `restarting`, `paused`, `exited`, `dead` or `removing`.
        exit_code: of one that has exited; None otherwise.
    """

    id: str
    name: str
    project: str
    service: str
    state: str
    image: str
    image_id: str
    created: int
    labels: Mapping[str, str] = field(default_factory=dict)
    exit_code: int | None = None

    @property
    def config_hash(self) -> str:
        """Compose's digest of the service's definition when it made the container."""
        return self.labels.get(CONFIG_HASH, "")

    @property
    def working_dir(self) -> str:
        """The project directory it was made from."""
        return self.labels.get(WORKING_DIR, "")

    @property
    def is_one_off(self) -> bool:
        """Whether it is one of `docker compose run`."""
        return self.labels.get(ONE_OFF) == "True"

    @property
    def is_hook(self) -> bool:
        """Whether it only prepares the start of a container of its service: Compose 5's `pre_start`."""
        return HOOK in self.labels

    @property
    def is_of_service(self) -> bool:
        """Whether it is one that its service is to have."""
        return not (self.is_one_off or self.is_hook)

    @property
    def resolved_image(self) -> str:
        """The id that its image's name stood for when Compose made the container."""
        return self.labels.get(RESOLVED_IMAGE, "")

    @property
    def release(self) -> str:
        """The release of Compose that made the container."""
        return self.labels.get(RELEASE, "")

    @property
    def running(self) -> bool:
        """Whether its process lives, or is about to again."""
        return self.state in {"running", "restarting", "paused"}


@dataclass(frozen=True, slots=True)
class Port:
    """A port of the host at one of its addresses."""

    address: str
    number: int
    protocol: str

    def __str__(self) -> str:
        return f"{self.address}:{self.number}/{self.protocol}"


@dataclass(frozen=True, slots=True)
class Details:
    """What only a look into one container shows.

    Attributes:
        health: `starting`, `healthy`, `unhealthy`, or None without a healthcheck.
        restart_policy: `no`, `always`, `unless-stopped` or `on-failure`.
        sources: host paths of its bind mounts.
        volumes: names of its volumes.
        addresses: its IP addresses.
        ports: the ports of the host that lead to it.
        made_from: the name that its image was called by when it was made.
        network_mode: `host`, `none`, `container:…`, or the network that it began in.
        ended_at: when it ended last; the year 1 where it never has.
        error: why the engine could not start it.
    """

    container: Container
    state: str
    started_at: str
    exit_code: int
    restarts: int
    health: str | None
    restart_policy: str
    sources: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    ports: tuple[Port, ...] = ()
    made_from: str = ""
    network_mode: str = ""
    ended_at: str = ""
    error: str = ""

    @property
    def published(self) -> tuple[int, ...]:
        """The numbers of the ports of the host that lead to it."""
        return tuple(each.number for each in self.ports)


def container_of(row: Mapping[str, Any]) -> Container:
    """One row of the engine's listing."""
    labels = row.get("Labels") or {}
    names = row.get("Names") or [""]
    ended = _EXITED.match(row.get("Status") or "")
    return Container(
        id=row["Id"],
        name=names[0].removeprefix("/"),
        project=labels.get(PROJECT, ""),
        service=labels.get(SERVICE, ""),
        state=row["State"],
        image=row["Image"],
        image_id=row["ImageID"],
        created=row["Created"],
        labels=labels,
        exit_code=int(ended.group(1)) if ended else None,
    )


def details_of(container: Container, found: Mapping[str, Any]) -> Details:
    """What the engine says of one container."""
    state, mounts, network = found["State"], found.get("Mounts") or [], found.get("NetworkSettings") or {}
    return Details(
        container=container,
        state=state["Status"],
        started_at=state["StartedAt"],
        exit_code=state["ExitCode"],
        restarts=found["RestartCount"],
        health=_health_of(state),
        restart_policy=found["HostConfig"]["RestartPolicy"]["Name"] or "no",
        sources=tuple(mount["Source"] for mount in mounts if mount["Type"] == "bind"),
        volumes=tuple(mount["Name"] for mount in mounts if mount["Type"] == "volume"),
        addresses=tuple(each["IPAddress"] for each in (network.get("Networks") or {}).values() if each["IPAddress"]),
        ports=tuple(_ports_of(network)),
        made_from=found["Config"]["Image"],
        network_mode=found["HostConfig"].get("NetworkMode") or "",
        ended_at=state.get("FinishedAt") or "",
        error=state.get("Error") or "",
    )


def _health_of(state: Mapping[str, Any]) -> str | None:
    status = (state.get("Health") or {}).get("Status")
    return None if status in {None, "none"} else str(status)


def _ports_of(network: Mapping[str, Any]) -> Iterator[Port]:
    for inside, places in (network.get("Ports") or {}).items():
        for place in places or ():
            yield Port(place["HostIp"], int(place["HostPort"]), inside.partition("/")[2])


def inspected(found: Mapping[str, Any]) -> Details:
    """A look into a container that no listing has shown."""
    config, state = found["Config"], found["State"]
    labels = config.get("Labels") or {}
    ended = state["Status"] == "exited"
    seen = Container(
        id=found["Id"],
        name=found["Name"].removeprefix("/"),
        project=labels.get(PROJECT, ""),
        service=labels.get(SERVICE, ""),
        state=state["Status"],
        image=config["Image"],
        image_id=found["Image"],
        created=int(datetime.fromisoformat(found["Created"]).timestamp()),
        labels=labels,
        exit_code=state["ExitCode"] if ended else None,
    )
    return details_of(seen, found)
