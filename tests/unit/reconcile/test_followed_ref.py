"""A followed ref, however it is written: pull, quick look, plan, diff, status and webhooks mean the same commit."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from app.http.schemas import repo_states
from app.webhooks import Push, Update
from tests.git_server import Source
from tests.published import Published
from tests.records import record_at
from tests.redis_server import RedisServer
from workers.adapters.state.results import StackResult
from workers.commands.plan import newest, plan, stack_difference
from workers.deploy.fast_path import HandOver, decide_quickly
from workers.model.errors import UnknownName
from workers.model.words import Trigger
from workers.reconcile.pull import pull
from workers.reconcile.requests import request_pull
from workers.runtime.settings import Settings
from workers.services import Services

pytestmark = pytest.mark.redis

CATALOG = "repos: {homelab: {url: %s, ref: %s, discover: ['services/*']}}\n"
COMPOSE = "services: {web: {image: busybox}}\n"
STACK = "default/a"
REFS = ["main", "heads/main", "refs/heads/main"]


@pytest.fixture
def source(tmp_path: Path) -> Source:
    made = Source(tmp_path / "source")
    made.commit({"services/a/compose.yaml": COMPOSE, "services/b/compose.yaml": COMPOSE})
    return made


@pytest.fixture
def services(
    tmp_path: Path, source: Source, redis_server: RedisServer, redis: Redis, request: pytest.FixtureRequest
) -> Iterator[Services]:
    assert redis.ping()
    catalog = tmp_path / "tegu.yaml"
    catalog.write_text(CATALOG % (source.path, request.param))
    settings = Settings(catalog=catalog, data_dir=tmp_path / "data", redis_url=redis_server.url)
    made = Services(settings, queue=Published())
    yield made
    made.close()


def _pull(services: Services) -> str:
    run, status = request_pull(services, "homelab", Trigger.CLI)
    assert status == "queued"
    pull(services, "homelab", run, "local")
    return run


def _deployed(services: Services, commit: str) -> None:
    """As if the stack had been deployed at a commit."""
    record = record_at(services, services.stacks.find(STACK), commit, repo="homelab")
    services.state.records.put(STACK, record, None, deployed_commit=record.commit)


def _decided_at(services: Services, run: str) -> str:
    """The commit at which the quick look finds the stack unchanged."""
    done = decide_quickly(services, STACK, force=False, taker="task")
    assert isinstance(done, StackResult)
    assert done.reason == "unchanged"
    shown = services.state.runs.get(run)
    assert shown is not None
    return str(shown.stacks[STACK].commit)


@pytest.mark.parametrize("services", REFS, indirect=True)
def test_everybody_names_the_pushed_commit(services: Services, source: Source) -> None:
    _pull(services)
    _deployed(services, source.git("rev-parse", "HEAD"))
    for number in range(3):
        pushed = source.commit({"services/b/compose.yaml": f"{COMPOSE}# {number}\n"}, f"Change {number}")
        run = _pull(services)
        shown = services.state.runs.get(run)
        assert shown is not None
        assert shown.commit == pushed
        assert services.state.commits.get_many([pushed])[pushed].subject == f"Change {number}"
        assert _decided_at(services, run) == pushed
        assert {each.commit for each in plan(services, fetch=False)} == {pushed}
        assert newest(services, services.stacks.find(STACK)).commit == pushed
        assert stack_difference(services, services.stacks.find(STACK))["to"] == pushed
        assert services.state.rows([STACK])[0]["latest_commit"] == pushed
        (repo,) = repo_states(services.catalog.current(), services.state)
        assert list(repo.heads.values()) == [pushed]
        assert repo.sizes == {"local": services.clone("homelab").size()}


@pytest.mark.parametrize("services", REFS, indirect=True)
@pytest.mark.parametrize("said", REFS)
def test_a_webhook_for_what_was_fetched_is_coalesced(services: Services, source: Source, said: str) -> None:
    run = _pull(services)
    followed = services.catalog.current().refs("homelab")
    (update,) = Push((Update(said, source.git("rev-parse", "HEAD")),)).among(followed)
    assert request_pull(services, "homelab", Trigger.WEBHOOK, commit=update.commit, ref=update.ref) == (
        run,
        "coalesced",
    )


@pytest.mark.parametrize("services", ["v2", "refs/tags/v2", "tags/v2"], indirect=True)
def test_a_tag_of_a_tag_is_followed_to_its_commit(services: Services, source: Source) -> None:
    commit = source.git("rev-parse", "HEAD")
    source.git("tag", "-a", "-m", "first", "v1")
    source.git("tag", "-a", "-m", "again", "v2", "v1")
    tag = source.git("rev-parse", "v2")
    run = _pull(services)
    _deployed(services, tag)
    assert _decided_at(services, run) == commit
    found = stack_difference(services, services.stacks.find(STACK))
    assert (found["from"], found["to"], found["files"]) == (commit, commit, [])
    assert {each.commit for each in plan(services)} == {commit}


@pytest.mark.parametrize("services", ["nothing"], indirect=True)
def test_what_is_not_there_is_said_with_the_way_to_look_for_it(services: Services) -> None:
    services.catalog.current()
    services.settings.catalog.write_text(services.settings.catalog.read_text() + "stacks: {a: {path: services/a}}\n")
    with pytest.raises(UnknownName, match=r"repo homelab has no branch or tag 'nothing'.*`tegu pull homelab`"):
        newest(services, services.stacks.find(STACK))


@pytest.mark.parametrize("services", ["main"], indirect=True)
def test_a_repo_whose_ids_are_of_another_hash_now_is_compared_by_the_record_alone(
    services: Services, source: Source
) -> None:
    _pull(services)
    _deployed(services, source.git("rev-parse", "HEAD"))
    shutil.rmtree(source.path)
    commit = Source(source.path, "sha256").commit(
        {"services/a/compose.yaml": COMPOSE, "services/b/compose.yaml": COMPOSE}
    )
    _pull(services)
    assert isinstance(decide_quickly(services, STACK, force=False, taker="task"), HandOver)
    found = stack_difference(services, services.stacks.find(STACK))
    assert (found["to"], [each["path"] for each in found["files"]]) == (commit, ["services/a/compose.yaml"])
    assert {each.stack: each.commit for each in plan(services)} == {STACK: commit, "default/b": commit}
    place = services.clone("homelab").path.stat().st_ino
    _pull(services)
    assert services.clone("homelab").path.stat().st_ino == place, "nothing was taken for damage"
