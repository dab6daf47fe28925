"""A forked program is what it would be had it been started anew, but for what is loaded already."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from app.up.forked import PythonProgram, python_program
from workers.runtime.process import run

ROOT = Path(__file__).parent.parent.parent.parent

# Forks as supervisor does: out of a process that catches signals, with a pipe as the child's standard output.
FORKING = """
import os, random, signal, sys
from app.up import forked
from app.up.forked import load, python_program, run_in_this_process
load()
forked._PATIENCE = float(sys.argv[1])
threads = len(os.listdir("/proc/self/task"))
signal.signal(signal.SIGTERM, lambda *_: None)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
random.seed(1)
sys.path.insert(0, os.getcwd())
if (child := os.fork()) == 0:
    program = python_program(["nice", "-n", "3", sys.executable, "-m", "thing", "one", "two words"])
    run_in_this_process(program, {**eval(sys.argv[2]), "ONLY": "this", "PATH": "/usr/bin"})
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(code, threads, random.random(), os.nice(0))
"""

THING = """
import atexit, json, os, random, signal, subprocess, sys, threading, time
from pathlib import Path

def tell():
    print(json.dumps(seen))

seen = {
    "name": __name__,
    "argv": sys.argv[1:],
    "environment": dict(os.environ),
    "inherited": subprocess.check_output(["env"], text=True).split(),
    "term": signal.getsignal(signal.SIGTERM) == signal.SIG_DFL,
    "hangup": signal.getsignal(signal.SIGHUP) == signal.SIG_IGN,
    "interrupt": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
    "nice": os.nice(0),
    "random": random.random(),
    "title": Path("/proc/self/cmdline").read_text().rstrip("\\0 "),
    "loaded": {"workers.services", "kombu.transport.redis", "structlog"} <= set(sys.modules),
}
atexit.register(tell)
def wait():
    time.sleep(0.2)
    seen.update(waited=True)
    if "ENDLESS" in os.environ:
        time.sleep(600)

threading.Thread(target=wait).start()
if "ENDLESS" in os.environ:
    print("ending", flush=True)
sys.exit(7)
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a forked program sees of itself, and what its parent sees of it."""
    folder = tmp_path_factory.mktemp("forking")
    (folder / "thing.py").write_text(THING)
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "SECRET": "of the parent"}
    argv = [sys.executable, "-c", FORKING, "60", "{}"]
    told, parent = run(argv, what="forking", env=env, cwd=folder, timeout=60).stdout.splitlines()
    code, threads, drawn, nice = parent.split()
    found: dict[str, Any] = json.loads(told)
    return found | {
        "code": int(code),
        "threads": int(threads),
        "drawn": float(drawn),
        "gives_way": found["nice"] - int(nice),
    }


def test_it_is_called_as_it_would_be_and_ends_as_it_would(seen: dict[str, Any]) -> None:
    assert (seen["name"], seen["argv"], seen["code"]) == ("__main__", ["one", "two words"], 7)
    assert seen["waited"]
    assert seen["title"] == "[thing] one two words"


def test_a_thread_that_does_not_end_holds_up_nothing_for_long(tmp_path: Path) -> None:
    (tmp_path / "thing.py").write_text(THING)
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    argv = [sys.executable, "-c", FORKING, "0.5", "{'ENDLESS': '1'}"]
    told, parent = run(argv, what="forking", env=env, cwd=tmp_path, timeout=60).stdout.splitlines()
    assert (told, parent.split()[0]) == ("ending", "7")


def test_it_has_the_environment_that_it_is_given_and_hands_that_on(seen: dict[str, Any]) -> None:
    assert seen["environment"] == {"ONLY": "this", "PATH": "/usr/bin"}
    assert set(seen["inherited"]) == {"ONLY=this", "PATH=/usr/bin"}


def test_it_catches_no_signal_of_the_parent_s_and_draws_numbers_of_its_own(seen: dict[str, Any]) -> None:
    assert seen["term"]
    assert seen["hangup"]
    assert seen["interrupt"]
    assert seen["gives_way"] == 3
    assert seen["random"] != seen["drawn"]


def test_what_all_need_is_loaded_by_then_and_loading_starts_no_thread(seen: dict[str, Any]) -> None:
    assert seen["loaded"]
    assert seen["threads"] == 1


@pytest.mark.parametrize(
    ("module", "foreign"),
    [
        ("app.up.forked", {"workers.tasks", "flask", "gunicorn", "docker", "git", "tornado"}),
        ("app.up.worker", {"prompt_toolkit", "flower", "flask", "gunicorn"}),
        ("app.up.flower", {"prompt_toolkit", "workers.tasks", "flask", "gunicorn", "docker"}),
        ("app.server", {"flask", "celery.bin.worker", "tornado"}),
        ("app.wsgi", {"workers.tasks", "celery.bin.worker", "tornado"}),
    ],
)
def test_a_program_loads_nothing_that_only_another_one_needs(module: str, foreign: set[str], tmp_path: Path) -> None:
    env = {"PATH": "/usr/bin:/bin", "TEGU_DATA_DIR": str(tmp_path)}
    script = f"import sys, {module}; from app.up.forked import load; load(); print(*sys.modules)"
    loaded = run([sys.executable, "-c", script], what=module, env=env, cwd=ROOT, timeout=60).stdout.split()
    assert foreign & set(loaded) == set()


def test_only_programs_of_this_interpreter_are_forked() -> None:
    python = (sys.executable, "-m", "celery", "-A", "workers")
    assert python_program(python) == PythonProgram("celery", ("-A", "workers"))
    assert python_program(("nice", "-n", "10", *python)) == PythonProgram("celery", ("-A", "workers"), 10)
    assert python_program(("/usr/bin/redis-server", "--port", "0")) is None
    assert python_program(("nice", "-n", "10", "/usr/bin/redis-server")) is None
