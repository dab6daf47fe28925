"""Which ports of the host a model wants."""

from __future__ import annotations

import pytest

from workers.adapters.docker.container import Port
from workers.deploy.containers.ports import PortTaken, refuse_taken, wanted
from workers.deploy.containers.strangers import Stranger


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


def test_who_has_a_port_is_named() -> None:
    def other(number: int) -> Stranger:
        ports = [{"IP": "0.0.0.0", "PublicPort": number, "Type": "tcp"}, {"Type": "udp"}]
        return Stranger.of({"Id": "1", "Names": ["/theirs"], "Ports": ports})

    ports = {Port("0.0.0.0", 8080, "tcp")}
    with pytest.raises(PortTaken, match=r"port 0\.0\.0\.0:8080/tcp is taken by the container theirs"):
        refuse_taken([other(80), other(8080)], ports)
    refuse_taken([other(80), Stranger.of({"Id": "2", "Names": ["/none"], "Ports": None})], ports)
