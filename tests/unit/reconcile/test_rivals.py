"""Folders of one name in two repos: one of them is the stack, and stays it; the other one is invalid, and told of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tests.git_server import Source
from tests.published import Published
from tests.records import a_record, record_at
from tests.redis_server import RedisServer
from workers.adapters.git.repair import is_marked_damaged
from workers.adapters.state.marks import Removed
from workers.adapters.state.rebuild import rebuild
from workers.adapters.state.results import StackResult
from workers.catalog.places import Place
from workers.commands.check import check
from workers.commands.plan import explain, plan, stack_difference
from workers.deploy.fast_path import is_as_recorded
from workers.model.words import Action, Decision, Outcome, Reason, Trigger
from workers.reconcile.pull import pull
from workers.reconcile.requests import request_pull
from workers.runtime.settings import Settings
from workers.services import Services

pytestmark = pytest.mark.redis

CATALOG = """
repos:
  homelab: {{url: {homelab}, discover: ["services/*"]}}
  other: {{url: {other}, discover: ["apps/*"]}}
"""
TAKEN = "apps/aa: the name is taken by services/aa of homelab; add one of them to stacks with another name"


def _compose(command: str) -> str:
    return f"services: {{web: {{image: busybox, command: {command}, volumes: ['./conf:/conf']}}}}\n"


@pytest.fixture
def published() -> Published:
    return Published()


@pytest.fixture
def homelab(tmp_path: Path) -> Source:
    made = Source(tmp_path / "homelab")
    made.commit({"services/aa/compose.yaml": _compose("one"), "services/aa/conf/old/a.conf": "1"})
    return made


@pytest.fixture
def other(tmp_path: Path) -> Source:
    made = Source(tmp_path / "other")
    made.commit(
        {
            "apps/aa/compose.yaml": _compose("two"),
            "apps/aa/conf/a.conf": "2",
            "apps/bb/compose.yaml": _compose("three"),
        }
    )
    return made


@pytest.fixture
def services(
    tmp_path: Path,
    homelab: Source,
    other: Source,
    published: Published,
    redis_server: RedisServer,
    redis: Redis,
) -> Iterator[Services]:
    assert redis.ping()
    catalog = tmp_path / "tegu.yaml"
    catalog.write_text(CATALOG.format(homelab=homelab.path, other=other.path))
    settings = Settings(catalog=catalog, data_dir=tmp_path / "data", redis_url=redis_server.url)
    made = Services(settings, queue=published)
    yield made
    made.close()


@pytest.fixture
def pulled(services: Services, published: Published) -> Callable[[str], dict[str, Any]]:
    """Pulls a repo; the run."""

    def act(repo: str) -> dict[str, Any]:
        published.stacks.clear()
        run, _ = request_pull(services, repo, Trigger.CLI)
        pull(services, repo, run, "local")
        shown = services.state.runs.get(run)
        assert shown is not None
        return shown.to_json()

    return act


def _record(services: Services, stack_id: str, *, repo: str | None = None) -> None:
    """Let a stack count as deployed, as it is now."""
    stack = services.stacks.find(stack_id)
    commit = services.clone(stack.repo).fetch(["main"])["main"]
    record = record_at(services, stack, commit, repo=repo or stack.repo)
    services.state.records.put(stack.id, record, None, deployed_commit=commit)


def _decided(decisions: Iterable[Decision]) -> list[tuple[str, Action, Reason]]:
    return [(each.stack, each.action, each.reason) for each in decisions]


@pytest.mark.parametrize("first", ["homelab", "other"])
def test_whoever_was_discovered_first_stays_the_stack(
    services: Services, pulled: Callable[[str], dict[str, Any]], first: str
) -> None:
    pulled(first)
    for repo in ("other", "homelab", "other", "homelab"):
        run = pulled(repo)
        assert services.state.discovered.all()["default/aa"].repo == first
        assert (run["error"] is None) == (repo == first)


def test_the_second_one_is_invalid_and_the_first_one_is_left_alone(
    services: Services, pulled: Callable[[str], dict[str, Any]], published: Published
) -> None:
    pulled("homelab")
    before = services.state.records.status("default/aa")
    run = pulled("other")
    assert published.stacks == ["default/bb"]
    assert run["pulls"]["local"]["error"] == f"default/aa: {TAKEN}"
    part = run["stacks"]["default/aa"]
    assert (part["outcome"], part["reason"], part["message"]) == (Outcome.INVALID, Reason.INVALID, TAKEN)
    assert services.state.records.status("default/aa") == before
    unchanged = StackResult("default/bb", Action.NONE, Reason.UNCHANGED, Outcome.UNCHANGED)
    services.state.runs.finish([run["id"]], unchanged)
    assert [head.status for head in services.state.runs.heads([run["id"]])] == ["failed"]


def test_a_folder_that_has_the_name_of_a_stack_in_the_catalog_does_not_keep_that_one_from_being_deployed(
    services: Services, pulled: Callable[[str], dict[str, Any]], published: Published
) -> None:
    catalog = services.settings.catalog
    catalog.write_text(catalog.read_text() + "stacks: {bb: {repo: other, path: elsewhere}}\n")
    run = pulled("other")
    assert "default/bb" in published.stacks
    assert run["stacks"]["default/bb"]["outcome"] is None
    assert "default/bb: apps/bb: the name is taken by elsewhere of other" in run["pulls"]["local"]["error"]


def test_a_name_is_free_again_once_its_folder_is_gone(
    services: Services, homelab: Source, pulled: Callable[[str], dict[str, Any]]
) -> None:
    pulled("homelab")
    pulled("other")
    homelab.commit({"services/aa/compose.yaml": None})
    pulled("homelab")
    assert pulled("other")["error"] is None
    assert services.stacks.find("aa").path == "apps/aa"


def test_a_project_of_another_repo_is_taken(services: Services, pulled: Callable[[str], dict[str, Any]]) -> None:
    catalog = services.settings.catalog
    catalog.write_text(catalog.read_text() + "defaults: {project: one}\n")
    pulled("homelab")
    message = "apps/bb: default/aa has the Compose project one on the same Docker host already"
    assert pulled("other")["stacks"]["default/bb"]["message"] == message
    assert ("default/bb", message) in [(each.stack, each.message) for each in check(services)]


def test_two_pulls_at_once_cannot_both_have_a_name(services: Services) -> None:
    discovered = services.state.discovered
    assert discovered.replace("homelab", ["default"], {"default/aa": "services/aa"}, {})
    assert not discovered.replace("other", ["default"], {"default/aa": "apps/aa"}, {})
    assert discovered.all() == {"default/aa": Place("homelab", "services/aa")}


def test_a_name_outlives_a_lost_redis(services: Services, pulled: Callable[[str], dict[str, Any]]) -> None:
    pulled("homelab")
    journal = services.state.journal
    journal.update("default/aa", record=a_record(repo="homelab", path="services/aa"))
    journal.update("default/cc", record=a_record(repo="other", path="apps/cc"), removed=Removed("gone", done="keep"))
    services.state.redis.flushall()
    rebuild(services.state)
    assert services.state.discovered.all() == {"default/aa": Place("homelab", "services/aa")}
    assert pulled("other")["stacks"]["default/aa"]["outcome"] == Outcome.INVALID


def test_what_is_discovered_is_made_once_however_often_it_is_pulled(
    services: Services, pulled: Callable[[str], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pulled("homelab")
    pulled("other")
    catalog = services.catalog.current()
    monkeypatch.setattr(type(catalog), "discover", lambda *_: pytest.fail("made again"))
    heads = services.clone("other").heads(["main"])
    services.stacks.at("other", "local", heads, services.state.discovered.all())


def test_check_and_plan_look_at_all_repos(services: Services) -> None:
    errors = [(each.stack, each.message) for each in check(services) if each.error]
    assert errors == [("default/aa", TAKEN)]
    assert _decided(plan(services)) == [
        ("default/aa", Action.UP, Reason.FIRST_DEPLOY),
        ("default/aa", Action.NONE, Reason.INVALID),
        ("default/bb", Action.UP, Reason.FIRST_DEPLOY),
    ]


def test_plan_keeps_a_name_with_whom_it_was_discovered(
    services: Services, pulled: Callable[[str], dict[str, Any]]
) -> None:
    pulled("other")
    (invalid,) = (each for each in plan(services) if each.reason is Reason.INVALID)
    assert "services/aa: the name is taken by apps/aa of other" in invalid.message


@pytest.mark.parametrize("known", [True, False])
def test_a_stack_that_came_from_another_repo_is_compared_with_what_that_one_has_deployed(
    services: Services, homelab: Source, pulled: Callable[[str], dict[str, Any]], known: bool
) -> None:
    pulled("homelab")
    _record(services, "default/aa")
    homelab.commit({"services/aa/compose.yaml": None})
    pulled("homelab")
    pulled("other")
    if not known:
        catalog = services.settings.catalog
        catalog.write_text(catalog.read_text().replace("  homelab:", "  renamed:"))
    stack = services.stacks.find("aa")
    tree = services.clone("other").tree(services.clone("other").heads(["main"])["main"])
    record = services.state.records.get(stack.id)
    assert record is not None
    assert not is_as_recorded(services, stack, record, tree)
    decision = next(each for each in plan(services) if each.stack == stack.id)
    assert (decision.action, decision.reason) == (Action.UP, Reason.CONTENT_CHANGED)
    assert {"apps/aa/compose.yaml", "apps/aa/conf/a.conf"} <= set(decision.paths)
    assert ("services/aa/conf/old/a.conf" in decision.paths) == known
    assert stack_difference(services, stack)["files"]
    assert explain(services, stack)["repo"] == "other"
    assert not is_marked_damaged(services.clone("other").path)


def test_another_name_for_a_repo_is_no_change(services: Services, pulled: Callable[[str], dict[str, Any]]) -> None:
    pulled("homelab")
    _record(services, "default/aa", repo="before")
    assert _decided(plan(services, "homelab")) == [("default/aa", Action.NONE, Reason.UNCHANGED)]
