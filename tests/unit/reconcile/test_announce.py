"""Who publishes a notice, what it says, and that everybody gets it once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tests.receivers import Receiver
from tests.redis_server import RedisServer
from workers.adapters.queue import Message, Queue
from workers.adapters.state.results import StackResult
from workers.adapters.state.status import DecisionNote, DeploymentNote
from workers.model.errors import ReceiverUnavailable, RedisUnavailable, UnknownName, UsageError
from workers.model.words import Action, Decision, Outcome, Reason
from workers.reconcile.announce import announce
from workers.runtime.masking import MASK, mask
from workers.runtime.settings import Settings
from workers.services import Services

pytestmark = pytest.mark.redis

STACK = "production/web"
WHY = "web: t-web-1 keeps crashing: restarted 5 times, last exit code 3\nno such table"


class Published(Queue):
    """Stands where the queue would be."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Sequence[object]]] = []
        self.is_away = False

    def publish(self, messages: Iterable[Message]) -> None:
        if self.is_away:
            message = "Redis did not take a message"
            raise RedisUnavailable(message)
        self.calls += [(each.queue, tuple(each.args)) for each in messages]


class Desk:
    """Services with some receivers, where stacks end without having been deployed."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self.folder = folder
        self.published = Published()
        settings = Settings(
            catalog=folder / "tegu.yaml", data_dir=folder, redis_url=redis_url, public_url="https://tegu.example/"
        )
        self.services = Services(settings, queue=self.published)
        self.state = self.services.state

    def tell(self, *receivers: str) -> None:
        """Who is told."""
        listed = "\n".join(f"  - {{{text}}}" for text in receivers)
        environments = "environments: {production: {worker: nas}}"
        stacks = "stacks: {web: {path: web}}"
        text = f"repos: {{homelab: {{url: /srv/homelab}}}}\n{environments}\n{stacks}\nnotify:\n{listed}\n"
        (self.folder / "tegu.yaml").write_text(text)

    def end(self, outcome: Outcome, message: str = "", *, fingerprint: str = "") -> str:
        """Let a stack end; the run."""
        run = self.state.runs.create("homelab", "webhook", (), who="alice")
        self.state.runs.plan(run, [(STACK, "")])
        deployment = None
        action, reason = (Action.UP, Reason.CONTENT_CHANGED) if fingerprint else (Action.NONE, Reason.UNCHANGED)
        decision = Decision(STACK, action, reason, "195fee5e4999aa")
        if fingerprint:
            deployment = self.state.deployments.create(decision, run)
            self.state.deployments.finish(deployment, outcome, message, fingerprint=fingerprint)
        self.state.runs.finish([run], StackResult.of(decision, outcome, deployment, message))
        return run

    def news(self) -> list[str]:
        """What was published since the last time."""
        calls, self.published.calls = self.published.calls, []
        assert {queue for queue, _ in calls} <= {"tegu.nas.pull", "tegu.local.pull"}
        return [str(args[1]) for _, args in calls]

    def announce(
        self, news: str | None, run: str | None, task: str = "t1", subject: str = STACK, *, again: bool = False
    ) -> dict[str, Any]:
        return announce(self.services, subject, news, run, task=task, again=again).to_json()


@pytest.fixture
def desk(tmp_path: Path, redis: Redis, redis_server: RedisServer) -> Iterator[Desk]:
    assert redis.ping()
    made = Desk(tmp_path, redis_server.url)
    yield made
    made.state.redis.close()


def test_a_stack_that_fails_again_and_again_and_recovers_is_told_twice(desk: Desk) -> None:
    desk.tell("url: 'json://h'")
    for _ in range(3):
        desk.end(Outcome.FAILED, WHY, fingerprint="f1")
        desk.end(Outcome.SKIPPED, WHY)
    assert desk.news() == ["failed"]
    for _ in range(2):
        desk.end(Outcome.UNCHANGED)
    assert desk.news() == ["recovered"]
    desk.end(Outcome.ROLLED_BACK, WHY, fingerprint="f1")
    desk.end(Outcome.ROLLED_BACK, WHY, fingerprint="f2")
    assert desk.news() == ["rolled_back", "rolled_back"]


def test_a_notice_goes_to_the_stacks_worker_and_names_stack_news_and_run(desk: Desk) -> None:
    desk.tell("url: 'json://h'")
    run = desk.end(Outcome.INVALID, "compose.yaml:4: no image")
    assert desk.published.calls == [("tegu.nas.pull", (STACK, "invalid", run))]


def test_where_nobody_wants_to_hear_of_it_nothing_is_published(desk: Desk) -> None:
    for receiver in ("url: 'json://h', stacks: ['*/db']", "url: 'json://h', on: [deployed]"):
        desk.tell(receiver)
        desk.end(Outcome.FAILED, WHY)
        assert desk.news() == []


@pytest.mark.parametrize("broken", ["catalog", "queue"])
def test_a_stack_whose_notice_cannot_be_queued_ends_all_the_same(desk: Desk, broken: str) -> None:
    desk.tell("url: 'json://h'")
    if broken == "queue":
        desk.published.is_away = True
    else:
        (desk.folder / "tegu.yaml").write_text("repoz: {}")
    run = desk.state.runs.get(desk.end(Outcome.FAILED, WHY))
    assert run is not None
    assert run.status == "failed"


def test_a_failed_pull_is_told_and_that_the_next_one_went_well(desk: Desk, receiver: Receiver) -> None:
    desk.tell(f"url: '{receiver.url()}', stacks: ['production/*']")
    runs = []
    for error in ("no answer after 31 ms", "no answer after 9 ms", None, None):
        run, _ = desk.state.runs.coalesce("homelab", ["local"], "poll")
        desk.state.runs.start_pull(run, "homelab", "local")
        desk.state.runs.end_pull(run, "homelab", "local", commits={}, error=error, repo_ref="main")
        runs.append(run)
    assert desk.news() == ["failed", "recovered"]
    assert desk.announce("failed", runs[0], subject="homelab") == {"repo": "homelab", "outcome": "failed", "told": 1}
    (taken,) = receiver.taken
    assert taken["title"] == "repo homelab: pull failed"
    assert "local: no answer after 31 ms" in taken["message"]


def test_a_notice_says_what_failed_why_and_where_to_read_on(desk: Desk, receiver: Receiver) -> None:
    desk.tell(f"url: '{receiver.url()}'")
    mask(["hunter2hunter2"])
    run = desk.end(Outcome.ROLLED_BACK, f"{WHY}\npassword is hunter2hunter2", fingerprint="f1")
    assert desk.announce("rolled_back", run) == {"stack": STACK, "outcome": "rolled_back", "told": 1}
    shown = desk.state.runs.get(run)
    assert shown is not None
    deployment = shown.stacks[STACK].deployment
    (taken,) = receiver.taken
    assert (taken["title"], taken["type"]) == (f"{STACK}: rolled_back", "failure")
    assert taken["message"].split("\n\n") == [
        "content_changed at 195fee5e4999 (webhook by alice)",
        f"{WHY}\npassword is {MASK}",
        f"tegu log {deployment}\nhttps://tegu.example/deployments/{deployment}",
    ]


def test_a_long_message_keeps_its_beginning_and_its_end(desk: Desk, receiver: Receiver) -> None:
    desk.tell(f"url: '{receiver.url()}'")
    log = "\n".join(f"line {number}" for number in range(1000))
    desk.announce("failed", desk.end(Outcome.FAILED, f"docker build ended with exit code 1:\n{log}", fingerprint="f1"))
    message = receiver.taken[0]["message"]
    assert len(message) < 1900
    assert "exit code 1" in message
    assert "line 999" in message
    assert "\n…\n" in message


def test_who_has_taken_a_notice_does_not_get_it_again_and_who_has_not_gets_it_later(
    desk: Desk, receiver: Receiver
) -> None:
    late = Receiver(status=500)
    desk.tell(f"url: '{receiver.url()}'", f"url: '{late.url()}'")
    run = desk.end(Outcome.FAILED, WHY)
    for again in (False, True):  # the second time it is not even asked
        with pytest.raises(ReceiverUnavailable, match=r"^notify\[1\] did not take the notice"):
            desk.announce("failed", run, again=again)
    assert late.asked == 1
    late.status = 200
    desk.state.redis.delete("tegu:away:local:notify[1]")
    assert desk.announce("failed", run, again=True)["told"] == 2
    late.close()
    assert (len(receiver.taken), len(late.taken)) == (1, 1)


def test_what_is_over_by_now_is_not_told_to_who_was_away(desk: Desk, receiver: Receiver) -> None:
    desk.tell(f"url: '{receiver.url()}'")
    failed = desk.end(Outcome.FAILED, WHY)
    recovered = desk.end(Outcome.UNCHANGED)
    assert desk.announce("failed", failed, "t1", again=True)["told"] == 0
    assert desk.announce("recovered", recovered, "t2", again=True)["told"] == 1
    desk.end(Outcome.INVALID, "compose.yaml:4: no image")
    assert desk.announce("recovered", recovered, "t3", again=True)["told"] == 0
    assert receiver.titles == [f"{STACK}: recovered"]


def test_everybody_hears_what_he_wants_to_hear_of_a_recovery(desk: Desk, receiver: Receiver) -> None:
    quiet = Receiver()
    desk.tell(f"url: '{receiver.url()}', on: [deployed]", f"url: '{quiet.url()}'")
    desk.end(Outcome.FAILED, WHY)
    run = desk.end(Outcome.DEPLOYED, fingerprint="f2")
    assert desk.news() == ["failed", "recovered"]
    desk.announce("recovered", run)
    quiet.close()
    assert (receiver.titles, quiet.titles) == ([f"{STACK}: deployed"], [f"{STACK}: recovered"])


def test_an_address_that_apprise_does_not_understand_keeps_nobody_else_from_hearing(
    desk: Desk, receiver: Receiver
) -> None:
    desk.tell("url: 'slak://x'", f"url: '{receiver.url()}'")
    assert desk.announce("failed", desk.end(Outcome.FAILED, WHY))["told"] == 1


@pytest.mark.parametrize(
    ("name", "news", "error"),
    [("web", "gone", UsageError), ("nowhere", None, UnknownName), ("production/nowhere", None, UnknownName)],
)
def test_a_call_by_hand_that_means_nothing_says_so(
    desk: Desk, name: str, news: str | None, error: type[Exception]
) -> None:
    desk.tell("url: 'json://h'")
    desk.end(Outcome.FAILED, WHY)
    with pytest.raises(error):
        desk.announce(news, None, subject=name)


def _stood(desk: Desk, reason: Reason) -> None:
    decision = DecisionNote(Action.NONE, reason, "195fee5e4999aa", run="r0")
    desk.state.records.set_status(STACK, last_decision=decision)


def _unchanged(desk: Desk) -> None:
    _stood(desk, Reason.UNCHANGED)


def _held(desk: Desk) -> None:
    _stood(desk, Reason.FAILED_BEFORE)
    last = DeploymentNote("d1", Outcome.ROLLED_BACK, "195fee5e4999aa", message=WHY)
    desk.state.records.set_status(STACK, last_deployment=last)


@pytest.mark.parametrize(("stand", "title"), [(_unchanged, "deployed"), (_held, "rolled_back")])
def test_a_call_by_hand_tells_how_a_stack_stands_to_whomever_it_concerns(
    desk: Desk, receiver: Receiver, stand: Callable[[Desk], None], title: str
) -> None:
    desk.tell(f"url: '{receiver.url()}', on: [invalid]", "url: 'json://127.0.0.1:1', stacks: ['*/db']")
    stand(desk)
    assert desk.announce(None, None, subject="web")["told"] == 1
    assert receiver.titles == [f"{STACK}: {title}"]
