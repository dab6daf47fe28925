"""`/metrics` for Prometheus, read from what all processes share: whichever one is asked, the answer is the same."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.http.families import counted, of_engines, of_repos, of_services, of_stacks, took
from app.http.schemas import repo_states, stack_facts, stack_ids
from app.http.tally import Tally
from workers.adapters.state.counters import Counters
from workers.adapters.state.liveness import Liveness
from workers.celery import deploy_queue, pull_queue
from workers.model.errors import CatalogError, RedisUnavailable
from workers.services import Services


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
        counts = Counters(state.redis).all()
        yield from counted(counts)
        yield from took(counts, catalog.repos)
        facts = stack_facts(catalog, state, stack_ids(catalog, state.records.known()))
        yield from of_stacks(facts)
        yield from of_services(facts)
        yield from of_engines(state.live.seen())
        yield from of_repos(repo_states(catalog, state))
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
