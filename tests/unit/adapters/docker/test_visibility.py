from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import pytest
from docker.errors import NotFound

from workers.adapters.docker.engine import Engine
from workers.adapters.docker.visibility import Sight, sight_of

OWN = "5f" * 32
MOUNTS = [
    {"Type": "bind", "Source": "/srv/tegu", "Destination": "/srv/tegu"},
    {"Type": "bind", "Source": "/srv/catalog", "Destination": "/etc/tegu"},
    {"Type": "volume", "Source": "/var/lib/docker/volumes/x", "Destination": "/var/lib/docker/volumes/x"},
]


def engine(docker_host: str, mounts: list[dict[str, str]] | None) -> Engine:
    made, client = Engine(docker_host), Mock()
    client.inspect_container.side_effect = [NotFound("no such container")] if mounts is None else [{"Mounts": mounts}]
    made._client = client
    return made


@pytest.mark.parametrize(
    ("docker_host", "container", "mounts", "sight"),
    [
        ("unix:///var/run/docker.sock", None, None, Sight()),
        ("tcp://127.0.0.1:2375", None, None, Sight()),
        ("ssh://me@localhost", None, None, Sight()),
        ("tcp://[::1]:2375", None, None, Sight()),
        ("ssh://me@nas", None, None, Sight((), distant=True)),
        ("tcp://192.0.2.1:2375", None, None, Sight((), distant=True)),
        ("unix:///var/run/docker.sock", OWN, MOUNTS, Sight((Path("/srv/tegu"),))),
        ("tcp://socket-proxy:2375", OWN, MOUNTS, Sight((Path("/srv/tegu"),))),
        ("unix:///var/run/docker.sock", OWN, None, Sight()),
        ("ssh://me@nas", OWN, None, Sight((), distant=True)),
    ],
)
def test_a_process_sees_what_its_container_shares_with_the_host(
    docker_host: str, container: str | None, mounts: list[dict[str, str]] | None, sight: Sight
) -> None:
    assert sight_of(engine(docker_host, mounts), container) == sight


@pytest.mark.parametrize(
    ("folders", "path", "seen"),
    [
        (None, "/srv/x", True),
        ((), "/srv/x", False),
        ((Path("/srv"),), "/srv", True),
        ((Path("/srv"),), "/srv/x", True),
        ((Path("/srv"),), "/srvx", False),
        ((Path("/srv/x/y"),), "/srv/x", False),
    ],
)
def test_a_path_is_seen_below_what_is_shared(folders: tuple[Path, ...] | None, path: str, *, seen: bool) -> None:
    assert Sight(folders).sees(path) is seen


def test_the_remedy_names_the_lines_to_add() -> None:
    assert "\n  - /srv/a:/srv/a\n  - /srv/b:/srv/b\n" in Sight(()).remedy(["/srv/b", "/srv/a", "/srv/b"])
    assert "by hand" in Sight((), distant=True).remedy(["/srv/a"])
