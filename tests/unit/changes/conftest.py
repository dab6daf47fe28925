from __future__ import annotations

import pytest

from tests.unit.changes.worlds import World
from workers.changes import filtered, supported
from workers.runtime.cache import BoundedCache


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process remembers of folders hides nothing from a test, also where tests run twice in one process."""
    monkeypatch.setattr(filtered, "_left", BoundedCache(8 << 20, lambda _: 400))
    monkeypatch.setattr(filtered, "_matchers", BoundedCache(64, lambda _: 1))
    monkeypatch.setattr(supported, "_supported", BoundedCache(16 << 20, lambda _: 160))
