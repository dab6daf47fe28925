"""The Celery app: its settings, the queues of each worker, and what every task has in common.

`celery -A workers …` finds `app` here. Importing reads nothing; the environment is read when Celery first asks
for a setting. Tasks themselves stand in `workers.tasks`; whoever only publishes needs their names alone.
"""

from __future__ import annotations

import inspect
import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import Any, NoReturn

import click
from celery import Celery, Task, signals
from celery.platforms import SecurityWarning
from kombu.entity import Queue

from workers.model.errors import TaskEnded, TeguError, TransientError, UsageError
from workers.runtime.interrupted import Interrupted
from workers.runtime.logs import configure_logs, log_context
from workers.runtime.settings import Settings, load_settings

PULL = "tegu.pull"
DEPLOY_IF_CHANGED = "tegu.deploy_if_changed"
RECONCILE = "tegu.reconcile"
NOTIFY = "tegu.notify"
PLAN = "tegu.plan"
DIFF = "tegu.diff"
COMPOSE = "tegu.compose"

PULL_LIMIT = timedelta(minutes=30)
DEPLOY_LIMIT = timedelta(hours=4)
RECONCILE_LIMIT = timedelta(minutes=10)
QUESTION_LIMIT = timedelta(seconds=30)  # for somebody who looks at a page
NOTIFY_LIMIT = timedelta(
    seconds=30
)  # sending ends after `workers.adapters.notify.SECONDS`; this is for what hangs beside it

# Redis hands a message out again when it was not acknowledged for this long. It has to be more than the longest
# task may take: a task that outlives it runs twice at once.
VISIBILITY_TIMEOUT = DEPLOY_LIMIT + timedelta(minutes=15)

# A worker that is told to stop takes nothing new and lets running tasks end; after so long it hands what is left back
# to the queue. (Celery's own soft shutdown would sleep for all of it, and do tasks again that ended meanwhile.)
# Whoever stops it has to wait longer than that before SIGKILL; what is lost to SIGKILL is found by reconcile.
STOP_LIMIT = timedelta(seconds=45)
DEPLOY_STOP_LIMIT = timedelta(minutes=9)

_FIRST_DELAY = 5.0
_LONGEST_DELAY = 60.0


def pull_queue(worker: str) -> str:
    """The queue of everything that is quick: pulls, reconcile, notices, and stacks that a pull found unchanged."""
    return f"tegu.{worker}.pull"


def deploy_queue(worker: str) -> str:
    """The queue of deployments, which take as long as they take."""
    return f"tegu.{worker}.deploy"


def route(
    name: str,
    args: tuple[Any, ...] | None,
    kwargs: Mapping[str, Any] | None,
    options: Mapping[str, Any] | None = None,
    task: object = None,
) -> dict[str, str] | None:
    """Celery's router: a call from anywhere goes to the worker it names, or else to this process's own.

    Args:
        name: the task's.
        args: its positional arguments, or None.
        kwargs: its keyword arguments, or None.
        options: of the message; not needed.
        task: the task's class where it is known; not needed.

    Returns:
        None for tasks that are not Tegu's.
    """
    del options, task
    place = {PULL: 2, RECONCILE: 0, **dict.fromkeys((DEPLOY_IF_CHANGED, NOTIFY, PLAN, DIFF, COMPOSE))}
    if name not in place:
        return None
    worker = (kwargs or {}).get("worker")
    position = place[name]
    if worker is None and position is not None and args and len(args) > position:
        worker = args[position]
    # `queue` as a plain name: one that this process does not consume is made on the fly.
    return {"queue": pull_queue(worker or app.conf.tegu_worker)}


