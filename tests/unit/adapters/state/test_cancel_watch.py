"""While deployments are under way, somebody looks whether they are wanted."""

from __future__ import annotations

import threading

from workers.adapters.state.state import State


def watchers() -> int:
    return sum(thread.name == "cancel watch" for thread in threading.enumerate())


def test_who_cancels_it_is_known_and_it_stops_and_no_other_does(state: State) -> None:
    before = watchers()
    with state.cancel_watch.watch("d1") as one, state.cancel_watch.watch("d2") as other:
        assert not one.stop.is_set()
        assert watchers() == before + 1
        state.cancellations.ask("d1", "anna")
        assert one.stop.wait(5)
        assert (one.who, other.who, other.stop.is_set()) == ("anna", "", False)


def test_a_later_deployment_is_watched_like_the_first(state: State) -> None:
    with state.cancel_watch.watch("d1"):
        pass
    with state.cancel_watch.watch("d2") as watch:
        state.cancellations.ask("d2", "bert")
        assert watch.stop.wait(5)


def test_whoever_is_under_way_has_his_turn_to_tell(state: State) -> None:
    told = threading.Event()
    with state.cancel_watch.watch("d1", told.set):
        assert told.wait(5)
