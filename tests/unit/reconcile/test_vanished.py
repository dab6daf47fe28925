"""What was never deployed and is none any more leaves nothing behind; what is still found somewhere stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis

from app.http.schemas import stack_rows
from tests.git_server import Source
from tests.published import Published
from tests.records import a_record
from tests.redis_server import RedisServer
from workers.adapters.state import keys
from workers.adapters.state.refused import Refusal
from workers.commands.plan import explain_named
from workers.deploy.files.layout import Folders
from workers.deploy.known import find_known
from workers.model.errors import UnknownName
from workers.model.words import Trigger
from workers.reconcile.pull import pull
from workers.reconcile.requests import request_pull
from workers.reconcile.vanished import forget_vanished
from workers.runtime.settings import Settings
from workers.services import Services

pytestmark = pytest.mark.redis

CATALOG = """
repos:
  homelab: {{url: {homelab}, discover: ["services/*"]}}
  other: {{url: {other}, discover: ["apps/*"]}}
environments:
  default: {{}}
stacks:
  named: {{repo: other, path: elsewhere}}
"""
FILE = "services: {web: {image: busybox}}\n"
GRAFANA, OK, BAD = "default/Grafana", "default/ok", "default/bad"


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Source]:
    made = {name: Source(tmp_path / name) for name in ("homelab", "other")}
    folders = {"homelab": ["services/Grafana", "services/ok", "services/bad"], "other": ["apps/Loki", "elsewhere"]}
    for name, paths in folders.items():
        made[name].commit({f"{path}/compose.yaml": FILE for path in paths})
    return made


@pytest.fixture
def services(sources: dict[str, Source], tmp_path: Path, redis: Redis, redis_server: RedisServer) -> Iterator[Services]:
    assert redis.ping()
    catalog = tmp_path / "tegu.yaml"
    catalog.write_text(CATALOG.format(homelab=sources["homelab"].path, other=sources["other"].path))
    settings = Settings(data_dir=tmp_path / "data", catalog=catalog, redis_url=redis_server.url)
    made = Services(settings, queue=Published())
    yield made
    made.close()


@pytest.fixture
def pulled(services: Services) -> Callable[[str], None]:
    def pull_it(repo: str) -> None:
        run, _ = request_pull(services, repo, Trigger.WEBHOOK)
        pull(services, repo, run, "local")

    return pull_it


def listed(services: Services) -> set[str]:
    return {row["stack"] for row in stack_rows(services.catalog.current(), services.state)}


def test_a_name_that_the_catalog_refuses_is_explained_while_it_is_there_and_forgotten_when_it_is_gone(
    services: Services, sources: dict[str, Source], pulled: Callable[[str], None]
) -> None:
    pulled("homelab")
    pulled("other")
    for name in ("Grafana", GRAFANA):
        found = explain_named(services, name)
        assert found["stack"] == GRAFANA
        assert "not a valid name" in str(found["why"])
    services.state.pauses.pause(BAD, "me")

    sources["homelab"].git("mv", "services/Grafana", "services/grafana")
    sources["homelab"].commit({"services/bad/compose.yaml": None})
    pulled("homelab")
    assert listed(services) == {OK, "default/grafana", "default/named", "default/Loki"}
    assert services.state.pauses.get(BAD) is None
    assert not services.state.journal.exists(BAD)
    assert list(services.state.redis.scan_iter(f"*{BAD}*")) == [keys.waiting(BAD)]  # its run's own
    with pytest.raises(UnknownName):
        explain_named(services, "Grafana")


def test_what_the_catalog_names_no_more_is_forgotten_and_so_is_what_a_repo_had_that_is_gone_from_it(
    services: Services, pulled: Callable[[str], None]
) -> None:
    pulled("homelab")
    pulled("other")
    catalog = services.settings.catalog
    text = catalog.read_text()
    catalog.write_text(text[: text.index("  other:")] + "environments:\n  default: {}\n")
    assert set(forget_vanished(services, "local")) == {"default/named", "default/Loki"}
    assert listed(services) == {GRAFANA, OK, BAD}
    assert set(services.state.refused.all()) == {GRAFANA}


def test_what_is_another_workers_is_left_to_that_one(services: Services, pulled: Callable[[str], None]) -> None:
    pulled("homelab")
    services.state.refused.forget([GRAFANA])
    assert forget_vanished(services, "nas") == ()
    assert forget_vanished(services, "local") == (GRAFANA,)


def test_what_was_deployed_is_never_forgotten_by_itself_whoever_remembers_it(
    services: Services, pulled: Callable[[str], None]
) -> None:
    pulled("homelab")
    for stack in ("default/recorded", "default/journaled", "default/begun"):
        services.state.records.set_status(stack, latest_commit="c")
    services.state.records.put("default/recorded", a_record(), None)
    services.state.journal.update("default/journaled", record=a_record())
    manifest = services.settings.data_dir / "state/default/begun.files"
    manifest.parent.mkdir(parents=True, exist_ok=True)
    manifest.write_text("{}")
    assert forget_vanished(services, "local") == ()
    assert Folders.of(services.settings.data_dir, find_known(services, "begun")).manifest == manifest
    removed = services.state.records.status("default/begun").removed
    assert removed is not None
    assert removed.is_settled("keep")


def test_what_other_environments_were_refused_stays(services: Services) -> None:
    refused = services.state.refused
    there = {"staging/X": Refusal("homelab", "c", "why"), GRAFANA: Refusal("homelab", "c", "why")}
    refused.replace("homelab", ["default", "staging"], there)
    refused.replace("homelab", ["default"], {})
    assert set(refused.all()) == {"staging/X"}
