"""Whatever is done outside a closure, the real Compose sees nothing of it: equal closures are equal deployments."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.integration.changes.judge import Judge
from tests.integration.changes.test_projects import ask, write
from tests.releases import examples
from tests.unit.changes.test_properties import PATHS, repositories
from tests.unit.changes.worlds import KEY, DictOutside, Link, World, make_stack
from workers.changes.closure import take_snapshot
from workers.changes.snapshot import Snapshot
from workers.deploy.containers.compose_model import services, sources
from workers.model.errors import InvalidStack

Repository = dict[str, object]

EDITED = "A=edited\nTAG=edited\nDIR=edited\n"
MODEL = "services: {web: {image: edited}, more: {image: edited}}\n"
EDITS: dict[str, object] = {
    **dict.fromkeys(PATHS, EDITED),
    **dict.fromkeys(("app/.env", "shared/.env", "other/.env", "app/env", ".env", "app/gone", "app/img/y"), EDITED),
    **dict.fromkeys(("app/compose.yml", "app/docker-compose.yml", "app/compose.override.yml", "compose.yaml"), MODEL),
    **dict.fromkeys(("app/compose.override.yaml", "shared/inc.yaml", "other/base.yaml", "other/unused.yaml"), MODEL),
    "app/link": Link("sub"),
    "app/img/Dockerfile": "FROM edited",
}
"""What is tried everywhere: what leaves the closure as it is stays done."""


@st.composite
def projects(draw: st.DrawFn) -> Repository:
    """Repositories of several Compose files."""
    files: Repository = dict(draw(repositories()))
    model = yaml.safe_load(str(files["app/compose.yaml"]))
    if draw(st.booleans()):
        model["include"] = ["../shared/inc.yaml"]
        files["shared/inc.yaml"] = "services: {inc: {image: 'i:${TAG:-0}', volumes: ['./b:/b', './sub:/s']}}"
    if draw(st.booleans()):
        model["services"]["ext"] = {"extends": {"file": "../other/base.yaml", "service": "base"}}
        files["other/base.yaml"] = "services: {base: {image: 'e:${DIR:-0}', volumes: ['./a:/a'], environment: [TAG]}}"
    return {**files, "app/compose.yaml": yaml.safe_dump(model)}


def snapshot(files: Repository, root: Path) -> Snapshot | None:
    try:
        return take_snapshot(make_stack(), World().tree(files), DictOutside(live=str(root)), KEY)
    except InvalidStack:
        return None


def edited_elsewhere(files: Repository, root: Path, fingerprint: str) -> Repository:
    """The repository with everything edited, added and deleted that does not reach the closure."""
    for path, content in EDITS.items():
        for attempt in ({**files, path: content}, {name: text for name, text in files.items() if name != path}):
            if any(name.startswith(f"{other}/") for name in attempt for other in attempt):
                continue
            after = snapshot(attempt, root)
            if after is not None and after.fingerprint == fingerprint:
                files = attempt
                break
    return files


def deployed(judge: Judge, files: Repository, root: Path) -> tuple[Any, dict[str, bytes]]:
    """What Compose makes of a repository, whose files it picks by itself, and all that services mount or build from."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    write(files, root)
    model = ask(judge, make_stack(), root, ())
    assert model is not None, judge.version
    contexts = {Path(one["build"]["context"]) for one in services(model).values() if one.get("build")}
    seen = sources(model) | {context for context in contexts if not (context / ".dockerignore").exists()}
    found = {file for source in seen for file in (source, *source.rglob("*")) if file.is_file()}
    return model, {str(file): file.read_bytes() for file in found}


@settings(
    max_examples=examples(3, 20),
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),  # each attempt to make a counterexample smaller would ask Compose again
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(files=projects())
def test_equal_closures_are_equal_to_compose(files: Repository, judges: list[Judge]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "live"
        before = snapshot(files, root)
        assert before is not None
        after = edited_elsewhere(files, root, before.fingerprint)
        assert after != files
        for judge in judges:
            first, then = (deployed(judge, each, root) for each in (files, after))
            assert first == then, judge.version
