"""A deployment looks at the engine as often as something may have changed there, and no more often."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.integration.deploy.house import DOCKER_HOST, House, compose, service
from workers.commands.demo import free_port

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]

LISTINGS = 4  # before anything is touched, after `up`, and two while it waits, the last of which is recorded
LOOKS = 4 * 2  # into each of the containers, as often


@pytest.fixture
def calls(house: House, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the deployment asks the engine for containers, and for one of them."""
    found: Counter[str] = Counter()
    client: Any = house.services.containers(DOCKER_HOST).client

    def count(name: str) -> None:
        call = getattr(client, name)

        def counted(*args: object, **named: object) -> object:
            found[name] += 1
            return call(*args, **named)

        monkeypatch.setattr(client, name, counted)

    count("containers")
    count("inspect_container")
    return found


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"command": ["sleep", "1001"]}),
        ({"container_name": "{name}"}, {"command": ["sleep", "1001"], "container_name": "{name}"}),
        pytest.param({"labels": {"a": "1"}}, {"labels": {"a": "2"}}, marks=pytest.mark.thorough),  # as the command
        ({"ports": ["127.0.0.1:{port}:80"]}, {"ports": ["127.0.0.1:{port}:80"], "labels": {"a": "2"}}),
    ],
    ids=["command", "container_name", "labels", "port"],
)
def test_one_changed_service_of_two(
    house: House, calls: Counter[str], before: dict[str, object], after: dict[str, object]
) -> None:
    port = free_port()

    def file(more: dict[str, object]) -> str:
        plain = service()
        if "ports" in more:
            del plain["network_mode"]
        text = compose(web=plain | more, db=service())
        return text.replace("{name}", house.project("named")).replace("{port}", str(port))

    house.stack()
    house.push({"a/compose.yaml": file(before)})
    db = house.lives()["db"]
    calls.clear()
    done = house.push({"a/compose.yaml": file(after)})
    assert (done["outcome"], house.lives()["db"]) == ("deployed", db), done
    assert calls["containers"] <= LISTINGS
    assert calls["inspect_container"] <= LOOKS


def test_a_changed_file_that_a_service_mounts(house: House, calls: Counter[str]) -> None:
    house.stack()
    file = compose(web=service(volumes=["./conf:/conf:ro"]), db=service())
    house.push({"a/compose.yaml": file, "a/conf/app.ini": "1"})
    calls.clear()
    done = house.push({"a/conf/app.ini": "2"})
    assert (done["outcome"], house.seen("web", "/conf/app.ini")) == ("deployed", "2"), done
    assert calls["containers"] <= LISTINGS
    assert calls["inspect_container"] <= LOOKS


def test_compose_is_not_asked_again_what_it_has_said(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside `up` no program of Compose is run where only a plain value of its file differs."""
    ran: list[str] = []
    compose_run = house.services.compose.run

    def noted(project: Any, argv: Any, **named: Any) -> Any:
        ran.append(argv[0])
        return compose_run(project, argv, **named)

    monkeypatch.setattr(house.services.compose, "run", noted)
    house.stack()
    house.push({"a/compose.yaml": compose(web=service("sleep 1000"))})
    done = house.push({"a/compose.yaml": compose(web=service("sleep 1001"))})
    assert (done["outcome"], house.command("web")) == ("deployed", "sleep 1001"), done
    assert ran == ["config", "up", "up"]
