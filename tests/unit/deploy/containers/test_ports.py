"""Which ports of the host a model wants."""

from __future__ import annotations

import socket

import pytest

from workers.adapters.docker.container import PROJECT, Port
from workers.deploy.containers.ports import taken, unavailable, wanted
from workers.deploy.containers.strangers import Owner, Stranger


def test_a_service_wants_what_it_publishes_at_one_place() -> None:
    ports = [
        {"target": 80, "published": "8080", "protocol": "tcp"},
        {"target": 53, "published": "53", "protocol": "udp", "host_ip": "127.0.0.1"},
        {"target": 90, "published": "9000-9010"},
        {"target": 91},
    ]
    model = {
        "services": {
            "web": {"ports": ports},
            "other": {"ports": [{"target": 80, "published": "80"}]},
            "host": {"network_mode": "host", "ports": [{"target": 80, "published": "81"}]},
        }
    }
    assert wanted(model, {"web", "host"}) == {Port("0.0.0.0", 8080, "tcp"), Port("127.0.0.1", 53, "udp")}


def other(number: int, address: str = "0.0.0.0", project: str = "") -> Stranger:
    ports = [{"IP": address, "PublicPort": number, "Type": "tcp"}, {"Type": "udp"}]
    return Stranger.of({"Id": "1", "Names": ["/theirs"], "Ports": ports, "Labels": {PROJECT: project}})


NOBODYS = Stranger.of({"Id": "2", "Names": ["/none"], "Ports": None})


@pytest.mark.parametrize(
    ("address", "theirs", "are_one"),
    [
        ("0.0.0.0", "0.0.0.0", True),
        ("127.0.0.1", "0.0.0.0", True),
        ("0.0.0.0", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.2", False),
        ("0.0.0.0", "::", False),
        ("::1", "::", True),
    ],
)
def test_a_port_is_taken_at_its_address_or_at_all(address: str, theirs: str, are_one: bool) -> None:
    others = [NOBODYS, other(80, theirs), other(8080, theirs)]
    assert bool(list(taken(others, Port(address, 8080, "tcp"), lambda _: None))) is are_one
    assert not list(taken(others, Port(address, 8080, "udp"), lambda _: None))


@pytest.mark.parametrize(
    ("owner", "told"),
    [
        (None, "port 0.0.0.0:8080/tcp is taken by the container theirs; stop it, or publish another port"),
        (Owner("default/b"), "taken by the container theirs of default/b; stop it, "),
        (Owner("default/b", gone=True), "which is gone, and whose containers were left; take those down"),
        (Owner("default/b", gone=True), "tegu forget default/b --down"),
    ],
)
def test_who_has_a_port_is_named(owner: Owner | None, told: str) -> None:
    (found,) = taken([other(8080, project="q")], Port("0.0.0.0", 8080, "tcp"), {"q": owner}.get)
    assert told in found


def test_a_port_where_a_process_listens_and_an_address_of_nobody_are_not_to_be_had() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        datagrams.bind(("127.0.0.1", 0))
        tcp, udp = server.getsockname()[1], datagrams.getsockname()[1]
        ports = [Port("0.0.0.0", tcp, "tcp"), Port("127.0.0.1", udp, "udp"), Port("192.0.2.1", tcp, "tcp")]
        told = "\n".join(unavailable(ports))
    assert f"port 0.0.0.0:{tcp}/tcp is taken by a process of this host (ss -lnp 'sport = :{tcp}' tells which)" in told
    assert f"port 127.0.0.1:{udp}/udp is taken by a process" in told
    assert "this host has no address 192.0.2.1 now" in told
    assert not list(unavailable([Port("127.0.0.1", tcp, "tcp"), Port("127.0.0.1", tcp, "sctp")]))
