"""The first page: one sentence, what needs somebody, what happens now, all stacks."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.http.sessions import new_name
from tests import scenes
from tests.scenes import Scene
from tests.unit.pages.conftest import Serve, browser, page, words_of
from workers.adapters.state import keys
from workers.adapters.state.results import StackResult
from workers.adapters.state.state import State
from workers.model.words import Action, Outcome, Reason, StackStatus

HOSTILE = "<script>alert(1)</script>\"'`<b>`"


def test_with_no_stack_it_says_what_to_do_next(client: FlaskClient, state: State) -> None:
    scenes.workers(state)
    text = words_of(page(client, "/?q=nothing-like-that"))
    assert "No stack is like that." in text
    assert "1 not looked at yet" in text


def test_all_well_is_one_calm_sentence(client: FlaskClient, state: State) -> None:
    scenes.all_well(state, 3)
    scenes.stand(state, Scene("staging/website"))
    text = page(client, "/")
    assert '<h1 class="sentence good">All 4 stacks run the newest commit.</h1>' in text
    assert "What needs you" not in text
    words = words_of(text)
    assert "Last push just now" in words
    assert "next look in 4 min" in words
    assert "restarted: config.yml changed" in words
    assert "Update images of November" in words


def test_everything_broken_is_counted_and_explained(client: FlaskClient, state: State) -> None:
    scenes.everything_broken(state)
    text = page(client, "/")
    words = words_of(text)
    assert 'class="sentence bad"' in text
    assert "1 failed, 1 rolled back, 1 invalid, 1 blocked, 1 not well, 1 drifted, 1 waits, 1 paused, 1 stopped" in words
    for said in (
        "Worker local does not run",
        "homelab could not be pulled",
        "git.example.com refused the key",
        "container web-1 has ended with exit code 3",
        "connection refused",
        "<code>imagee</code> is not a key",
        "paused by ada@host: moving house",
        "web: restarting (ended with exit code 3)",
        "stopped by hand: <code>docker stop</code> was seen",
    ):
        assert said in text or said in words, said
    assert "the log says more" not in text  # the first line is enough here


def test_tegus_own_trouble_stands_before_all_others(client: FlaskClient, state: State) -> None:
    scenes.everything_broken(state)
    text = page(client, "/")
    assert text.index("could not be pulled") < text.index("What needs you") < text.index('<table class="stacks">')


def test_stacks_in_trouble_come_first(client: FlaskClient, state: State) -> None:
    scenes.everything_broken(state)
    table = page(client, "/").partition("<table")[2]
    places = [table.index(f">{name}<") for name in ("mail", "home", "authelia", "vault", "git")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("q=auth", ["authelia"], ["grafana"]),
        ("q=AUTH+prod", ["authelia"], ["grafana"]),
        ("q=rolled+back", ["home"], ["grafana"]),
        ("q=homelab", ["website"], []),
        ("show=trouble", ["mail"], ["website"]),
        ("show=behind", ["mail"], ["grafana"]),
        ("show=nonsense&group=nonsense", ["mail", "grafana"], []),
        ("group=repo", ["homelab"], []),
        ("group=host", ["local (unix:///var/run/docker.sock)"], []),
    ],
)
def test_the_address_says_what_is_shown(
    client: FlaskClient, state: State, query: str, shown: list[str], hidden: list[str]
) -> None:
    scenes.everything_broken(state)
    table = page(client, f"/?{query}").partition("<table")[2]
    assert all(name in table for name in shown)
    assert not any(name in table for name in hidden)


def test_what_is_gone_is_shown_by_itself(client: FlaskClient, state: State) -> None:
    assert "gone" not in words_of(page(client, "/"))
    state.records.set_status("production/old", removed=scenes.gone())
    assert "old" not in page(client, "/").partition("<table")[2]
    assert "gone from the catalog" in page(client, "/?show=gone")


def test_a_run_under_way_is_a_picture(client: FlaskClient, state: State) -> None:
    scenes.all_well(state, 4)
    run = scenes.under_way(state, [f"production/stack-{number:04}" for number in range(3)])
    text = page(client, "/")
    now = text.partition("What happens now")[2].partition("Last runs")[0]
    assert f"/runs/{run}" in now
    words = words_of(now)
    assert "Let the proxy trust our own certificate" in words
    assert "2 to come" in words
    assert "deploying" in words
    assert "production/stack-0002" in words
    assert 'class="under-way"' in now
    assert "style=" not in text  # the policy forbids it


def test_hostile_names_and_messages_are_text(client: FlaskClient, state: State) -> None:
    state.records.set_status(f"production/{HOSTILE}", latest_commit=HOSTILE, deployed_commit=HOSTILE)
    scenes.stand(state, Scene("production/mail", StackStatus.FAILED, message=HOSTILE))
    state.redis.set(
        f"tegu:commit:{scenes.commit(0)}", '{"subject": "<script>alert(2)</script>", "author": "<i>me</i>"}'
    )
    scenes.pulled(state, error=HOSTILE)
    state.pauses.pause("staging/website", HOSTILE, HOSTILE)
    text = page(client, f"/?q={HOSTILE}") + page(client, "/")
    assert "<script>alert" not in text
    assert "<i>me" not in text
    assert "<code>&lt;b&gt;</code>" in text


def test_the_last_deployments_of_a_stack_are_bars(client: FlaskClient, state: State) -> None:
    scenes.all_well(state, 2)
    scenes.pasts(state, ["production/stack-0000"], count=5)
    row = next(row for row in page(client, "/").split("<tr>") if ">stack-0000<" in row)
    assert "<svg role=img><title>4 deployed, 2 failed</title>" in row
    assert f"<path d=M18,0h1><title>deployed {scenes.commit(3)[:7]} 20" in row
    assert re.search(f"<path class=bad d=M15,0h1><title>failed {scenes.commit(0)[:7]} [-0-9]+ [0-9:]+ UTC</title>", row)


def test_of_a_run_that_has_ended_it_is_said_what_it_came_to(client: FlaskClient, state: State) -> None:
    run = state.runs.create("homelab", "webhook", ())
    state.runs.plan(run, [("production/web", scenes.NEWEST)])
    assert "Last runs" not in page(client, "/")
    done = StackResult("production/web", Action.UP, Reason.FIRST_DEPLOY, Outcome.DEPLOYED, scenes.NEWEST)
    state.runs.finish(state.runs.take("production/web"), done)
    for _ in ("read", "kept"):
        assert re.search(r"Last runs succeeded 1 deployed in .* homelab by a push", words_of(page(client, "/")))


def test_a_thousand_stacks_are_one_small_page(client: FlaskClient, state: State) -> None:
    scenes.all_well(state, 1000)
    # As twenty deployments of each leave it, every seventh with two failures: here they need not have been.
    for number, stack in enumerate(state.records.known()):
        outcomes = "".join("f" if number % 7 == 0 and turn in {4, number % 20} else "d" for turn in range(20))
        known = {"outcomes": outcomes, "names": " ".join(f"1m8gyytkgjj{turn:03}:b6589fc" for turn in range(20))}
        state.redis.hset(keys.status(stack), "past", json.dumps(known))
    answer = client.get("/", headers={"Accept-Encoding": "gzip"})
    text = gzip.decompress(answer.data)
    assert text.count(b"<tr><td>") == 1000
    assert text.count(b"<svg role=img>") == 999
    assert len(text) <= 300_000
    assert len(answer.data) <= 60_000
    assert "1 more match" in text.decode()
    assert b"<path class=bad d=M4,0h1m3,0h1 />" in text


def test_what_has_changed_is_seen_though_lines_are_kept(client: FlaskClient, state: State) -> None:
    scenes.all_well(state, 2)
    assert "2/2" in page(client, "/")
    state.live.beat(scenes.WATCHER, "2026-01-01T00:00:00.000Z")
    assert "?/2" in page(client, "/")
    state.live.beat(scenes.WATCHER, None)
    state.pauses.pause("production/stack-0000", "me", "")
    text = page(client, "/")
    assert "<i>paused</i>" in text
    assert "?/2" not in text


def test_without_redis_it_says_so_and_nothing_else(serve: Serve, tmp_path: Path) -> None:
    client = browser(serve(redis_url=f"unix://{tmp_path}/nobody"))
    client.set_cookie("tegu_session_http", new_name())
    text = page(client, "/", 503)
    assert "Redis does not answer" in text
    assert "homelab" not in text


def test_without_a_catalog_it_says_how_to_find_out_why(client: FlaskClient, tmp_path: Path) -> None:
    (tmp_path / "tegu.yaml").write_text("nonsense: 1", encoding="utf-8")
    assert "<code>tegu check</code>" in page(client, "/", 503)


def test_pages_are_read_without_styles_or_scripts_of_others(client: FlaskClient) -> None:
    headers = client.get("/").headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"
    with client.get("/static/tegu.css") as asset:
        assert "immutable" in asset.headers["Cache-Control"]
