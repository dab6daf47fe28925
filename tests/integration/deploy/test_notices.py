"""Somebody is told what failed, why, and that it is over."""

from __future__ import annotations

import pytest

from tests.integration.deploy.house import House, compose, service
from tests.receivers import Receiver

pytestmark = pytest.mark.docker


def test_a_crash_loop_is_told_once_with_its_exit_code_and_last_words_and_then_its_end(
    house: House, receiver: Receiver
) -> None:
    house.stack()
    house.tell(receiver.url())
    assert house.pull({"a/compose.yaml": compose(web=service())})["status"] == "succeeded"
    assert receiver.titles == []

    broken = service("echo no such table: users; exit 3", restart="always")
    run = house.pull({"a/compose.yaml": compose(web=broken)})
    assert run["stacks"]["default/a"]["outcome"] == "rolled_back"
    (taken,) = receiver.taken
    assert taken["title"] == "default/a: rolled_back"
    assert "last exit code 3" in taken["message"]
    assert "no such table: users" in taken["message"]
    assert run["commit"][:12] in taken["message"]

    house.pull({"README.md": "another commit"})
    assert receiver.titles == ["default/a: rolled_back"]
    house.pull({"a/compose.yaml": compose(web=service("sleep 1001"))})
    assert receiver.titles == ["default/a: rolled_back", "default/a: recovered"]
