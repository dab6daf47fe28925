"""What became of webhooks is remembered a moment later, and nothing of what they said."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.http.delivery_book import DeliveryBook
from tests import forges
from tests.redis_server import RedisServer
from workers.adapters.state.connection import connect
from workers.adapters.state.deliveries import Deliveries, Delivery
from workers.adapters.state.keys import MAX_DELIVERIES
from workers.services import Services


def send(client: FlaskClient, delivery: forges.Delivery, repo: str = "homelab") -> None:
    client.post(f"/webhooks/{repo}", data=delivery.body, headers=delivery.headers)


def seen(services: Services, count: int) -> list[Delivery]:
    deadline = time.monotonic() + 20
    while True:
        found = services.state.deliveries.list(["homelab", "quiet", "nobody"])
        if len(found) >= count or time.monotonic() > deadline:
            return list(found)
        time.sleep(0.05)


def test_what_became_of_each_can_be_read_and_says_nothing_secret(client: FlaskClient, services: Services) -> None:
    genuine = forges.push("github")
    send(client, genuine)
    send(client, forges.push("github", secret="a guess"))
    send(client, forges.push("github", (("refs/heads/other", forges.COMMIT),)))
    send(client, genuine, "quiet")
    send(client, genuine, "nobody")
    found = {each.result: each for each in seen(services, 4)}
    assert found.keys() == {"queued", "unauthorized", "ignored", "no_secret"}
    assert services.state.runs.get(found["queued"].run or "") is not None
    assert found["unauthorized"].detail == "the signature is missing or wrong"
    assert "no stack follows refs/heads/other" in found["ignored"].detail
    assert {each.forge for each in found.values()} == {"github"}
    answer = client.get("/api/v1/deliveries?repo=quiet")
    assert [each["result"] for each in json.loads(answer.data)["items"]] == ["no_secret"]
    assert len(json.loads(client.get("/api/v1/deliveries").data)["items"]) == 4
    assert client.get("/api/v1/deliveries?nonsense=1").status_code == 400


def test_only_the_newest_are_kept(redis: Redis) -> None:
    store = Deliveries(redis)
    store.add(Delivery("r", "github", "queued", f"{number:04}") for number in range(MAX_DELIVERIES + 5))
    found = store.list(["r"])
    assert len(found) == MAX_DELIVERIES
    assert found[0].at == f"{MAX_DELIVERIES + 4:04}"
    assert store.list([]) == ()


@pytest.mark.parametrize("count", [1, 300])
def test_while_redis_is_away_the_newest_are_kept(own_redis_server: Callable[..., RedisServer], count: int) -> None:
    server = own_redis_server()
    store = Deliveries(connect(server.url, retries=0))
    book = DeliveryBook(store)
    server.kill()
    for number in range(count):
        book.note(Delivery("r", "github", "unavailable", f"{number:04}"))
    book.flush()
    server.start()
    book.flush()
    assert store.list(["r"])[0].at == f"{count - 1:04}"
