"""Containers that have made room are known by their names."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.deploy.transaction.grounds import a_container
from workers.deploy.containers.aside import name_aside, own_name

WEB = replace(a_container("web"), id="0123456789abcdef")


def test_one_that_stands_aside_can_be_called_as_it_was() -> None:
    name = name_aside(WEB)
    assert name == "tegu-aside-0123456789ab-a-web-1"
    assert own_name(replace(WEB, name=name)) == "a-web-1"


def test_any_other_does_not_stand_aside() -> None:
    assert own_name(WEB) is None
    assert own_name(replace(WEB, name="tegu-aside-web")) is None
