"""What every task has in common, and where calls go."""

from __future__ import annotations

from pathlib import Path

import pytest
from celery.exceptions import Retry

from workers import celery as module
from workers.celery import TeguTask, configuration, delay_before, route
from workers.model.errors import DeploymentFailed, GitUnavailable, UsageError
from workers.runtime.settings import Settings


@pytest.fixture
def _worker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TEGU_WORKER", "attic")
    monkeypatch.setenv("TEGU_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(module.app, "_conf", None)
    monkeypatch.setattr(module.app, "_pending_defaults", type(module.app._pending_defaults)([module._configuration]))


@pytest.mark.usefixtures("_worker")
@pytest.mark.parametrize(
    ("name", "args", "kwargs", "queue"),
    [
        ("tegu.pull", ("homelab",), None, "tegu.attic.pull"),
        ("tegu.pull", ("homelab", "01", "nas"), {}, "tegu.nas.pull"),
        ("tegu.pull", ("homelab",), {"worker": "nas"}, "tegu.nas.pull"),
        ("tegu.pull", None, None, "tegu.attic.pull"),
        ("tegu.reconcile", (), {}, "tegu.attic.pull"),
        ("tegu.notify", ("production/authelia", "failed", "01"), {}, "tegu.attic.pull"),
        ("tegu.reconcile", ("nas",), {}, "tegu.nas.pull"),
        ("tegu.deploy_if_changed", ("authelia",), {}, "tegu.attic.pull"),
    ],
)
def test_a_call_goes_to_the_worker_it_names_or_to_this_one(
    name: str, args: tuple[str, ...] | None, kwargs: dict[str, str] | None, queue: str
) -> None:
    assert route(name, args, kwargs) == {"queue": queue}


def test_other_tasks_are_not_routed() -> None:
    assert route("celery.chord_unlock", (), {}) is None


def test_only_json_travels_and_every_task_ends_before_its_message_comes_back(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    conf = configuration(settings)
    assert conf["accept_content"] == ["json"]
    visibility = conf["broker_transport_options"]["visibility_timeout"]
    limits = [module.PULL_LIMIT, module.DEPLOY_LIMIT, module.RECONCILE_LIMIT, module.NOTIFY_LIMIT]
    assert visibility > max(limit.total_seconds() for limit in limits)
    assert conf["task_time_limit"] < visibility
    assert [queue.name for queue in conf["task_queues"]] == ["tegu.local.pull", "tegu.local.deploy"]


def test_waiting_doubles_up_to_a_minute() -> None:
    assert [delay_before(retries) for retries in range(6)] == [5, 10, 20, 40, 60, 60]


class _Breaking(TeguTask):
    name = "test.breaking"

    def __init__(self, error: Exception) -> None:
        self.error = error

    def run(self) -> None:
        raise self.error


@pytest.mark.usefixtures("_worker")
def test_what_may_succeed_later_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    task = _Breaking(GitUnavailable("no answer"))
    task.bind(module.app)
    waits: list[float] = []

    def retry(*, exc: Exception, countdown: float) -> Retry:
        waits.append(countdown)
        return Retry(exc=exc)

    monkeypatch.setattr(task, "retry", retry)
    with pytest.raises(Retry):
        task()
    assert waits == [5]


@pytest.mark.usefixtures("_worker")
def test_a_failed_deployment_is_not_tried_again() -> None:
    task = _Breaking(DeploymentFailed("production/authelia", "rolled_back", "unhealthy"))
    task.bind(module.app)
    with pytest.raises(DeploymentFailed, match="production/authelia rolled back: unhealthy") as raised:
        task()
    assert repr(raised.value) == "production/authelia rolled back: unhealthy"  # which Flower shows


class _Named(TeguTask):
    name = "test.named"

    def run(self, stack: str, force: bool = False) -> str:
        return f"{stack} {force}"


@pytest.mark.usefixtures("_worker")
@pytest.mark.parametrize(
    ("args", "kwargs", "told"),
    [
        ((), {}, "test.named: missing a required argument: 'stack'"),
        (("a", True, "b"), {}, "test.named: too many positional arguments"),
        (("a",), {"fast": True}, "test.named: got an unexpected keyword argument 'fast'"),
    ],
)
def test_a_call_that_does_not_fit_is_told_as_a_mistake(
    args: tuple[object, ...], kwargs: dict[str, object], told: str
) -> None:
    task = _Named()
    task.bind(module.app)
    with pytest.raises(UsageError, match=told):
        task(*args, **kwargs)


@pytest.mark.usefixtures("_worker")
def test_a_call_that_fits_is_carried_out() -> None:
    task = _Named()
    task.bind(module.app)
    assert task("a", force=True) == "a True"
