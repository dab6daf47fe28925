"""The releases of Compose that say what a Compose file means."""

from __future__ import annotations

import pytest

from tests.integration.changes.judge import Judge
from tests.releases import READING, release


@pytest.fixture(scope="session")
def judges() -> list[Judge]:
    return [Judge(found.argv, found.version) for found in map(release, READING)]
