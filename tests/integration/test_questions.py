"""What pages ask a worker, with a real one: answered together, by nobody too late, and beside everything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.redis_server import RedisServer
from tests.worker_rig import Rig, eventually
from workers.adapters.queue import question_message
from workers.adapters.state.answers import Foretold
from workers.celery import DIFF, PLAN, pull_queue
from workers.model.question import Order, Question
from workers.reconcile.ask import Asker, Unanswered

pytestmark = pytest.mark.redis

STACK = "default/s0"


@pytest.fixture
def rig(own_redis_server: Callable[..., RedisServer], tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path, own_redis_server().url, ["s0", "s1"], "environments: {default: {docker_host: unix:///no}}")
    yield made
    made.close()


def test_a_crowd_is_answered_together_and_late_questions_by_nobody(rig: Rig) -> None:
    rig.record()
    services = rig.services
    late = Question(DIFF, STACK)
    identifier, _ = services.state.questions.ask(late)
    services.queue.publish([question_message(late, identifier, "local", expires=0.01)])
    question, asker = Question(PLAN, STACK, Order.RECREATE), Asker(services, 30)
    with rig.worker():
        eventually(lambda: not services.state.open_runs.all(), "the pull that a start brings ends")
        with ThreadPoolExecutor(12) as crowd:
            answers = list(crowd.map(lambda _: asker(question, "local"), range(12)))
        assert {Foretold.from_json(each).decision.reason for each in answers} == {"forced"}
        assert services.state.questions.wait(identifier, 0) is None
        with pytest.raises(Unanswered, match="Worker nas does not run"):
            asker(question, "nas")
    assert rig.log.count("tegu.plan[") < 10  # received and done, once or twice each
    assert {PLAN, DIFF}.isdisjoint(task for task, _, _ in services.queue.calls_in(pull_queue("local")))
