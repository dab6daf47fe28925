"""`/healthz`: this process answers. `/readyz`: Tegu can do its work, or the parts that keep it from that."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, jsonify

from app.http.problems import problem
from workers.adapters.state.liveness import Liveness
from workers.catalog import Catalog
from workers.celery import deploy_queue, pull_queue
from workers.model.errors import CatalogError, RedisUnavailable
from workers.services import Services

OK = "ok"


def create_health(services: Services) -> Blueprint:
    """The blueprint of both; open to everybody, so they name parts and no details."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        return jsonify({"status": OK})

    @blueprint.get("/readyz")
    def readyz() -> Response:
        checks = check(services)
        failing = [name for name, found in checks.items() if found != OK]
        if not failing:
            return jsonify({"status": "ready", "checks": checks})
        detail = "; ".join(f"{name}: {checks[name]}" for name in failing)
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, failing=failing, checks=checks)

    return blueprint


def check(services: Services) -> dict[str, str]:
    """Every part that has to work, and `ok` or what is wrong with it."""
    catalog, found = _catalog(services)
    checks = {"catalog": found}
    queues = queues_of(catalog) if catalog else (pull_queue(services.settings.worker),)
    try:
        missing = Liveness(services.state.redis).missing(queues)
    except RedisUnavailable:
        return checks | {"redis": "does not answer"}
    checks["redis"] = OK
    return checks | {f"worker {queue}": "is not running" if queue in missing else OK for queue in queues}


def queues_of(catalog: Catalog) -> tuple[str, ...]:
    """The queues of every worker that has an environment."""
    workers = dict.fromkeys(environment.worker for environment in catalog.environments.values())
    return tuple(queue for worker in workers for queue in (pull_queue(worker), deploy_queue(worker)))


def _catalog(services: Services) -> tuple[Catalog | None, str]:
    try:
        catalog = services.catalog.current()
    except CatalogError:
        return None, "is not valid; see `tegu check`"
    if services.catalog.problem is not None:
        return catalog, "is not valid any more, the last valid one is in force; see `tegu check`"
    return catalog, OK
