"""Which of Compose's lines say that it only waits."""

from __future__ import annotations

import pytest

from workers.adapters.docker.progress import is_waiting


@pytest.mark.parametrize("line", [" Container shop-db-1  Waiting", " Container shop-db-1 Waiting "])
def test_a_container_that_is_waited_for(line: str) -> None:
    assert is_waiting(line)


@pytest.mark.parametrize(
    "line",
    ["", " Container shop-db-1  Healthy", " Container Waiting  Started", " 6a1f0b7c9d2e Waiting", "db Waiting for it"],
)
def test_whatever_else_is_said(line: str) -> None:
    assert not is_waiting(line)
