"""One stack out of Git that is deployed, and a worker that answers questions about it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import acting
from tests.answering import Answering, answering
from tests.git_server import Source
from tests.unit.pages.conftest import Serve
from workers.answers import tasks
from workers.services import Services


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return acting.source(tmp_path)


@pytest.fixture
def services(serve: Serve, tmp_path: Path, source: Source, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    (tmp_path / "tegu.yaml").write_text(acting.catalog(source), encoding="utf-8")
    made = serve()
    acting.deploy(made)
    monkeypatch.setattr(tasks, "current_services", lambda: made)
    yield made
    made.close()


@pytest.fixture
def worker(services: Services) -> Iterator[Answering]:
    with answering(services) as made:
        yield made
