"""What people call by hand, from a shell or from Python, as a worker carries it out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from celery.exceptions import TimeLimitExceeded

from tests.redis_server import RedisServer
from workers import tasks
from workers.adapters.queue import Queue
from workers.celery import configuration, deploy_queue, pull_queue
from workers.deploy import deploy_if_changed as deploy
from workers.deploy.observed import Request
from workers.model.errors import Busy, TaskEnded, UnknownName
from workers.model.words import Reason, Trigger
from workers.pool.light import Call
from workers.reconcile.announce import Announced
from workers.reconcile.pull import Pulled
from workers.reconcile.reconcile import Reconciled
from workers.runtime.settings import Settings
from workers.services import Services

CATALOG = """
repos:
  homelab: {url: https://git.example.com/me/homelab.git, ref: main}
environments:
  production: {worker: local}
  attic: {worker: nas}
stacks:
  authelia: {repo: homelab, path: services/authelia, environments: [production]}
  backup: {repo: homelab, path: services/backup, environments: [attic]}
"""

QUICK, SLOW = pull_queue("local"), deploy_queue("local")
STACK = "production/authelia"
DEPLOY = "tegu.deploy_if_changed"


@pytest.fixture
def services(
    redis_server: RedisServer, redis: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Services]:
    del redis  # emptied
    (tmp_path / "tegu.yaml").write_text(CATALOG)
    settings = Settings(catalog=tmp_path / "tegu.yaml", data_dir=tmp_path, redis_url=redis_server.url)
    celery = Celery("tests", set_as_current=False)
    celery.conf.update(configuration(settings))
    made = Services(settings, queue=Queue(celery))
    monkeypatch.setattr(tasks, "current_services", lambda: made)
    yield made
    made.close()


def call(task: Any, *args: object, queue: str, **kwargs: object) -> Any:
    """What comes of a task that came by a queue."""
    return task.apply(args=args, kwargs=kwargs, routing_key=queue).result


@pytest.mark.parametrize("queue", [QUICK, SLOW])
@pytest.mark.parametrize("name", ["authelia", STACK])
@pytest.mark.parametrize("force", [False, True])
def test_a_call_without_a_run_makes_one_on_whichever_queue_it_came(
    services: Services, queue: str, name: str, force: bool
) -> None:
    done = call(tasks.deploy_if_changed, name, force=force, queue=queue)
    assert (done["stack"], done["reason"]) == (STACK, "waiting")
    found = services.state.runs.get(done["run"])
    assert found is not None
    assert (found.trigger, list(found.stacks)) == ("call", [STACK])
    assert [head.forced for head in services.state.runs.heads([done["run"]])] == [force]
    assert services.queue.calls_in(SLOW) == {(DEPLOY, STACK, done["run"])}


@pytest.mark.parametrize(
    ("queue", "args", "may"),
    [
        (QUICK, [STACK, "01"], True),
        (SLOW, [STACK, "01"], False),
        (QUICK, ["authelia", "01"], False),
        (QUICK, [STACK, "01", True], False),
        (QUICK, [STACK], False),
        (QUICK, [STACK, None], False),
    ],
)
@pytest.mark.usefixtures("services")
def test_what_is_decided_at_a_glance_is_asked_of_a_stack_by_its_full_name_in_a_run(
    queue: str, args: list[Any], may: bool
) -> None:
    assert tasks.deploy_if_changed.can_glance(queue, args) == may


def test_a_glance_settles_what_is_gone_or_done_and_takes_nothing_from_what_is_not(services: Services) -> None:
    run = services.state.runs.create("homelab", Trigger.CALL, ())
    services.state.runs.plan(run, [(STACK, ""), ("attic/gone", "")])
    calls = [Call(name, (stack, run)) for name, stack in (("t1", STACK), ("t2", "attic/gone"), ("t3", "attic/backup"))]
    seen, gone, nobodys = tasks.deploy_if_changed.at_a_glance(calls)
    assert seen is None
    assert (gone["reason"], nobodys["reason"]) == ("removed", "superseded")
    assert services.state.runs.parts(run, ["attic/gone"])["attic/gone"].outcome == "removed"
    again = tasks.deploy_if_changed.apply(
        args=(STACK, run), routing_key=QUICK, task_id="t1"
    )  # in full, as the same task
    assert again.result["reason"] == "waiting"
    assert services.queue.calls_in(SLOW) == {(DEPLOY, STACK, run)}


@pytest.mark.parametrize("queue", [QUICK, SLOW])
def test_whoever_follows_up_for_those_that_wait_makes_no_run(services: Services, queue: str) -> None:
    done = call(tasks.deploy_if_changed, STACK, "", queue=queue)
    assert done["reason"] == "superseded"
    assert services.state.runs.list().items == ()


def test_what_was_asked_for_while_the_stack_was_locked_is_followed_up_without_a_run(services: Services) -> None:
    run = services.state.runs.create("homelab", Trigger.CALL, ())
    services.state.runs.plan(run, [(STACK, "")])
    deploy.follow_up(services, services.stacks.find(STACK))
    assert services.queue.calls_in(SLOW) == {(DEPLOY, STACK, "")}


def test_whoever_does_not_get_the_lock_leaves_those_that_wait_to_its_holder(services: Services) -> None:
    run = services.state.runs.create("homelab", Trigger.CALL, ())
    services.state.runs.plan(run, [(STACK, "")])
    stack = services.stacks.find(STACK)
    with services.state.stack_lock.hold(STACK), pytest.raises(Busy):
        deploy._under_lock(services, stack, Request(), (), "the task")
    assert services.queue.calls_in(SLOW) == frozenset()


def test_a_short_name_is_enough_under_a_run(services: Services) -> None:
    run = services.state.runs.create("homelab", Trigger.CALL, ())
    services.state.runs.plan(run, [(STACK, "")])
    done = call(tasks.deploy_if_changed, "authelia", run, queue=QUICK)
    assert (done["stack"], done["reason"]) == (STACK, "waiting")
    assert services.queue.calls_in(SLOW) == {(DEPLOY, STACK, run)}


def test_a_short_name_that_is_none_is_told(services: Services) -> None:
    assert isinstance(call(tasks.deploy_if_changed, "nope", "01", queue=QUICK), UnknownName)
    del services


@pytest.mark.parametrize("queue", [QUICK, SLOW])
def test_a_task_called_by_a_short_name_that_breaks_lets_nobody_wait(
    services: Services, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        services.state.runs.take(STACK, "the task")
        message = "something is wrong"
        raise RuntimeError(message)

    monkeypatch.setattr(tasks, "decide_quickly", broken)
    monkeypatch.setattr(tasks, "deploy", broken)
    run = services.state.runs.create("homelab", Trigger.CALL, ())
    services.state.runs.plan(run, [(STACK, "")])
    tasks.deploy_if_changed.apply(args=("authelia", run), task_id="the task", routing_key=queue)
    found = services.state.runs.get(run)
    assert found is not None
    assert found.stacks[STACK].outcome == "failed"


def test_a_pull_under_a_run_is_published_to_every_worker_that_it_waits_for(services: Services) -> None:
    run = services.state.runs.create("homelab", Trigger.CALL, ["local", "nas"])
    done = call(tasks.pull, "homelab", run, queue=QUICK)
    assert done == {"repo": "homelab", "run": run, "status": "coalesced"}
    for worker in ("local", "nas"):
        assert services.queue.calls_in(pull_queue(worker)) == {("tegu.pull", "homelab", run)}


def test_a_pull_under_a_run_that_is_none_is_refused(services: Services) -> None:
    deploying = services.state.runs.create("homelab", Trigger.CALL, ())
    for run in ("myrun", deploying):
        refused = call(tasks.pull, "homelab", run=run, queue=QUICK)
        assert isinstance(refused, UnknownName)
        assert f"there is no run {run} that pulls homelab" in str(refused)
    assert services.queue.calls_in(QUICK) == frozenset()


@pytest.mark.parametrize(
    ("result", "returned"),
    [
        (Pulled("homelab", "r1", Reason.WAITING), {"repo": "homelab", "run": "r1", "reason": "waiting"}),
        (
            Pulled("homelab", "r1", commit="c1", changed=2, unchanged=3),
            {"repo": "homelab", "run": "r1", "commit": "c1", "changed": 2, "unchanged": 3},
        ),
        (
            Reconciled("local", repos=1, restored=2, published=3, healing=4),
            {"worker": "local", "repos": 1, "restored": 2, "published": 3, "healing": 4},
        ),
        (Announced(STACK, "failed", told=2), {"stack": STACK, "outcome": "failed", "told": 2}),
        (Announced("homelab", "recovered", told=1), {"repo": "homelab", "outcome": "recovered", "told": 1}),
    ],
)
def test_results_are_short_and_plain_in_flower(
    result: Pulled | Reconciled | Announced, returned: dict[str, object]
) -> None:
    assert repr(result.to_json()) == repr(returned)


def test_a_pull_that_is_ended_from_outside_keeps_nobody_waiting(services: Services) -> None:
    run = services.state.runs.create("homelab", Trigger.API, ["local"])
    tasks.pull.on_failure(
        TaskEnded("tegu.pull", "was ended by hand"), "t1", ["homelab", run], {"worker": "local"}, None
    )
    found = services.state.runs.get(run)
    assert found is not None
    assert found.to_json()["pulls"]["local"]["error"] == "tegu.pull was ended by hand"
    assert found.status == "failed"


def test_a_deployment_that_took_the_whole_worker_down_is_told_in_words(services: Services) -> None:
    run = services.state.runs.create("homelab", Trigger.API, ())
    services.state.runs.plan(run, [(STACK, "")])
    tasks.deploy_if_changed.on_failure(TimeLimitExceeded(1), "t1", [STACK, run], {}, None)
    found = services.state.runs.get(run)
    assert found is not None
    assert found.stacks[STACK].outcome == "failed"
    assert tasks.told(TimeLimitExceeded(1)).startswith("it took longer than it may")
