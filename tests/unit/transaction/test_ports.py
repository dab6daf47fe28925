"""Which ports of the host a model wants."""

from __future__ import annotations

from workers.transaction.ports import Port, wanted


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
