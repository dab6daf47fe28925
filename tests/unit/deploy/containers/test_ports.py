"""Which ports of the host a model wants."""

from __future__ import annotations

import pytest

from workers.adapters.docker.container import Port
from workers.deploy.containers.ports import PortTaken, refuse_taken, wanted


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
    def row(number: int) -> dict[str, object]:
        return {
            "Names": ["/theirs"],
            "Ports": [{"IP": "0.0.0.0", "PublicPort": number, "Type": "tcp"}, {"Type": "udp"}],
        }

    ports = {Port("0.0.0.0", 8080, "tcp")}
    with pytest.raises(PortTaken, match=r"port 0\.0\.0\.0:8080/tcp is taken by the container theirs"):
        refuse_taken([row(80), row(8080)], ports)
    refuse_taken([row(80), {"Names": ["/none"], "Ports": None}], ports)
