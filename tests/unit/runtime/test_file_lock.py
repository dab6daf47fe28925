"""A lock that is held by an open file, and so by whoever has inherited that."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from workers.model.errors import Busy
from workers.runtime.file_lock import flock
from workers.runtime.process import kill_group, spawn

ENV = {"PATH": os.defpath}


def test_a_lock_that_is_held_is_busy_and_then_free(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.lock"
    with flock(path, timeout=0), pytest.raises(Busy, match=r"a\.lock is held"), flock(path, timeout=0.1):
        pass
    with flock(path, timeout=None):
        pass


def test_a_child_that_inherits_a_lock_keeps_it_after_its_parent_let_go(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with flock(path, timeout=0) as descriptor:
        child = spawn(["sleep", "60"], env=ENV, pass_fds=[descriptor], stdin=-3)
    with pytest.raises(Busy), flock(path, timeout=0):
        pass
    kill_group(child.pid)
    child.wait()
    assert child.stdout is not None
    child.stdout.close()
    with flock(path, timeout=1):
        pass


def test_a_lock_that_no_child_is_given_is_free_though_one_that_is_just_made_has_it(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with flock(path, timeout=0, is_inherited=False) as descriptor:
        until_it_executes = os.dup(descriptor)
    with flock(path, timeout=0):
        pass
    os.close(until_it_executes)
