"""Every release of Compose that is here: the installed one, the newest one fetched, those of `TEGU_TEST_COMPOSE`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.integration.changes.judge import Judge
from workers.process import run

PLUGINS = (
    Path.home() / ".docker/cli-plugins",
    Path("/usr/local/lib/docker/cli-plugins"),
    Path("/usr/local/libexec/docker/cli-plugins"),
    Path("/usr/lib/docker/cli-plugins"),
    Path("/usr/libexec/docker/cli-plugins"),
)


FETCHED = Path(__file__).parents[3] / ".cache/compose/docker-compose"
"""Where scripts/provision puts the newest release that Debian has."""


def compose_programs() -> list[str]:
    """The plugin's program, called directly, the fetched one, and further ones from a list separated by colons."""
    installed = [str(found) for folder in PLUGINS if (found := folder / "docker-compose").is_file()]
    more = [str(FETCHED)] if FETCHED.is_file() else []
    more += [name for name in os.environ.get("TEGU_TEST_COMPOSE", "").split(":") if name]
    return [*installed[:1], *more]


@pytest.fixture(scope="session")
def judges() -> list[Judge]:
    programs = compose_programs()
    if not programs:
        reason = "there is no docker compose here (scripts/provision installs it)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return [Judge(program, _version(program)) for program in programs]


def _version(program: str) -> str:
    return run(
        [program, "version", "--short"], what="version", env={"PATH": "/usr/bin:/bin"}, timeout=30
    ).stdout.strip()
