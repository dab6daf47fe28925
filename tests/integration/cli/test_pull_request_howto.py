"""The workflows of docs/how-to/plan-in-pull-requests.md do what the page says, in a repository as a runner has it."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.git_server import GIT_ENV, Source
from workers.runtime.process import run

from .conftest import PROGRAM, compose

PAGE = Path(__file__).parents[3] / "docs/how-to/plan-in-pull-requests.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
GITHUB, GITEA = (yaml.safe_load(text) for kind, text in BLOCKS if kind == "yaml")
CATALOG = (
    "repos:\n  homelab:\n    url: https://git.invalid/homelab.git\n    discover: ['services/*']\n"
    "    webhook_secret: ${NOT_HERE}\n"
)
ROW = "| default/authelia | up | content\\_changed | authelia: up | services/authelia/compose.yaml |"


def script(workflow: dict[str, Any], name: str) -> str:
    (step,) = (step for step in workflow["jobs"]["plan"]["steps"] if step.get("name") == name)
    return str(step["run"])


def shell(text: str, folder: Path, **env: str) -> str:
    path = f"{Path(PROGRAM).parent}:{os.environ['PATH']}"
    known = {**GIT_ENV, "PATH": path, "HOME": str(folder), "RUNNER_TEMP": str(folder.parent), **env}
    return run(["bash", "-euo", "pipefail", "-c", text], what="bash", env=known, timeout=60, cwd=folder).stdout


@pytest.fixture
def forked(homelab: Source) -> Source:
    """A branch with one change, while its base went on with another."""
    homelab.commit({"tegu.yaml": CATALOG})
    homelab.git("checkout", "-q", "-b", "feature")
    homelab.commit({"services/authelia/compose.yaml": compose("authelia", "sleep 2000")})
    homelab.git("checkout", "-q", "main")
    homelab.commit({"services/adguard/compose.yaml": compose("adguard", "sleep 3000")})
    return homelab


def test_github_compares_the_merge_with_its_base(forked: Source, tmp_path: Path) -> None:
    forked.git("checkout", "-q", "--detach")
    forked.git("merge", "-q", "--no-edit", "feature")
    summary = tmp_path / "summary"
    shell(script(GITHUB, "Plan"), forked.path, GITHUB_STEP_SUMMARY=str(summary))
    shown = summary.read_text().splitlines()
    assert ROW in shown
    assert shown[0] == "**Tegu**: 1 of 2 stacks would change."


def test_gitea_compares_the_branch_with_where_it_left_its_base(forked: Source, tmp_path: Path) -> None:
    forked.git("update-ref", "refs/pull/1/head", "feature")
    shutil.copytree(forked.path / ".git", tmp_path / "server/me/homelab.git")
    job = tmp_path / "job"
    job.mkdir()
    env = {
        "GITHUB_SERVER_URL": f"file://{tmp_path}/server",
        "GITHUB_REPOSITORY": "me/homelab",
        "GITHUB_REF": "refs/pull/1/head",
        "GITHUB_BASE_REF": "main",
    }
    shell(script(GITEA, "Check out"), job, **env)
    shown = shell(script(GITEA, "Plan").replace("/tmp/plan.md", f"{tmp_path}/plan.md"), job, **env).splitlines()
    assert ROW in shown
    assert shown[0] == "**Tegu**: 1 of 2 stacks would change."


def test_a_job_can_fail_for_broken_stacks_only(forked: Source) -> None:
    (text,) = (text for kind, text in BLOCKS if kind == "sh" and text.startswith("tegu plan"))
    shell(text, forked.path)
    forked.commit({"services/adguard/compose.yaml": "services: ["})
    with pytest.raises(Exception, match="exit code 1"):
        shell(text, forked.path)
