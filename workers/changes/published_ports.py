"""Published ports in their long form, as Compose makes it of `[[HOST:]PUBLISHED:]TARGET[/PROTOCOL]`, ranges spread."""

from __future__ import annotations

import re

_SHORT = re.compile(
    r"(?:(?:(?P<host>[0-9.]+|\[[0-9a-fA-F:.]*\]|[0-9a-fA-F:]*:[0-9a-fA-F:]*):)?(?P<published>(?:[0-9]+(?:-[0-9]+)?)?):)?"
    r"(?P<target>[0-9]+(?:-[0-9]+)?)(?:/(?P<protocol>[A-Za-z]+))?"
)
MOST_PORTS = 65_536
"""How many ports a short form is spread to at the most."""


def long_ports(text: str) -> list[dict[str, object]] | None:
    """Every port of a short form, in Compose's order; None for what is none.

    Args:
        text: as it is written, a number as a text.
    """
    found = _SHORT.fullmatch(text)
    if not found:
        return None
    targets = _range(found["target"])
    published = _range(found["published"] or "")
    protocol = (found["protocol"] or "tcp").lower()
    host = (found["host"] or "").removeprefix("[").removesuffix("]")
    if len(targets) > 1 and len(published) not in {0, len(targets)}:
        return None
    ports = []
    for place, target in enumerate(targets):
        port: dict[str, object] = {"mode": "ingress", "target": target, "protocol": protocol}
        if len(targets) == 1 and len(published) > 1:
            port["published"] = found["published"]  # the engine picks one
        elif published:
            port["published"] = str(published[place])
        ports.append({**port, "host_ip": host} if host else port)
    return sorted(ports, key=lambda port: str(port["target"]))


def _range(text: str) -> range:
    if not text:
        return range(0)
    first, _, last = text.partition("-")
    return range(int(first), min(int(last or first) + 1, int(first) + MOST_PORTS))
