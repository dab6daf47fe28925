"""Every project of the unit tier's tables, read by Tegu and by the real Compose: both refuse it, or both agree.

The table of changes has two states of each project, which differ in one thing. `make test` asks for one of the two, of
one row what there is before and of the next what there is then, and one release; `thorough` is the other state.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.integration.changes.judge import Judge
from tests.releases import NAMES
from tests.unit.changes.change_cases import CASES
from tests.unit.changes.project_cases import PROJECTS
from tests.unit.changes.worlds import KEY, DictOutside, Files, Link, World, make_stack
from workers.changes.agreement import missing_sources
from workers.changes.closure import take_snapshot
from workers.changes.contents import Contents
from workers.changes.project import Project, read_project
from workers.changes.reach import Reach
from workers.changes.trace import Trace
from workers.changes.variables import Usage
from workers.model.errors import InvalidStack
from workers.model.stack import Stack
from workers.runtime.process import run

# Releases before it knew less of variables in env files, and 2.40 refuses dates.
LATER = (2, 30)
DATED = {"dates", "anchors of an earlier document", "a date without quotes, first"}

# The releases before these refuse what such cases are about.
SINCE = {"raw env file": (2, 30), "provider": (2, 36), "language model": (2, 38), "hook": (5, 6)}


def placed(files: Files) -> Files:
    return {path.removeprefix("../") if path[:3] == "../" else f"app/{path}": text for path, text in files.items()}


# Of jobs the corpus asks: the rows of the table are no whole ones.
OF_JOBS = re.compile(r"a job|what a job has")

# What each release reads otherwise, and Tegu so that it differs from both.
OF_NO_RELEASE = {"a negative zero", "a negative zero in quotes"}

ROWS = [name for name in CASES if not OF_JOBS.match(name) and name not in OF_NO_RELEASE]
ALL: dict[str, tuple[Files, Stack]] = {
    **{name: (project[0], project[1] if len(project) > 1 else make_stack()) for name, project in PROJECTS.items()},
    **{f"{name}, first": (placed(CASES[name][0]), make_stack()) for name in ROWS},
    **{f"{name}, then": (placed(CASES[name][1]), make_stack()) for name in ROWS if name != "develop"},
}
OTHERS = {f"{name}, {('then', 'first')[place % 2]}" for place, name in enumerate(ROWS) if name != "develop"}


def asked(case: str, judges: list[Judge]) -> list[Judge]:
    """The releases that can read a case; of two that read a row's two states alike, one for each state."""
    since = max((since for part, since in SINCE.items() if part in case), default=(2, 0))
    able = [judge for judge in judges if judge.release >= since and not (case in DATED and judge.release == (2, 40))]
    shared = len(able) == len(NAMES) == 2 and case.rpartition(", ")[0] in CASES
    return [able[case.endswith(", then")]] if shared else able


def write(files: Files, root: Path) -> None:
    (root / "app").mkdir()
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link):
            file.symlink_to(str(content))
        else:
            file.write_text(str(content), encoding="utf-8", newline="")


def ask(judge: Judge, stack: Stack, root: Path, files: tuple[str, ...]) -> dict[str, Any] | None:
    """What Compose makes of the project, called as Tegu calls it; None when it refuses."""
    folder = root / "app"
    argv = [*judge.argv, "-p", stack.project, "--project-directory", str(folder)]
    argv += [part for file in files for part in ("-f", file)]
    argv += [part for profile in stack.options.profiles for part in ("--profile", profile)]
    argv += [part for file in stack.options.env_files for part in ("--env-file", str(root / file))]
    env = {"PATH": "/usr/bin:/bin", "HOME": "/root", "PWD": str(folder), **stack.options.variables}
    done = run(
        [*argv, "config", "--format", "json"],
        what="docker compose config",
        env=env,
        timeout=60,
        cwd=folder,
        check=False,
    )
    return None if done.code else json.loads(done.stdout.replace("$$", "$"))


def read(files: Files, stack: Stack, root: Path) -> tuple[Project, dict[str, Reach]]:
    outside = DictOutside(live=str(root))
    outside.environ["HOME"] = "/root"
    trace = Trace(World().tree(files), outside, KEY)
    project = read_project(stack, trace, outside, {}, KEY)
    contents = Contents(project, trace, KEY)
    return project, {name: contents.reach(name, one, Usage()) for name, one in project.services.items()}


TAKEN_BY_COMPOSE_5 = ("conflicting include", "extends included service")


def picked(root: Path) -> tuple[str, ...]:
    """The file to ask about where reading the project failed before it was known."""
    return tuple(str(root / "app" / name) for name in ("compose.yaml",) if (root / "app" / name).exists())


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=[pytest.mark.thorough] if case in OTHERS else []) for case in ALL]
)
def test_tegu_reads_what_compose_reads(case: str, judges: list[Judge], tmp_path: Path) -> None:
    files, stack = ALL[case]
    write(files, tmp_path)
    try:
        project, reaches = read(files, stack, tmp_path)
    except InvalidStack:
        refusing = [judge for judge in judges if case not in TAKEN_BY_COMPOSE_5 or judge.release < (5, 0)]
        assert [ask(judge, stack, tmp_path, picked(tmp_path)) for judge in refusing] == [None] * len(refusing)
        return
    outside = DictOutside(live=str(tmp_path))
    outside.environ["HOME"] = "/root"
    snapshot = take_snapshot(stack, World().tree(files), outside, KEY)
    for judge in asked(case, judges):
        model = ask(judge, stack, tmp_path, project.files)
        assert model is not None, judge.version
        missing = missing_sources(snapshot, model, str(tmp_path / "app"))
        assert not [path for path in missing if (tmp_path / path).exists()]  # what is nowhere joins no closure
        assert set(model["services"]) == set(project.services)
        for name, theirs in model["services"].items():
            ours: dict[str, Any] = project.services[name]
            assert theirs.get("image") == ours.get("image")
            assert (theirs.get("build") or {}).get("context") == (ours.get("build") or {}).get("context")
            assert (theirs.get("models") or {}) == (ours.get("models") or {})
            assert _mounts(theirs) == _mounts(ours)
            assert (theirs.get("labels") or {}) == reaches[name].labels
            assert (theirs.get("build") or {}).get("args", {}) == _given(reaches[name].build)
            ours = reaches[name].environment if judge.release >= LATER else reaches[name].older_environment
            assert (theirs.get("environment") or {}) == ours


def _given(build: object) -> dict[str, Any]:
    arguments = build.get("args", {}) if isinstance(build, dict) else {}
    return {key: value for key, value in arguments.items() if value is not None}


def _mounts(service: dict[str, Any]) -> list[tuple[str, str, str]]:
    volumes = service.get("volumes") or []
    return sorted((mount["type"], mount.get("source") or "", mount["target"]) for mount in volumes)
