"""How a repo stands: its last pull on every worker, and whom one is asking."""

from __future__ import annotations

import json

import pytest

from workers.adapters.state import keys
from workers.adapters.state.repos import RepoState
from workers.adapters.state.state import State
from workers.model.stack import Repo
from workers.model.words import PullStatus, Trigger


def pull(state: State, worker: str = "local", error: str | None = None) -> None:
    run, _ = state.runs.coalesce("homelab", [worker], "poll")
    assert state.runs.start_pull(run, "homelab", worker)
    state.runs.end_pull(run, "homelab", worker, commits={"main": "c1"}, error=error, repo_ref="main")


def stands(state: State, *workers: str) -> RepoState:
    (found,) = state.repos.all({"homelab": workers or ("local",)})
    return found


def test_a_repo_that_was_never_pulled_says_so(state: State) -> None:
    said = stands(state).to_json()
    assert said == {"repo": "homelab", "last_pull": None, "asking": None, "workers": {}, "sizes": {}}


def test_failures_in_a_row_stand_since_the_first_of_them(state: State) -> None:
    pull(state)
    good = stands(state).last_pull
    assert good is not None
    assert (good.status, good.error) == (PullStatus.SUCCEEDED, None)
    state.repos.note_failed_try("homelab", "local", "no answer")  # which does not end the pull
    first = stands(state).last_pull
    pull(state, error="still none")
    last = stands(state).last_pull
    assert first is not None
    assert last is not None
    assert (last.status, last.error, last.since) == (PullStatus.FAILED, "still none", first.at)
    assert first.error == "no answer"
    pull(state)
    assert not (found := stands(state).last_pull) or found.error is None


def test_the_last_good_one_is_known_while_they_fail_also_after_an_earlier_release(state: State) -> None:
    good = "2026-01-01T00:00:00.000Z"
    for fields in ({"status": "succeeded", "at": good, "since": good}, {"status": "failed", "at": good, "since": good}):
        state.redis.hset(keys.pulled("homelab"), "local", json.dumps(fields | {"error": None}))
        state.repos.note_failed_try("homelab", "local", "no answer")
        state.repos.note_failed_try("homelab", "local", "no answer")
        assert stands(state).pulls["local"].good == (good if fields["status"] == "succeeded" else None)


def test_one_worker_that_fails_makes_the_repo_fail_unless_it_pulls_no_more(state: State) -> None:
    pull(state, "nas", "no answer")
    pull(state, "local")
    both = stands(state, "local", "nas")
    assert both.last_pull is not None
    assert both.last_pull.failed
    assert sorted(both.to_json()["workers"]) == ["local", "nas"]
    assert not (found := stands(state, "local").last_pull) or not found.failed


def test_who_is_asked_is_shown_until_the_answer_and_not_for_ever(state: State) -> None:
    with state.repos.asking("homelab", "local", "git.example.com", 60):
        asking = stands(state).asking
        assert asking is not None
        assert asking.host == "git.example.com"
        assert 0 < int(state.redis.ttl("tegu:asking:homelab:local")) <= 61
    assert stands(state).asking is None


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://git.example.com:8443/me/r.git", "git.example.com"),
        ("git@git.example.com:me/r.git", "git.example.com"),
        ("ssh://git@git.example.com:2222/me/r.git", "git.example.com"),
        ("ssh://git@[2001:db8::1]:22/r.git", "2001:db8::1"),
        ("git.example.com:r.git", "git.example.com"),
        ("/srv/git/r.git", "/srv/git/r.git"),
        ("file:///srv/git/r.git", "/srv/git/r.git"),
    ],
)
def test_the_host_of_a_url(url: str, host: str) -> None:
    assert Repo("r", url, "main").host == host


def test_the_newest_commit_of_each_ref_is_that_of_the_newest_pull(state: State) -> None:
    pull(state, "nas")
    run = state.runs.create("homelab", Trigger.WEBHOOK, ["local"])
    assert state.runs.start_pull(run, "homelab", "local")
    state.runs.end_pull(run, "homelab", "local", commits={"main": "c2", "v1": "c1"}, error=None, repo_ref="main")
    state.repos.note_size("homelab", "local", 12)
    found = stands(state, "local", "nas")
    assert (found.heads, found.sizes) == ({"main": "c2", "v1": "c1"}, {"local": 12})
