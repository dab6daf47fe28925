"""Settings as people may see them."""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.model.secret import Secret
from workers.runtime.settings import Settings
from workers.runtime.shown_settings import shown_settings


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:hunter2@host:1/0", "redis://:********@host:1/0"),
        ("redis://me:hunter2@host:1/0", "redis://me:********@host:1/0"),
        ("unix:///s?password=hunter2&db=1", "unix:///s?password=********&db=1"),
        ("unix:///s", "unix:///s"),
    ],
)
def test_a_password_of_redis_is_masked_wherever_it_stands(tmp_path: Path, url: str, shown: str) -> None:
    assert shown_settings(Settings(data_dir=tmp_path, redis_url=url))["TEGU_REDIS_URL"] == shown


def test_a_secret_is_masked_and_the_rest_is_as_it_is_typed(tmp_path: Path) -> None:
    shown = shown_settings(Settings(data_dir=tmp_path, api_token=Secret("hunter2")))
    assert shown["TEGU_API_TOKEN"] == "********"
    assert shown["TEGU_RECONCILE"] == "5m"
    assert shown["TEGU_PUBLIC_URL"] is None
