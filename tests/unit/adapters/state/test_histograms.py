"""Observations by their size, counted alike by Python and by the scripts."""

from __future__ import annotations

import pytest
from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.counters import Counters
from workers.adapters.state.histograms import histograms, observed
from workers.adapters.state.scripts import script_text

BOUNDS = [0, *keys.HISTOGRAM_BOUNDS_MS]


@pytest.mark.parametrize("milliseconds", sorted({bound + more for bound in BOUNDS for more in (0, 1)}))
def test_the_scripts_count_as_python_does(redis: Redis, milliseconds: int) -> None:
    redis.eval(f"{script_text('take').rpartition('return')[0]} observe('pull', 'homelab', {milliseconds})", 0, "x")
    assert Counters(redis).all() == observed("pull", "homelab", milliseconds / 1000)


def test_a_bucket_has_all_that_took_no_longer() -> None:
    counts: dict[str, int] = {}
    for seconds in (0.005, 0.01, 0.011, 3.0, 10_000.0):
        for name, count in observed("step", "wait until healthy", seconds).items():
            counts[name] = counts.get(name, 0) + count
    found = histograms({**counts, "steps:of": 1, "pull:homelab:0": 7}, "step")
    (label,) = found
    assert label == "wait until healthy"
    assert dict(found[label].buckets) | {"0.01": 2, "0.05": 3, "2.5": 3, "5": 4, "900": 4, "+Inf": 5} == dict(
        found[label].buckets
    )
    assert found[label].seconds == 10_003.026
