"""While a deployment is under way, somebody looks whether it is wanted."""

from __future__ import annotations

import threading

from workers.adapters.state.state import State
from workers.deploy.transaction.cancel import CancelWatch


def test_who_cancels_it_is_known_and_it_stops(state: State) -> None:
    with CancelWatch(state.cancellations, "d1") as watch:
        assert not watch.stop.is_set()
        state.cancellations.ask("d1", "anna")
        assert watch.stop.wait(5)
    assert watch.who == "anna"


def test_one_that_ends_at_once_asks_nobody(state: State) -> None:
    before = threading.active_count()
    with CancelWatch(state.cancellations, "d1") as watch:
        pass
    assert (watch.stop.is_set(), threading.active_count()) == (False, before)
