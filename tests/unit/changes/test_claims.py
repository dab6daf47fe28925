"""What only one stack of a host can have."""

from __future__ import annotations

import pytest

from tests.unit.changes.worlds import KEY, World
from workers.changes.claims import claims

CLAIMS = {
    "a published port": ("services: {a: {image: i, ports: ['8080:80']}}", {"port 8080/tcp"}),
    "at an address, of a kind": ("services: {a: {image: i, ports: ['127.0.0.1:53:53/udp']}}", {"port 53/udp"}),
    "a long form": ("services: {a: {image: i, ports: [{target: 80, published: '81'}]}}", {"port 81/tcp"}),
    "spread ranges": ("services: {a: {image: i, ports: ['1-2:1-2']}}", {"port 1/tcp", "port 2/tcp"}),
    "what the engine chooses": ("services: {a: {image: i, ports: ['80', '3000-3005:80']}}", set()),
    "a container's name": ("services: {a: {image: i, container_name: db}}", {"container db"}),
    "a volume by name": ("services: {a: {image: i}}\nvolumes: {v: {name: data}}", {"volume data"}),
    "one that is external": ("services: {a: {image: i}}\nvolumes: {v: {external: true}}", {"volume v"}),
    "a volume of its own": ("services: {a: {image: i}}\nvolumes: {v: {}}", set()),
    "a profile that is off": ("services: {a: {image: i}, b: {image: i, profiles: [x], ports: ['1:1']}}", set()),
    "what cannot be read": ("services: [", set()),
}


@pytest.mark.parametrize("case", CLAIMS)
def test_what_a_stack_claims(world: World, case: str) -> None:
    text, expected = CLAIMS[case]
    assert claims(world.stack, world.tree({"app/compose.yaml": text}), world.outside, KEY) == expected
