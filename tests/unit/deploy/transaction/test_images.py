from __future__ import annotations

import pytest

from workers.deploy.transaction.images import build_waves


@pytest.mark.parametrize(
    ("builds_on", "waves"),
    [
        ({}, []),
        ({"a": (), "b": ()}, [["a", "b"]]),
        ({"web": ("base",), "base": (), "other": ()}, [["base", "other"], ["web"]]),
        ({"c": ("b",), "b": ("a",), "a": ()}, [["a"], ["b"], ["c"]]),
        ({"web": ("base",)}, [["web"]]),
        ({"a": ("b",), "b": ("a",), "c": ()}, [["c"], ["a", "b"]]),
    ],
)
def test_a_base_is_built_before_what_uses_it(builds_on: dict[str, tuple[str, ...]], waves: list[list[str]]) -> None:
    assert list(build_waves(builds_on)) == waves
