"""The lock of a stack on this host."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from workers.adapters.state.stack_lock import StackLock
from workers.model.errors import Busy
from workers.runtime.process import kill_group, spawn


def test_one_holds_it_at_a_time(tmp_path: Path) -> None:
    lock = StackLock(tmp_path)
    with lock.hold("production/a"), lock.hold("production/b"), pytest.raises(Busy), lock.hold("production/a"):
        pytest.fail("two hold it")
    with lock.hold("production/a"):
        assert lock.path("production/a") == tmp_path / "state/production/a.lock"


def test_whether_somebody_holds_it_can_be_asked(tmp_path: Path) -> None:
    lock = StackLock(tmp_path)
    with lock.hold("production/a"):
        assert lock.is_held("production/a")
    assert not lock.is_held("production/a")
    assert not lock.is_held("production/b")


def test_a_child_that_inherits_it_keeps_it(tmp_path: Path) -> None:
    lock = StackLock(tmp_path)
    with lock.hold("production/a") as descriptor:
        child = spawn(["sleep", "60"], env={"PATH": os.defpath}, pass_fds=[descriptor])
    with child:
        with pytest.raises(Busy), lock.hold("production/a"):
            pytest.fail("the child has lost it")
        kill_group(child.pid)
    with lock.hold("production/a", timeout=5):
        pass
