"""How long things take, for whoever draws curves: observations counted by their size, beside the plain counters.

In `tegu:counters` an observation is two fields: `family:label:<place of its bucket>`, which counts it, and
`family:label:ms`, the sum of all. The scripts count likewise (`observe` in `common.lua`). Labels are few: repos, the
steps and outcomes of deployments, the kinds of tasks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

from workers.adapters.state import keys

_SUM = "ms"


@dataclass(frozen=True, slots=True)
class Histogram:
    """Observations of one kind.

    Attributes:
        buckets: upper bounds in seconds, each with how many took no longer; the last one, `+Inf`, has all.
        seconds: of all together.
    """

    buckets: tuple[tuple[str, int], ...]
    seconds: float


def observed(family: str, label: str, seconds: float) -> dict[str, int]:
    """What is added to the counters for one that took so long."""
    milliseconds = round(seconds * 1000)
    place = bisect_left(keys.HISTOGRAM_BOUNDS_MS, milliseconds)
    return {f"{family}:{label}:{place}": 1, f"{family}:{label}:{_SUM}": milliseconds}


def histograms(counts: Mapping[str, int], family: str) -> dict[str, Histogram]:
    """The histograms of a family, by label."""
    found: dict[str, Counter[str]] = {}
    for name, count in counts.items():
        kind, _, rest = name.partition(":")
        label, _, place = rest.rpartition(":")
        if kind == family and label:
            found.setdefault(label, Counter())[place] = count
    return {label: _histogram(places) for label, places in sorted(found.items())}


def _histogram(places: Mapping[str, int]) -> Histogram:
    bounds = [*(f"{each / 1000:g}" for each in keys.HISTOGRAM_BOUNDS_MS), "+Inf"]
    counts = accumulate(places.get(str(place), 0) for place in range(len(bounds)))
    return Histogram(tuple(zip(bounds, counts, strict=True)), places.get(_SUM, 0) / 1000)
