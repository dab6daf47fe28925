"""Whoever answers a request is small: it can neither deploy nor read a clone, nor does it load what could."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from workers.runtime.process import run

ROOT = Path(__file__).parent.parent.parent.parent
FOREIGN = ("workers.deploy", "workers.adapters.git", "workers.adapters.docker", "docker", "git")

PROGRAM = """
import importlib, sys
importlib.import_module(sys.argv[1])
foreign = tuple(sys.argv[2:])
print(*(name for name in sys.modules if any(name == each or name.startswith(each + ".") for each in foreign)))
"""


# What the others load, `app.wsgi` loads, too.
OTHERS = [pytest.param(name, marks=pytest.mark.thorough) for name in ("app.http.receiver", "app.http.factory")]


@pytest.mark.parametrize("module", ["app.server", "app.wsgi", *OTHERS])
def test_the_web_process_loads_neither_the_deployment_nor_git_nor_docker(module: str, tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "TEGU_DATA_DIR": str(tmp_path)}
    argv = [sys.executable, "-c", PROGRAM, module, *FOREIGN]
    assert run(argv, what=module, env=env, cwd=ROOT, timeout=60).stdout.split() == []
