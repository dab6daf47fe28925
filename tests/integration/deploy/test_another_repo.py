"""A stack that comes from another repo than it was deployed from."""

from __future__ import annotations

import pytest

from tests.git_server import Source
from workers.model.words import Trigger
from workers.reconcile.requests import request_pull

from .house import House, compose, service

pytestmark = [pytest.mark.docker, pytest.mark.redis]

BOUND = compose(web=service("sleep 1000", volumes=["./conf:/conf:ro"]))


def _comes_from(house: House, repo: str, source: Source) -> None:
    """Let the catalog have one repo only, of this name."""
    text = house.services.settings.catalog.read_text()
    text = text.replace("  r: ", f"  {repo}: ").replace('repo: "r"', f'repo: "{repo}"')
    house.services.settings.catalog.write_text(text.replace(str(house.source.path), str(source.path)))
    request_pull(house.services, repo, Trigger.WEBHOOK)
    house.work()


def test_another_name_for_a_repo_restarts_nothing(house: House) -> None:
    stack = house.stack("a")
    house.pull({"a/compose.yaml": BOUND, "a/conf/one": "1"})
    before = house.lives()
    _comes_from(house, "renamed", house.source)
    assert house.lives() == before
    record = house.services.state.records.get(stack)
    assert record is not None
    assert record.repo == "renamed"


def test_what_another_repo_has_is_deployed(house: House) -> None:
    stack = house.stack("a")
    house.pull({"a/compose.yaml": BOUND, "a/conf/one": "1"})
    before = house.lives()
    elsewhere = Source(house.folder / "elsewhere")
    commit = elsewhere.commit({"a/compose.yaml": BOUND, "a/conf/two": "2"})
    _comes_from(house, "s", elsewhere)
    row = house.services.state.rows([stack])[0]
    assert (row["status"], row["deployed_commit"]) == ("deployed", commit)
    assert house.seen("web", "/conf/two") == "2"
    assert not house.live("a/conf/one").exists()
    assert house.lives() != before