def configuration(settings: Settings) -> dict[str, Any]:
    """Celery's settings; nearly each line answers a fault of queues on Redis (`docs/decisions/queue-on-redis.md`)."""
    visibility = VISIBILITY_TIMEOUT.total_seconds()
    return {
        "tegu_worker": settings.worker,
        "include": [
            "workers.tasks",
            "workers.answers.tasks",
            *(f"workers.reconcile.{name}" for name in ("heartbeat", "again", "watch")),
        ],
        # Redis: half-open connections are found, a message of a killed worker comes back right after its timeout.
        "broker_url": settings.broker_url,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": _transport(visibility),
        "result_backend_transport_options": {"visibility_timeout": visibility},
        "visibility_timeout": visibility,
        # A deployment under way goes on when the connection to Redis breaks.
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        # Only JSON travels, so nothing that arrives can run code.
        "accept_content": ["json"],
        "task_serializer": "json",
        # At least once, one at a time, acknowledged when done, however it ended.
        "task_acks_late": True,
        "task_acks_on_failure": True,
        "task_acks_on_timeout": True,
        "worker_prefetch_multiplier": 0,  # each lane has a bound of its own (`workers.pool.intake`)
        "task_ignore_result": True,
        "task_time_limit": DEPLOY_LIMIT.total_seconds(),
        # Flower lives on events.
        "worker_send_task_events": True,
        "task_send_sent_event": True,
        "task_default_queue": pull_queue(settings.worker),
        "task_queues": _queues(settings.worker),
        "task_routes": (route,),
        "worker_concurrency": settings.concurrency,
        "worker_pool": "workers.pool.pool:TaskPool",
        "worker_consumer": "workers.pool.consumer:Consumer",
        "worker_disable_rate_limits": True,
        "worker_detect_quorum_queues": False,
        "beat_scheduler": "workers.reconcile.schedule:Schedule",
    }


def _transport(visibility: float) -> dict[str, Any]:
    return {
        "visibility_timeout": visibility,
        "queue_order_strategy": "workers.pool.intake:Intake",
        "unacked_restore_interval": 60,
        "unacked_restore_throttle": 1,
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "health_check_interval": 5,
    }


def _queues(worker: str) -> list[Queue]:
    return [Queue(name) for name in (pull_queue(worker), deploy_queue(worker))]  # type: ignore[no-untyped-call]


def _configuration() -> dict[str, Any]:
    try:
        return configuration(load_settings())
    except UsageError as error:
        # Celery's command line is click's, which shows this without a traceback.
        raise click.UsageError(str(error)) from error


class TeguTask(Task):  # type: ignore[misc]
    """A task that says in each log line whose it is, tries again what may succeed later, and ends errors on purpose.

    `throws`: such an error is a FAILURE for Flower and a line in the log, without a traceback.
    """

    abstract = True
    Request = "workers.pool.request:Request"
    throws = (TeguError,)
    max_retries = 4
    default_retry_delay = _FIRST_DELAY

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 (Celery's own signature)
        """Run the task."""
        self._check(args, kwargs)
        with log_context(task=self.request.id):
            try:
                return self.run(*args, **kwargs)
            except TransientError as error:
                self.try_again(error)
            except Interrupted as error:
                raise TaskEnded(self.name, str(error)) from error

    def _check(self, args: Sequence[object], kwargs: Mapping[str, object]) -> None:
        """A call by name, which Celery checks nowhere.

        Raises:
            UsageError: it does not fit the task.
        """
        try:
            _signature(self.run).bind(*args, **kwargs)
        except TypeError as error:
            message = f"{self.name}: {error}"
            raise UsageError(message) from error

    @property
    def is_last_try(self) -> bool:
        """Whether an error now is final."""
        return bool(self.request.retries >= self.max_retries)

    def try_again(self, error: TransientError) -> NoReturn:
        """Publish the task once more, a little later, or give up with the error itself."""
        raise self.retry(exc=error, countdown=delay_before(self.request.retries))


@cache
def _signature(run: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(run)


def delay_before(retries: int) -> float:
    """Seconds to wait before trying again: 5, 10, 20, … at most a minute."""
    return min(_FIRST_DELAY * 2.0**retries, _LONGEST_DELAY)


app = Celery("tegu", task_cls=TeguTask, set_as_current=True)
app.add_defaults(_configuration)


@signals.setup_logging.connect  # type: ignore[untyped-decorator]
def _set_up_logs(loglevel: int | str | None = None, logfile: str | None = None, **_: object) -> None:
    """Tegu's own lines from INFO on; Celery's from the level, and all to the file, that its command line was given."""
    configure_logs(load_settings().log_format, level=logging.INFO, file=logfile)
    level = logging.getLevelName(loglevel) if isinstance(loglevel, str) else loglevel
    for name in ("celery", "kombu"):
        logging.getLogger(name).setLevel(level if isinstance(level, int) else logging.WARNING)
    for name in ("celery.app.trace", "celery.worker.strategy"):
        logging.getLogger(name).addFilter(_without_repetition)


def _without_repetition(record: logging.LogRecord) -> bool:
    """Celery hands everything its line says to structured logs once more, with a traceback of errors on purpose."""
    record.__dict__.pop("data", None)
    return True


@signals.celeryd_init.connect  # type: ignore[untyped-decorator]
def _accept_root(**_: object) -> None:
    """Celery warns root of pickled messages, which are not accepted here."""
    warnings.filterwarnings("ignore", category=SecurityWarning)
