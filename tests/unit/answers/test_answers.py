"""What a worker tells pages of a stack: in the words of `tegu plan` and `tegu diff`, bounded, without secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.git_server import Source
from tests.records import record_at
from tests.unit.answers.conftest import COMPOSE
from workers.adapters.state import answers as forms
from workers.adapters.state.answers import Foretold
from workers.adapters.state.live import watcher_name
from workers.answers import tasks
from workers.answers.difference import differences
from workers.answers.order import foretold
from workers.model.errors import UnknownName, UsageError
from workers.model.question import Order, Question
from workers.model.stack import Stack
from workers.model.words import Action, Reason
from workers.services import Services


def push(services: Services, source: Source, files: dict[str, str | None]) -> str:
    source.commit(files)
    return services.clone("r").fetch(["main"])["main"]


def through_json(value: Any) -> Any:
    return type(value).from_json(json.loads(json.dumps(value.to_json())))


def test_an_order_is_foretold_with_what_it_leaves_alone_and_the_commits_that_come(
    services: Services, source: Source, stack: Stack
) -> None:
    push(services, source, {"README.md": "said"})
    newest = push(services, source, {"a/conf/one": "2\n"})
    said = through_json(foretold(services, stack, Order.DEPLOY, ""))
    assert (said.decision.action, said.decision.reason) == (Action.RESTART, Reason.CONTENT_CHANGED)
    assert said.decision.commit == newest
    assert said.decision.services["web"].paths == ("a/conf/one",)
    assert said.others == ("db",)
    assert [(each.id == newest, each.is_gained, each.reaches) for each in said.between.commits] == [
        (True, True, True),
        (False, True, False),
    ]


def test_what_is_held_or_paused_is_foretold_as_the_order_finds_it(
    services: Services, source: Source, stack: Stack
) -> None:
    push(services, source, {"a/conf/one": "2\n"})
    services.state.pauses.pause(stack.id, "me", "holidays")
    assert foretold(services, stack, Order.DEPLOY, "").decision.reason is Reason.PAUSED
    assert foretold(services, stack, Order.RESUME, "").decision.reason is Reason.CONTENT_CHANGED
    assert foretold(services, stack, Order.NOTHING, "").decision.reason is Reason.PAUSED


def test_a_rollback_is_foretold_with_the_commits_that_are_taken_back(
    services: Services, source: Source, stack: Stack
) -> None:
    first = services.clone("r").resolve("main")
    second = push(services, source, {"a/compose.yaml": COMPOSE % 2})
    services.state.records.put(stack.id, record_at(services, stack, second), 1)
    said = foretold(services, stack, Order.ROLLBACK, first)
    assert (said.decision.reason, said.decision.commit) == (Reason.ROLLBACK, first)
    assert [(each.id, each.is_gained) for each in said.between.commits] == [(second, False)]
    assert services.state.pins.get(stack.id) is None
    with pytest.raises(UnknownName):
        foretold(services, stack, Order.ROLLBACK, "nope")


def test_recreating_is_foretold_of_every_service_and_an_odd_adoption_is_refused(
    services: Services, stack: Stack
) -> None:
    said = foretold(services, stack, Order.RECREATE, "")
    assert said.decision.reason is Reason.FORCED
    assert {name: each.action for name, each in said.decision.services.items()} == dict.fromkeys(
        ("web", "db"), Action.RECREATE
    )
    with pytest.raises(UsageError, match="moved, copied or left"):
        foretold(services, stack, Order.ADOPT, "eat")


def test_an_engine_that_does_not_answer_is_not_asked_and_that_is_said(
    services: Services, source: Source, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(services, source, {"a/conf/one": "2\n"})
    assert foretold(services, stack, Order.DEPLOY, "").sees_engine
    services.state.live.beat(watcher_name("local", "unix:///nowhere"), "2026-11-23T13:33:57.064Z")
    monkeypatch.setattr(services, "containers", lambda _: 1 / 0)
    said = through_json(foretold(services, stack, Order.DEPLOY, ""))
    assert not said.sees_engine
    assert said.decision.reason is Reason.CONTENT_CHANGED


def test_the_seal_tells_one_plan_from_another(services: Services, source: Source, stack: Stack) -> None:
    push(services, source, {"a/conf/one": "2\n"})
    first = foretold(services, stack, Order.DEPLOY, "")
    assert through_json(first).seal == first.seal == foretold(services, stack, Order.DEPLOY, "").seal
    push(services, source, {"README.md": "said"})
    assert foretold(services, stack, Order.DEPLOY, "").seal != first.seal


def test_differences_are_bounded_and_masked(
    services: Services, source: Source, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.answers.difference.MOST_LINES", 20)
    text = "".join(f"line {number}\n" for number in range(50))
    push(services, source, {"a/conf/one": f"password: hunter2\n{'x' * 1000}\n", "a/conf/two": text})
    said = through_json(differences(services, stack))
    assert "hunter2" not in json.dumps(said.to_json())
    assert [each.path for each in said.files] == ["a/conf/one", "a/conf/two"]
    assert sum(len(each.lines) for each in said.files) == 20
    assert said.files[1].left_out > 30
    assert max(len(line) for each in said.files for line in each.lines) <= forms.LONGEST_LINE + 2
    assert [each.reaches for each in said.between.commits] == [True]
    monkeypatch.setattr("workers.answers.difference.MOST_CHARACTERS", 300)
    said = differences(services, stack)
    assert sum(len(line) for each in said.files for line in each.lines) <= 300
    assert all(each.left_out for each in said.files)


def test_a_stack_that_was_never_deployed_differs_in_everything(services: Services) -> None:
    said = through_json(differences(services, services.stacks.find("default/a")))
    assert said.old is None
    assert {each.path for each in said.files} == {"a/compose.yaml", "a/conf/one"}
    assert said.between.commits == ()


# ---------------------------------------------------------------- questions


def test_a_question_is_answered_where_its_asker_waits(services: Services, stack: Stack) -> None:
    question = Question("tegu.plan", stack.id, Order.DEPLOY)
    identifier, is_new = services.state.questions.ask(question)
    assert is_new
    assert services.state.questions.ask(question) == (identifier, False)
    line = tasks.plan(stack.id, "deploy", "", identifier)
    assert line == {"stack": stack.id, "action": "none", "reason": "unchanged"}
    text = services.state.questions.wait(identifier, 0)
    assert text is not None
    assert Foretold.from_json(json.loads(text)).others == ("db", "web")
    assert services.state.questions.ask(question)[1]  # who asks after the answer begins anew


def test_a_question_that_nobody_waits_for_any_more_is_not_answered(services: Services, stack: Stack) -> None:
    assert tasks.diff(stack.id, "old") == {"stack": stack.id, "answered": False}
    assert services.state.questions.wait("old", 0) is None


def test_what_cannot_be_answered_is_told_to_the_asker(services: Services, stack: Stack) -> None:
    asked = {
        "there is no stack": Question("tegu.diff", "default/nope"),
        "is on worker nas": Question("tegu.diff", "attic/a"),
        "no files on this host yet": Question("tegu.compose", stack.id),
    }
    for told, question in asked.items():
        identifier, _ = services.state.questions.ask(question)
        task = tasks.compose if question.task == "tegu.compose" else tasks.diff
        assert told in task(question.stack, identifier)["error"]
        assert told in str(services.state.questions.wait(identifier, 0))


def test_whoever_calls_by_hand_sees_the_result_in_a_line(services: Services, source: Source, stack: Stack) -> None:
    push(services, source, {"a/conf/one": "2\n"})
    assert tasks.diff("default/a") == {"stack": "default/a", "files": 1, "inputs": 0}
    assert tasks.plan(stack.id)["action"] == "restart"
    with pytest.raises(UsageError, match="there is no order 'eat'"):
        tasks.plan(stack.id, "eat")
    with pytest.raises(UnknownName):
        tasks.diff("default/nope")


def test_a_bug_is_told_to_the_asker_and_stays_one(
    services: Services, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "differences", lambda *_: 1 / 0)
    identifier, _ = services.state.questions.ask(Question("tegu.diff", stack.id))
    with pytest.raises(ZeroDivisionError):
        tasks.diff(stack.id, identifier)
    assert "a bug in Tegu (ZeroDivisionError)" in str(services.state.questions.wait(identifier, 0))


def test_how_compose_is_called_can_be_copied_and_holds_no_value(services: Services, stack: Stack) -> None:
    live = services.live(stack)
    (live / "a").mkdir(parents=True)
    (live / "a/compose.yaml").write_text(COMPOSE % 1)
    line = tasks.compose(stack.id)["command"]
    assert line.startswith(f"cd {live}/a && DOCKER_HOST=unix:///nowhere docker compose -p a-default ")
    assert f"-f {live}/a/compose.yaml" in line
    assert "example.com" not in line
