"""What only a worker can say of a stack: what differs, and how Compose is called."""

from __future__ import annotations

import threading

import pytest
from flask.testing import FlaskClient

from tests.acting import COMPOSE, STACK, push
from tests.answering import Answering, answering
from tests.git_server import Source
from tests.unit.pages.conftest import page, words_of
from tests.worker_rig import eventually
from workers.adapters.state.liveness import Liveness
from workers.celery import pull_queue
from workers.model.question import Question
from workers.reconcile.ask import Asker, Unanswered
from workers.services import Services

HERE = f"/stacks/{STACK}"


def test_what_differs_is_shown_with_the_commits_and_without_secrets(
    services: Services, source: Source, worker: Answering, client: FlaskClient
) -> None:
    push(services, source, {"README.md": "said"})
    push(services, source, {"a/conf/one": "2\npassword: hunter2\n<b>\n"})
    text = page(client, f"{HERE}/changes")
    assert '<span class="del">-1</span>' in text
    assert '<span class="ins">+2</span>' in text
    assert '<span class="ins">+&lt;b&gt;</span>' in text
    assert "hunter2" not in text
    words = words_of(text)
    assert "a/conf/one" in words
    assert words.count("elsewhere") == 1
    assert 'id="answer"' in text
    assert f'data-asks="{HERE}/changes"' in page(client, HERE)
    assert worker.asked == [("tegu.diff", STACK)]


def test_where_nothing_differs_that_is_said(worker: Answering, client: FlaskClient) -> None:
    assert "Nothing of this stack differs." in words_of(page(client, f"{HERE}/changes"))
    del worker


def test_how_compose_is_called_is_shown_where_it_has_files(
    services: Services, worker: Answering, client: FlaskClient
) -> None:
    assert "no files on this host yet" in words_of(page(client, f"{HERE}/by-hand", 409))
    live = services.live(services.stacks.find(STACK)) / "a"
    live.mkdir(parents=True)
    (live / "compose.yaml").write_text(COMPOSE % 1)
    assert f"docker compose -p a --project-directory {live}" in words_of(page(client, f"{HERE}/by-hand"))
    del worker


def test_a_stack_that_is_none_and_a_worker_that_is_away_are_told(client: FlaskClient) -> None:
    page(client, "/stacks/default/nope/changes", 404)
    page(client, "/stacks/default/nope/by-hand", 404)
    assert "Worker local does not run" in words_of(page(client, f"{HERE}/changes", 503))


def test_a_crowd_asks_once_and_too_large_a_crowd_is_sent_away(
    services: Services, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(services, source, {"a/conf/one": "2\n"})
    monkeypatch.setattr("workers.reconcile.ask._MOST_WAITING", 6)
    Liveness(services.state.redis).beat([pull_queue("local")])
    asking, found = Asker(services, seconds=20), []

    def ask() -> None:
        try:
            found.append(len(asking(Question("tegu.diff", STACK), "local")["files"]))
        except Unanswered:
            found.append(-1)

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    eventually(lambda: len(found) == 4, "those that are too many are sent away", 10)
    with answering(services) as worker:
        for thread in threads:
            thread.join(30)
    assert sorted(found) == [-1] * 4 + [1] * 6
    assert len(worker.asked) <= 2  # four are admitted at once; those after them may find the first answer given


def test_a_worker_that_does_not_answer_is_waited_for_for_a_moment_and_keeps_nothing(services: Services) -> None:
    Liveness(services.state.redis).beat([pull_queue("local")])
    with pytest.raises(Unanswered, match="has not answered in time"):
        Asker(services, seconds=0.2)(Question("tegu.diff", STACK), "local")
    with pytest.raises(Unanswered, match="has not answered in time"):
        Asker(services, seconds=0.2)(Question("tegu.diff", STACK), "local")
    assert services.state.redis.llen(pull_queue("local")) == 1
    assert all(services.state.redis.ttl(name) > 0 for name in services.state.redis.keys("tegu:asked:*"))
