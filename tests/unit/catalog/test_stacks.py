"""Which stacks there are, and which one a name means."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.git_server import Source
from tests.redis_server import RedisServer
from workers.model.errors import UnknownName
from workers.runtime.settings import Settings
from workers.services import Services

pytestmark = pytest.mark.redis

CATALOG = """
repos:
  homelab: {url: %s, ref: main, discover: ["services/*"]}
environments:
  production: {}
  staging: {worker: nas, ref: develop, defaults: {project: "{stack}-staging"}}
stacks:
  proxy: {repo: homelab, path: edge/proxy, environments: [production]}
"""

COMPOSE = "services: {}\n"


@pytest.fixture
def source(tmp_path: Path) -> Source:
    made = Source(tmp_path / "source")
    made.commit({"services/a/compose.yaml": COMPOSE, "services/b/compose.yaml": COMPOSE, "services/readme.md": ""})
    return made


@pytest.fixture
def services(tmp_path: Path, source: Source, redis_server: RedisServer, redis: Redis) -> Iterator[Services]:
    assert redis.ping()
    catalog = tmp_path / "tegu.yaml"
    catalog.write_text(CATALOG % (source.path / ".git"))
    made = Services(Settings(catalog=catalog, data_dir=tmp_path / "data", redis_url=redis_server.url))
    yield made
    made.close()


def _discover(services: Services, worker: str = "local") -> dict[str, str]:
    catalog = services.catalog.current()
    heads = services.clone("homelab").fetch(catalog.refs("homelab", worker))
    found = services.stacks.discover("homelab", worker, heads)
    return {each.stack.id: each.commit for each in found.planned}


def test_a_worker_has_the_configured_and_the_discovered_stacks_of_its_environments(
    services: Services, source: Source
) -> None:
    commit = source.git("rev-parse", "HEAD")
    assert _discover(services) == dict.fromkeys(["production/proxy", "production/a", "production/b"], commit)


def test_each_environment_is_discovered_at_its_own_ref(services: Services, source: Source) -> None:
    source.git("checkout", "-q", "-b", "develop")
    newer = source.commit({"services/c/compose.yml": COMPOSE})
    assert _discover(services, "nas") == {f"staging/{name}": newer for name in "abc"}


def test_a_ref_that_is_not_there_makes_configured_stacks_invalid(services: Services) -> None:
    found = services.stacks.at("homelab", "local", {}, {})
    assert [(each.stack, each.message) for each in found.invalid] == [
        ("production/proxy", "repo homelab has no branch or tag 'main'; push it, or name another as ref")
    ]


def test_a_short_name_is_enough_where_it_is_unique(services: Services) -> None:
    _discover(services)
    assert services.stacks.find("a").id == "production/a"
    assert services.stacks.find("proxy").path == "edge/proxy"
    assert services.stacks.find("production/b").path == "services/b"


def test_a_name_that_means_several_stacks_lists_them(services: Services, source: Source) -> None:
    source.git("branch", "develop")
    _discover(services)
    _discover(services, "nas")
    with pytest.raises(UnknownName, match="a may be any of production/a, staging/a"):
        services.stacks.find("a")
    assert [stack.id for stack in services.stacks.all()] == [
        "production/a",
        "production/b",
        "production/proxy",
        "staging/a",
        "staging/b",
    ]


def test_a_stack_of_an_environment_that_is_gone_makes_no_short_name_ambiguous(
    services: Services, source: Source
) -> None:
    source.git("branch", "develop")
    _discover(services)
    _discover(services, "nas")
    catalog = services.settings.catalog
    catalog.write_text(catalog.read_text().replace("staging:", "testing:"))
    assert services.stacks.find("a").id == "production/a"


@pytest.mark.parametrize("name", ["nothing", "production/nothing", "nowhere/a"])
def test_a_name_that_means_none_is_told(services: Services, name: str) -> None:
    with pytest.raises(UnknownName, match="there is no stack"):
        services.stacks.find(name)


def test_a_stack_that_left_the_repo_is_not_discovered_any_more(services: Services, source: Source) -> None:
    _discover(services)
    assert services.stacks.find("production/b", remembered=True).path == "services/b"
    source.commit({"services/b/compose.yaml": None})
    _discover(services)
    with pytest.raises(UnknownName):
        services.stacks.find("production/b")
    assert services.stacks.find("production/b", remembered=True).name == "b", "a quick look may still know it"


def test_a_folder_that_moved_is_found_at_its_new_place(services: Services, source: Source) -> None:
    _discover(services)
    catalog = services.settings.catalog
    catalog.write_text(catalog.read_text().replace('["services/*"]', '["services/*", "apps/*"]'))
    source.commit({"services/b/compose.yaml": None, "apps/b/compose.yaml": COMPOSE})
    _discover(services)
    assert services.stacks.find("b").path == "apps/b"
