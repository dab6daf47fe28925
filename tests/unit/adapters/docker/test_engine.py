"""What is read from the engine's answers, without an engine."""

from __future__ import annotations

import gc
from pathlib import Path
from unittest.mock import Mock

import pytest

from workers.adapters.docker.engine import Engine, split_name
from workers.model.errors import EngineUnavailable


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("busybox", ("busybox", "latest")),
        ("busybox:stable", ("busybox", "stable")),
        ("registry:5000/a/b", ("registry:5000/a/b", "latest")),
        ("registry:5000/a/b:1", ("registry:5000/a/b", "1")),
    ],
)
def test_names_of_images_have_a_repository_and_a_tag(name: str, parts: tuple[str, str]) -> None:
    assert split_name(name) == parts


@pytest.mark.parametrize(("asked", "given"), [({"StopTimeout": 120}, 120), ({"StopTimeout": 0}, 0), ({}, None)])
def test_a_container_gets_the_time_to_stop_that_it_asks_for(asked: dict[str, int], given: int | None) -> None:
    engine, client = Engine("unix:///nowhere"), Mock()
    client.inspect_container.return_value = {"Config": asked}
    engine._client = client
    engine.stop("c")
    client.stop.assert_called_once_with("c", timeout=given)  # the SDK waits for so long, and for its own timeout


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the SDK drops its socket
def test_an_engine_that_is_away_is_unavailable(tmp_path: Path) -> None:
    engine = Engine(f"unix://{tmp_path}/none.sock")
    with pytest.raises(EngineUnavailable) as raised:
        engine.version()
    engine.close()
    del raised
    gc.collect()  # so that the dropped socket is noticed here, where that is expected
