"""What takes the worker down with it (a crash, no memory left), again and again, is set aside: all else goes on.

Nobody knows which of the tasks under way it was. So those are tried again one at a time, and whichever is alone with
the end of a worker three times in a row was it. It is set aside for an hour, or until somebody asks for it. Each newer
commit is tried once: it may be what mends it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from workers.model.errors import RedisUnavailable, SetAside
from workers.runtime.slots import without_slot
from workers.services import Services

MOST = 3

_alone = threading.Lock()
_AWAKE = 5.0  # seconds


def subject_of_pull(repo: str, worker: str) -> str:
    """What a repo's pulls on a worker count as."""
    return f"pull {repo} {worker}"


@contextlib.contextmanager
def attempt(services: Services, subject: str, at: str = "") -> Iterator[None]:
    """Try something that a worker may not survive.

    Args:
        services: the process's.
        subject: a stack's id, or `subject_of_pull`.
        at: the commit that a stack would be brought to, where that is known.

    Raises:
        SetAside: it was tried often enough, the last time at this commit.
        RedisUnavailable: nobody knows.
    """
    attempts = services.state.attempts
    with contextlib.ExitStack() as held:
        if attempts.unended(subject).times:
            held.enter_context(_one_at_a_time())
        before = attempts.unended(subject)
        if before.times >= MOST and before.at == at:
            raise SetAside(subject, before.times)
        attempts.begin(subject, at)
        try:
            yield
        finally:
            with contextlib.suppress(RedisUnavailable):
                attempts.end(subject)


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    with without_slot():
        while not _alone.acquire(timeout=_AWAKE):
            pass
    try:
        yield
    finally:
        _alone.release()
