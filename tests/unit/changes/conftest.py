from __future__ import annotations

import pytest

from tests.unit.changes.worlds import World


@pytest.fixture
def world() -> World:
    return World()
