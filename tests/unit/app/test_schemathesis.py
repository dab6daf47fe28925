"""Requests made up from the description of the API, right and wrong ones: each is answered as the description says.

The same ones each time, and a few of each kind; `TEGU_TEST_EXAMPLES=200` tries more.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery
from hypothesis import HealthCheck, Phase, given, settings

from app.http import guesses, streams
from app.http.factory import create_app
from app.http.health import queues_of
from app.http.openapi import describe
from app.http.operations import OPERATIONS, Access
from tests.redis_server import RedisServer
from tests.releases import examples
from tests.unit.app.conftest import CATALOG
from workers.adapters.queue import Queue
from workers.adapters.state.liveness import Liveness
from workers.celery import configuration
from workers.model.secret import Secret
from workers.model.words import Action, Decision, Outcome, Reason
from workers.runtime.settings import Settings
from workers.services import Services

TOKEN = {"Authorization": "Bearer t0k3n"}
EXAMPLES = int(os.environ.get("TEGU_TEST_EXAMPLES", examples(3, 6)))
NAMES = [endpoint.rpartition(".")[2] for endpoint in OPERATIONS]
READ_ONLY = [endpoint.rpartition(".")[2] for endpoint, said in OPERATIONS.items() if said.access is Access.API]
SOME = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def services(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """One for all examples: whatever they have asked for by then, an answer has its shape."""
    folder = tmp_path_factory.mktemp("described")
    catalog = folder / "tegu.yaml"
    catalog.write_text(CATALOG, encoding="utf-8")
    known = Settings(catalog=catalog, data_dir=folder, redis_url=redis_server.url, api_token=Secret("t0k3n"))
    celery = Celery("tests", set_as_current=False)
    celery.conf.update(configuration(known))
    made = Services(known, queue=Queue(celery))
    made.state.redis.flushall()
    yield made
    made.close()


@pytest.fixture(scope="module")
def places(services: Services) -> dict[str, str]:
    """Names that there are, for addresses."""
    run = services.state.runs.create("homelab", "cli", ["local"])
    deployment = services.state.deployments.create(Decision("production/website", Action.UP, Reason.FORCED, "c1"), run)
    services.state.deployments.tell(deployment, ["a line"])
    services.state.deployments.finish(deployment, Outcome.DEPLOYED)
    return {
        "environment": "production",
        "name": "website",
        "repo": "homelab",
        "run": run,
        "deployment": deployment,
    }


@pytest.fixture(scope="module")
def schemathesis() -> Any:
    """Loaded by whoever runs these tests, not by all who collect them."""
    return pytest.importorskip("schemathesis", reason="it is not installed here; make install")


@pytest.fixture(scope="module")
def described(schemathesis: Any, services: Services) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streams, "_LONGEST_SECONDS", 0.0)  # examples are many, and nobody listens
        patch.setattr(guesses, "MOST_WRONG", 1_000_000)
        app = create_app(services)
        schema = schemathesis.openapi.from_dict(describe(app, "tegu_session_80"))
        schema.app = app
        yield schema


def begin(services: Services) -> None:
    """Workers live, and no request has been sent before: what is made up has one `Idempotency-Key` for several."""
    Liveness(services.state.redis).beat(queues_of(services.catalog.current()))
    for key in services.state.redis.scan_iter("tegu:action:*"):
        services.state.redis.delete(key)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_asked_rightly_is_answered_as_described(
    schemathesis: Any, described: Any, services: Services, places: dict[str, str], name: str
) -> None:
    operation = described.find_operation_by_id(name)

    @SOME
    @given(case=operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE))
    def answer(case: Any) -> None:
        begin(services)
        case.call_and_validate(headers=TOKEN)
        begin(services)
        for each in set(case.path_parameters) & set(places):
            case.path_parameters[each] = "homelab" if name == "repo" else places[each]
        case.call_and_validate(headers=TOKEN)

    answer()


@pytest.mark.parametrize("name", READ_ONLY)
def test_what_is_asked_wrongly_is_refused(schemathesis: Any, described: Any, services: Services, name: str) -> None:
    operation = described.find_operation_by_id(name)

    @SOME
    @given(case=operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE))
    def answer(case: Any) -> None:
        begin(services)
        case.call_and_validate(headers=TOKEN)

    answer()
