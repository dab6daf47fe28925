"""What a deployment says is sent on in its order."""

from __future__ import annotations

from collections.abc import Sequence

from workers.adapters.state.past_deployment import EndedStep
from workers.deploy.telling import Telling
from workers.model.errors import RedisUnavailable

UP = EndedStep("up", 1.0, "2026-01-01T00:00:00Z")


class Heard:
    def __init__(self) -> None:
        self.calls: list[tuple[list[str], list[EndedStep]]] = []

    def __call__(self, lines: Sequence[str], steps: Sequence[EndedStep]) -> None:
        self.calls.append(([*lines], [*steps]))


def test_what_is_said_together_is_sent_together() -> None:
    heard = Heard()
    told = Telling(heard)
    told.say(["one", "two"])
    told.note(UP)
    told.say(["three"])
    told.send()
    told.send()
    assert heard.calls == [(["one", "two", "three"], [UP])]


def test_a_redis_that_is_away_stops_nobody() -> None:
    def away(*_: object) -> None:
        raise RedisUnavailable

    told = Telling(away)
    told.say(["one"])
    told.send()
