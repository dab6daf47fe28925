from __future__ import annotations

import pytest

from workers.changes import published_ports as reading
from workers.changes.published_ports import long_ports


def port(
    target: int, published: str | None = None, host: str | None = None, protocol: str = "tcp"
) -> dict[str, object]:
    found: dict[str, object] = {"mode": "ingress", "target": target, "protocol": protocol}
    found |= {} if published is None else {"published": published}
    return found | ({} if host is None else {"host_ip": host})


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("80", [port(80)]),
        ("8080:80", [port(80, "8080")]),
        ("08080:080", [port(80, "8080")]),
        ("8080:80/UDP", [port(80, "8080", protocol="udp")]),
        ("127.0.0.1:8080:80", [port(80, "8080", "127.0.0.1")]),
        ("127.0.0.1::80", [port(80, None, "127.0.0.1")]),
        ("[::1]:8080:80", [port(80, "8080", "::1")]),
        ("80-81", [port(80), port(81)]),
        ("8080-8081:80-81", [port(80, "8080"), port(81, "8081")]),
        ("9-11:9-11", [port(10, "10"), port(11, "11"), port(9, "9")]),
        ("8000-8010:80", [port(80, "8000-8010")]),
        ("8000-8001:80", [port(80, "8000-8001")]),
    ],
)
def test_a_short_port_becomes_long_ones(text: str, ports: object) -> None:
    assert long_ports(text) == ports


@pytest.mark.parametrize("text", ["", "a", "80:", "host:1:2", "1-3:80-81", "80/", "-5:80", "80-:80"])
def test_what_is_no_port_is_none(text: str) -> None:
    assert long_ports(text) is None


def test_no_more_ports_are_spread_than_there_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_PORTS", 3)
    assert long_ports("5-9") == [port(5), port(6), port(7)]
    assert long_ports("5-7") == [port(5), port(6), port(7)]
