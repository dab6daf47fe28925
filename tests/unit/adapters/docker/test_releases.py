"""Which releases of Compose are better avoided."""

from __future__ import annotations

import pytest

from tests.releases import PINNED
from workers.adapters.docker.releases import cannot_build, cannot_speak, numbers, trouble


@pytest.mark.parametrize("release", ["2.32.0", "v2.32.1", "5.2.0", "5.2.0-desktop.1", "5.2.9"])
def test_a_release_that_recreates_for_nothing_is_named_with_the_one_that_mends_it(release: str) -> None:
    found = trouble(release)
    assert found is not None
    reason, mend = found
    assert "recreates" in reason
    assert mend == f"upgrade Compose to {'2.32.2' if '2.32' in release else '5.3.0'} or newer"


@pytest.mark.parametrize("release", ["2.20.0", "2.26.1-4", "2.31.0", "2.32.2", "2.40.3-3", "v5.1.4", "5.3.0", PINNED])
def test_nothing_speaks_against_the_others(release: str) -> None:
    assert trouble(release) is None


@pytest.mark.parametrize(
    ("compose", "buildx", "refused"),
    [
        ("5.6.1", "0.13.1+ds1", True),
        ("5.6.1", None, True),
        ("5.6.1", "0.17.0", False),
        ("2.40.2", "0.16.2", True),
        ("2.40.1", "0.16.2", False),
        ("2.26.1-4", "0.13.1+ds1", False),
        ("2.26.1-4", None, False),
    ],
)
def test_compose_builds_only_with_a_buildx_that_is_new_enough(compose: str, buildx: str | None, refused: bool) -> None:
    assert cannot_build(compose, buildx) is refused


@pytest.mark.parametrize(
    ("compose", "engine", "refused"),
    [("2.23.3", "29.0.2", True), ("2.24.0", "29.0.2", False), ("2.20.0", "28.5.2+dfsg4", False)],
)
def test_an_engine_refuses_a_client_that_is_too_old(compose: str, engine: str, refused: bool) -> None:
    assert cannot_speak(compose, engine) is refused


def test_of_what_is_no_version_nothing_is_known() -> None:
    assert numbers("v2.26.1-4") == (2, 26, 1)
    assert numbers("unknown") == ()
    assert trouble("unknown") is None
    assert not cannot_build("5.6.1", "unknown")
    assert not cannot_speak("unknown", "29.0.2")
