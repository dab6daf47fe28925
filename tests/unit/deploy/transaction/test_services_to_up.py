"""Which services `up` is told of beside others that run."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from workers.deploy.transaction.services_to_up import to_bring_up

# `web` needs `api`, that needs `db` and a finished `migrate`, and this needs `db`; three that refer to containers.
SERVICES: dict[str, dict[str, object]] = {
    "db": {},
    "migrate": {"depends_on": {"db": {"condition": "service_healthy"}}},
    "api": {"depends_on": {"db": {}, "migrate": {"condition": "service_completed_successfully"}}},
    "web": {"depends_on": {"api": {}}, "links": ["api:backend"]},
    "vpn": {},
    "tenant": {"network_mode": "service:vpn"},
    "lodger": {"pid": "service:tenant"},
    "backup": {"volumes_from": ["db:ro", "container:elsewhere"]},
    "none": {"scale": 0},
    "tunnel": {"provider": {"type": "x"}},
    "tunnelled": {"depends_on": {"tunnel": {}, "none": {}, "gone": {"required": False}}},
}
ALL = frozenset(SERVICES)


@pytest.mark.parametrize(
    ("wanted", "asleep", "named", "alone"),
    [
        pytest.param(["db"], [], {"db", "backup"}, False, id="what others depend on, with whoever has its volumes"),
        pytest.param(["web"], [], {"web"}, True, id="what it depends on runs and is left alone"),
        pytest.param(["web"], ["api"], {"web", "api"}, True, id="what it depends on does not run"),
        pytest.param(["api"], ["migrate"], {"api", "migrate"}, True, id="what has to be finished first is run again"),
        pytest.param(["web"], ["migrate"], {"web"}, True, id="what runs had what it needs, and that may have ended"),
        pytest.param(
            ["web"], ["api", "db"], {"web", "api", "db", "backup"}, True, id="through several that do not run"
        ),
        pytest.param(["vpn"], [], {"vpn", "tenant", "lodger"}, False, id="whoever lives in its namespaces"),
        pytest.param(["tenant"], [], {"tenant", "lodger"}, True, id="the owner of a namespace is left alone"),
        pytest.param(["backup"], [], {"backup"}, True, id="the owner of volumes is left alone"),
        pytest.param(
            ["tunnelled"], ["none"], {"tunnelled", "tunnel"}, True, id="a provider tells its dependents things"
        ),
        pytest.param(["gone"], [], set(), False, id="what is not active"),
        pytest.param(ALL, ALL, set(ALL), False, id="everything"),
    ],
)
def test_only_what_is_meant_is_named(
    wanted: Iterable[str], asleep: Iterable[str], named: set[str], alone: bool
) -> None:
    running = ALL - set(asleep) - {"none", "tunnel"}

    found = to_bring_up({"services": SERVICES}, wanted, running)

    assert (set(found.services), found.alone) == (named, alone)
