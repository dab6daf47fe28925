"""A library that is loaded when it is used, and not before."""

from __future__ import annotations

import sys

import pytest

from workers.runtime.late import late


def test_a_module_is_loaded_when_something_of_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    colours = late("colorsys")
    assert "colorsys" not in sys.modules
    assert colours.rgb_to_hsv(0.0, 0.0, 0.0) == (0.0, 0.0, 0.0)  # type: ignore[operator]
    assert "colorsys" in sys.modules


def test_what_it_lacks_it_lacks_as_ever() -> None:
    with pytest.raises(AttributeError, match="colorsys"):
        _ = late("colorsys").nothing
