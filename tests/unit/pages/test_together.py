"""One answer for all who ask the same at the same moment."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from app.pages.together import Together


def test_who_asks_while_an_answer_is_made_shares_the_next_one() -> None:
    together, go, begun = Together(), threading.Semaphore(0), threading.Semaphore(0)
    made: list[None] = []

    def make() -> str:
        made.append(None)
        begun.release()
        assert go.acquire(timeout=30)
        return f"answer {len(made)}"

    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(together.answer, "/", make)
        assert begun.acquire(timeout=30)
        later = [pool.submit(together.answer, "/", make) for _ in range(6)]
        while together._rounds["/"].asking < 7:
            threading.Event().wait(0.005)
        go.release(2)
        wait([first, *later], timeout=30)
        assert first.result() == "answer 1"
        assert {each.result() for each in later} == {"answer 2"}, "none is older than its question"
    assert together._rounds == {}, "no answer is kept"


def test_what_goes_wrong_is_of_whoever_asked() -> None:
    together = Together()
    with pytest.raises(ZeroDivisionError):
        together.answer("/", lambda: str(1 // 0))
    assert together.answer("/", lambda: "well") == "well"
