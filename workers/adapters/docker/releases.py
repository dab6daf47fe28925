"""What is known of single releases of Docker Compose: which to avoid, why, and what to use instead.

docs/reference/compose-releases.md tells more of each. The sources are Compose's own issues and changelogs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

Version = tuple[int, ...]
OLDEST: Version = (2, 20)
"""The oldest release that knows `include`, and so what Tegu reads."""


@dataclass(frozen=True, slots=True)
class Avoided:
    """Releases that are better avoided: from `first` up to, and without, `mended`."""

    first: Version
    mended: Version
    reason: str


AVOIDED = (
    Avoided(
        (2, 32, 0),
        (2, 32, 2),
        "every `up` recreates each service that has an anonymous volume, and data in them was lost "
        "(docker/compose #12383, #12404)",
    ),
    Avoided(
        (5, 2, 0),
        (5, 3, 0),
        "every `up` recreates each service with `network_mode: service:…` (docker/compose #13878)",
    ),
)
_BUILDX_SINCE = (2, 40, 2)
BUILDX = (0, 17)
_ENGINE = (29,)
_ENGINE_SINCE = (2, 24)


def numbers(version: str) -> Version:
    """The numbers that a version begins with: `v2.26.1-4` is (2, 26, 1); none for what is no version."""
    found = re.match(r"v?(\d+(?:\.\d+)*)", version.strip())
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def trouble(compose: str) -> tuple[str, str] | None:
    """What speaks against a release, and what to do about it; None when nothing is known."""
    version = numbers(compose)
    for avoided in AVOIDED:
        if avoided.first <= version < avoided.mended:
            return avoided.reason, f"upgrade Compose to {written(avoided.mended)} or newer"
    return None


def cannot_build(compose: str, buildx: str | None) -> bool:
    """Whether a release of Compose refuses to build with that buildx, or without one."""
    return numbers(compose) >= _BUILDX_SINCE and (buildx is None or () < numbers(buildx) < BUILDX)


def cannot_speak(compose: str, engine: str) -> bool:
    """Whether an engine refuses a release of Compose as too old: Engine 29.0 wants API 1.44, which came with 2.24."""
    return numbers(engine) >= _ENGINE and () < numbers(compose) < _ENGINE_SINCE


def written(version: Version) -> str:
    """A version as people write it."""
    return ".".join(map(str, version))
