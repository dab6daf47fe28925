"""An environment whose branch is not there: everybody says so in the same word, and nothing that runs is touched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tests.git_server import Source
from tests.published import Published
from tests.records import record_at
from tests.redis_server import RedisServer
from workers.commands.check import check
from workers.commands.plan import plan
from workers.deploy.deploy_if_changed import deploy_if_changed
from workers.model.words import Trigger
from workers.reconcile.pull import pull
from workers.reconcile.requests import request_pull
from workers.runtime.settings import Settings
from workers.services import Services

pytestmark = pytest.mark.redis

CATALOG = """
repos: {homelab: {url: %s, discover: ["services/*"]}}
environments:
  production: {}
  staging: {ref: develop, defaults: {project: "{stack}-staging"}}
"""
NAMED = "stacks: {named: {path: edge/named, environments: [staging]}}\n"
COMPOSE = "services: {web: {image: busybox}}\n"
NOT_THERE = "repo homelab has no branch or tag 'develop'; push it, or name another as ref"


@pytest.fixture
def source(tmp_path: Path) -> Source:
    made = Source(tmp_path / "source")
    made.commit({"services/a/compose.yaml": COMPOSE, "edge/named/compose.yaml": COMPOSE})
    return made


@pytest.fixture
def services(tmp_path: Path, source: Source, redis_server: RedisServer, redis: Redis) -> Iterator[Services]:
    assert redis.ping()
    catalog = tmp_path / "tegu.yaml"
    catalog.write_text(CATALOG % source.path)
    settings = Settings(catalog=catalog, data_dir=tmp_path / "data", redis_url=redis_server.url)
    made = Services(settings, queue=Published())
    yield made
    made.close()


def _pull(services: Services) -> dict[str, Any]:
    run, _ = request_pull(services, "homelab", Trigger.CLI)
    pull(services, "homelab", run, "local")
    shown = services.state.runs.get(run)
    assert shown is not None
    return shown.to_json()


def test_check_tells_of_an_environment_whose_stacks_are_only_discovered(services: Services, source: Source) -> None:
    found = [(each.stack, each.message) for each in check(services) if each.error]
    assert found == [("", f"staging: {NOT_THERE}")]
    source.git("branch", "develop")
    assert not [each for each in check(services) if each.error]
    source.git("branch", "-D", "develop")
    assert [(each.stack, each.message) for each in check(services) if each.error] == found


def test_check_tells_of_a_repo_without_its_own_ref(services: Services, source: Source) -> None:
    source.git("branch", "-m", "main", "trunk")
    found = [each.message for each in check(services) if each.error]
    assert "repo homelab has no branch or tag 'main'; push it, or name another as ref" in found


def test_the_pull_has_failed_and_goes_on_with_the_others(services: Services) -> None:
    run = _pull(services)
    assert (run["pulls"]["local"]["status"], run["pulls"]["local"]["error"]) == ("failed", f"staging: {NOT_THERE}")
    assert services.queue.stacks == ["production/a"]  # type: ignore[attr-defined]
    assert list(run["stacks"]) == ["production/a"]


def test_one_of_several_repos_may_do_without_an_environment_s_branch(services: Services, tmp_path: Path) -> None:
    other = Source(tmp_path / "other")
    other.commit({"apps/b/compose.yaml": COMPOSE})
    other.git("branch", "develop")
    catalog = services.settings.catalog
    catalog.write_text(
        catalog.read_text().replace("repos: {", f"repos: {{other: {{url: {other.path}, discover: [apps/*]}}, ")
    )
    assert _pull(services)["pulls"]["local"]["status"] == "succeeded"
    assert [(each.message, each.error) for each in check(services)] == [(f"staging: {NOT_THERE}", False)]


def test_a_pull_and_a_deployment_say_the_same(services: Services) -> None:
    catalog = services.settings.catalog
    catalog.write_text(catalog.read_text() + NAMED)
    pulled = _pull(services)["stacks"]["staging/named"]
    run = services.state.runs.create("homelab", Trigger.CLI, ())
    services.state.runs.plan(run, [("staging/named", "")])
    done = deploy_if_changed(services, "staging/named", run).to_json()
    for said in (pulled, done):
        assert (said["outcome"], said["reason"], said["message"]) == ("invalid", "invalid", NOT_THERE)
    assert services.state.rows(["staging/named"])[0]["status"] == "invalid"


def test_a_deleted_branch_removes_nothing_in_the_plan(services: Services, source: Source) -> None:
    source.git("branch", "develop")
    _pull(services)
    stack = services.stacks.find("staging/a")
    commit = services.clone("homelab").heads(["develop"])["develop"]
    record = record_at(services, stack, commit, repo="homelab")
    services.state.records.put(stack.id, record, None, deployed_commit=commit)
    source.git("branch", "-D", "develop")
    assert [each.stack for each in plan(services)] == ["production/a"]
