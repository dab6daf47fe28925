"""Whole systems for the end-to-end tier."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import warm
from tests.e2e.browser import Browser, missing
from tests.e2e.system import System


@pytest.fixture
def system(tmp_path: Path, engine: None) -> Iterator[System]:  # noqa: ARG001 (the engine has to be there)
    """A system that has its repository and catalog, but was not started yet."""
    made = System(tmp_path)
    try:
        yield made
    finally:
        made.stop()


class Quick(System):
    """Its commands need not load anything; `tegu up` and all that it starts have to."""

    def tegu(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = self._run("tegu", *arguments)
        assert not check or done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def celery(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        done = self._run("celery", "-A", "workers", *arguments)
        done.check_returncode()
        return done

    def _run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        done = warm.run(argv, env=self.env, cwd=self.folder, timeout=300)
        return subprocess.CompletedProcess(argv, done.code, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, engine: None) -> Iterator[System]:  # noqa: ARG001
    """A running system that tests share, each with stacks of its own."""
    made = Quick(tmp_path_factory.mktemp("running"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


def _started(profile: Path) -> Browser:
    if program := missing():
        reason = f"there is no {program} here (scripts/provision installs it)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return Browser(profile)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    made = _started(tmp_path / "profile")
    yield made
    made.close()


@pytest.fixture(scope="module")
def _window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    made = _started(tmp_path_factory.mktemp("profile"))
    yield made
    made.close()


@pytest.fixture
def window(_window: Browser) -> Iterator[Browser]:
    """A browser that tests share, with nothing open: a Chromium of its own is the dearest part of a look at a page."""
    _window.complaints()  # those of the test before
    yield _window
    _window.open("about:blank")
