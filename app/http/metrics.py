"""`/metrics` for Prometheus, read from what all processes share: whichever one is asked, the answer is the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.http.schemas import repo_states, stack_rows
from app.http.tally import Tally
from workers.adapters.state.counters import Counters
from workers.adapters.state.liveness import Liveness
from workers.adapters.state.repos import RepoState
from workers.celery import deploy_queue, pull_queue
from workers.model.errors import CatalogError, RedisUnavailable
from workers.model.words import StackStatus
from workers.services import Services

_STATES = (
    *("running", "starting", "unhealthy", "restarting", "paused", "exited", "created", "dead", "removing"),
    *("missing", "unknown"),
)
_FAMILIES = {
    "webhooks": ("tegu_webhooks", "Webhooks by forge and what became of them", ("forge", "result")),
    "runs": ("tegu_runs", "Runs that have ended", ("status",)),
    "stacks": ("tegu_stack_results", "What became of stacks in runs, unchanged ones aside", ("outcome",)),
}


def create_metrics(services: Services, tally: Tally) -> Blueprint:
    """The blueprint of `/metrics`; what this process has counted is handed over first."""
    blueprint = Blueprint("metrics", __name__)
    registry = CollectorRegistry()
    registry.register(StateCollector(services))

    @blueprint.get("/metrics")
    def metrics() -> Response:
        tally.flush()
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    return blueprint


class StateCollector(Collector):
    """Reads Redis when it is asked. While Redis is away there is `tegu_redis_up 0` and nothing else of it."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def describe(self) -> Iterator[Metric]:
        """Nothing: registering must not read."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Every metric with its value now."""
        problem = True
        try:
            self._services.catalog.current()
            problem = self._services.catalog.problem is not None
            found = list(self._read())
        except (RedisUnavailable, CatalogError) as error:
            found = []
            yield GaugeMetricFamily("tegu_redis_up", "Whether Redis answers", int(isinstance(error, CatalogError)))
        else:
            yield GaugeMetricFamily("tegu_redis_up", "Whether Redis answers", 1)
        yield GaugeMetricFamily("tegu_catalog_valid", "Whether the catalog's file is valid", int(not problem))
        yield from found

    def _read(self) -> Iterator[Metric]:
        catalog, state = self._services.catalog.current(), self._services.state
        yield from _counted(Counters(state.redis).all())
        stacks = GaugeMetricFamily("tegu_stacks", "Stacks by status", labels=("status",))
        rows = stack_rows(catalog, state)
        statuses = Counter(row["status"] for row in rows)
        for status in StackStatus:
            stacks.add_metric((status,), statuses[status])
        yield stacks
        yield from _of_services(rows)
        yield from _of_engines(state.live.seen())
        yield from _of_repos(repo_states(catalog, state))
        yield from self._queues(tuple(environment.worker for environment in catalog.environments.values()))

    def _queues(self, workers: tuple[str, ...]) -> Iterator[Metric]:
        liveness = Liveness(self._services.state.redis)
        names = [queue(worker) for worker in dict.fromkeys(workers) for queue in (pull_queue, deploy_queue)]
        missing, waiting = liveness.missing(names), liveness.backlog(names)
        messages = GaugeMetricFamily("tegu_queue_messages", "Tasks that wait in a queue", labels=("queue",))
        alive = GaugeMetricFamily("tegu_worker_alive", "Whether a worker consumes a queue", labels=("queue",))
        for name in names:
            messages.add_metric((name,), waiting[name])
            alive.add_metric((name,), int(name not in missing))
        yield messages
        yield alive


def _of_services(rows: Iterable[Mapping[str, Any]]) -> Iterator[Metric]:
    """How the services of all stacks stand, as many numbers however many there are."""
    states: Counter[str] = Counter()
    wanted = well = 0
    for row in rows:
        states.update(_state(each) for each in row["services"].values())
        wanted += row["running"]["of"]
        well += row["running"]["well"]
    services = GaugeMetricFamily("tegu_services", "Services by state, ended one-shots included", labels=("state",))
    for state in _STATES:
        services.add_metric((state,), states[state])
    yield services
    yield GaugeMetricFamily("tegu_services_wanted", "Services that ought to run", wanted)
    yield GaugeMetricFamily("tegu_services_well", "Those of them that run and are well", well)


def _state(service: Mapping[str, Any]) -> str:
    """A service's state; of one that runs and is not well yet, or no more, its health."""
    unwell = service["health"] in {"starting", "unhealthy"}
    return str(service["health"] if unwell else service["state"])


def _of_engines(seen: Mapping[tuple[str, str], bool]) -> Iterator[Metric]:
    engines = GaugeMetricFamily(
        "tegu_engine_seen", "Whether a worker's watcher sees the engine", labels=("worker", "docker_host")
    )
    for (worker, host), sees in sorted(seen.items()):
        engines.add_metric((worker, host), int(sees))
    yield engines


def _of_repos(repos: Iterable[RepoState]) -> Iterator[Metric]:
    """How the last pull of each repo ended on each worker, and when what is being asked now was asked."""
    failed = GaugeMetricFamily("tegu_repo_pull_failed", "Whether the last pull failed", labels=("repo", "worker"))
    at = GaugeMetricFamily("tegu_repo_pull_timestamp_seconds", "When the last pull ended", labels=("repo", "worker"))
    asked = GaugeMetricFamily(
        "tegu_repo_asking_since_timestamp_seconds",
        "Since when a pull waits for an answer",
        labels=("repo", "worker", "host"),
    )
    for repo in repos:
        for worker, pull in repo.pulls.items():
            failed.add_metric((repo.repo, worker), int(pull.failed))
            at.add_metric((repo.repo, worker), _seconds(pull.at))
        for worker, asking in repo.asked.items():
            asked.add_metric((repo.repo, worker, asking.host), _seconds(asking.since))
    yield from (failed, at, asked)


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def _counted(counts: dict[str, int]) -> Iterator[Metric]:
    """Counters under the names and labels that Prometheus shows."""
    for family, (name, documentation, labels) in _FAMILIES.items():
        metric = CounterMetricFamily(name, documentation, labels=labels)
        for key, count in sorted(counts.items()):
            first, *values = key.split(":")
            if first == family and len(values) == len(labels):
                metric.add_metric(values, count)
        yield metric
