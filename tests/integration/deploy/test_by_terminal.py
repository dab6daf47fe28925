"""`tegu compose STACK stop`: everybody sees it at once, and it is healed no sooner than the policy says."""

from __future__ import annotations

import pytest

from tests.integration.deploy.house import House, compose, service
from workers.commands.compose import carry_out, compose_call
from workers.reconcile.find_drift import inspect
from workers.runtime.process import run

pytestmark = pytest.mark.docker

TWO = {"a/compose.yaml": compose(web=service(), db=service())}


def typed(house: House, *arguments: str) -> int:
    return carry_out(house.services, house.services.stacks.find("a"), arguments)


def status(house: House) -> tuple[object, object]:
    (row,) = house.services.state.rows(["default/a"])
    return row["status"], row["drift"]


def test_a_stack_that_somebody_stops_is_shown_as_stopped_and_stays_so(house: House) -> None:
    house.stack()
    house.push(TWO)
    assert typed(house, "stop") == 0
    assert status(house) == ("stopped", None)
    assert house.look()["reason"] == "unchanged"
    assert inspect(house.services, "local") == ()
    assert status(house) == ("stopped", None)
    (row,) = house.services.state.rows(["default/a"])
    assert row["stopped"]["how"] == "tegu compose default/a stop"
    assert typed(house, "start") == 0
    assert status(house) == ("deployed", None)
    assert typed(house, "down") == 0
    assert status(house) == ("stopped", None)
    assert typed(house, "up", "-d", "--quiet-pull") == 0
    assert status(house) == ("deployed", None)


def test_one_service_that_somebody_stops_is_healed_by_reconcile_and_by_nobody_earlier(house: House) -> None:
    house.stack()
    house.push(TWO)
    assert typed(house, "stop", "web") == 0
    assert status(house) == ("deployed", None)
    assert house.published.stacks == []
    assert house.look()["outcome"] == "unchanged"
    assert not house.containers()["web"].container.running
    assert inspect(house.services, "local") == ("default/a",)
    assert status(house)[1] == {"web": "stopped"}


def test_what_is_typed_is_what_compose_is_told(house: House) -> None:
    house.stack()
    house.push({"a/compose.yaml": compose(web=service("echo hello"), db=service())})
    for arguments, said in (
        (("--", "logs", "web"), "hello"),
        (("logs", "-n", "1", "web"), "hello"),
        (("exec", "-T", "db", "sh", "-c", "echo 'a  b'"), "a  b\n"),
    ):
        call = compose_call(house.services, house.services.stacks.find("a"), arguments)
        done = run(call.argv, what="docker compose", env=call.environment, timeout=60, cwd=call.directory)
        assert said in done.stdout


def test_what_compose_says_is_the_exit_code_and_a_deployment_under_way_is_not_judged(house: House) -> None:
    house.stack()
    house.push(TWO)
    assert typed(house, "stop", "nobody") != 0
    lease = house.services.state.leases.acquire("stack:default/a", "deploying")
    assert lease is not None
    with lease:
        assert typed(house, "stop") == 0
        assert house.services.state.facts(["default/a"])["default/a"].known.stopped is None
