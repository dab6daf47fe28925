"""Live state is of use while its watcher lives and sees the engine."""

from __future__ import annotations

import json
import time

from workers.adapters.state import keys
from workers.adapters.state.live import MAX_SERVICES, Live, LiveService, watcher_name
from workers.adapters.state.state import State

STACK = "production/a"
WATCHER = watcher_name("local", "unix:///var/run/docker.sock")
SEEN = Live(
    {
        "web": LiveService("running", "healthy", "2026-01-01T00:00:00.000Z", "busybox"),
        "job": LiveService("exited", done=True),
    },
    WATCHER,
)


def read(state: State) -> Live | None:
    return state.facts([STACK])[STACK].live


def test_what_a_watcher_has_written_is_read_while_it_lives(state: State) -> None:
    assert read(state) is None
    assert not state.live.beat(WATCHER, None)
    state.live.write({STACK: SEEN})
    assert state.live.beat(WATCHER, None)
    assert read(state) == SEEN


def test_it_is_unknown_once_the_watcher_is_silent_or_sees_nothing_itself(state: State) -> None:
    state.live.write({STACK: SEEN})
    assert {each.state for each in (read(state) or Live()).services.values()} == {"unknown"}
    lost = "2026-01-01T00:00:05.000Z"
    state.live.beat(WATCHER, lost)
    unseen = read(state)
    assert unseen is not None
    assert unseen.services["web"] == LiveService("unknown", None, lost, "busybox")
    state.live.beat(WATCHER, None)
    state.redis.hset(keys.watched(), WATCHER, f'{{"at": {int(time.time()) - 60}, "lost": ""}}')
    silent = read(state)
    assert silent is not None
    assert (silent.services["web"].state, silent.services["web"].since is None) == ("unknown", False)


def test_what_is_stored_of_a_stack_is_bounded_and_is_forgotten_with_it(state: State) -> None:
    state.live.write(
        {STACK: Live({f"s{number}": LiveService("running") for number in range(MAX_SERVICES + 1)}, WATCHER)}
    )
    stored = read(state)
    assert stored is not None
    assert len(stored.services) == MAX_SERVICES
    state.forget(STACK)
    assert read(state) is None


def test_a_watcher_that_was_heard_a_moment_ago_is_not_written_down_again(state: State) -> None:
    def is_written(told: float, lost: str | None) -> bool:
        state.redis.hset(keys.watched(), WATCHER, json.dumps({"at": int(told), "lost": "", "mark": 1}))
        assert state.live.beat(WATCHER, lost)
        return "mark" not in str(state.redis.hget(keys.watched(), WATCHER))

    assert not is_written(time.time(), None)
    assert is_written(time.time() - 20, None)
    assert is_written(time.time(), "2026-01-01T00:00:00.000Z")
