"""Slots: so many threads of a process work at once. A thread that only waits gives its own back meanwhile.

What costs a processor or the engine holds a slot; what waits for health, for a lock or for a hook does not, so hundreds
can wait in one process. A thread that holds none (the command line, a direct call, a test) takes part in nothing here.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator

_AWAKE = 5.0  # seconds; a thread that sleeps for ever would not notice that its time is over


class Slots:
    """A number of slots. Whoever comes back from waiting gets one before whoever begins.

    Args:
        count: how many there are.
        hooks: how many threads may wait for a hook at once; None for any number.
        when_free: called, without any lock held, whenever there may be a slot for somebody who begins.
    """

    def __init__(self, count: int, *, hooks: int | None = None, when_free: Callable[[], None] = lambda: None) -> None:
        self._free = self._count = count
        self._when_free = when_free
        self._lock = threading.Lock()
        self._returning: deque[threading.Event] = deque()
        self.hooks = None if hooks is None else Slots(hooks)

    @property
    def is_used(self) -> bool:
        """Whether anybody holds one."""
        return self._free < self._count

    def try_take(self) -> bool:
        """Take a slot to begin something, unless there is none, or somebody waits to go on."""
        with self._lock:
            if self._free <= 0 or self._returning:
                return False
            self._free -= 1
            return True

    def take(self) -> None:
        """Take a slot to go on with something, as soon as there is one: in turn, before whoever begins."""
        with self._lock:
            if self._free > 0:
                self._free -= 1
                return
            mine = threading.Event()
            self._returning.append(mine)
        try:
            while not mine.wait(_AWAKE):
                pass
        except BaseException:
            self._leave(mine)
            raise

    def give(self) -> None:
        """Give a slot back."""
        with self._lock:
            if self._returning:
                self._returning.popleft().set()
                return
            self._free += 1
        self._when_free()

    def _leave(self, mine: threading.Event) -> None:
        """Wait no longer; a slot that has come meanwhile goes to the next."""
        with self._lock:
            if not mine.is_set():
                self._returning.remove(mine)
                return
        self.give()


class _Holder(threading.local):
    """Which slots this thread has to do with, and whether it holds one now."""

    slots: Slots | None = None
    holds: bool = False


_this_thread = _Holder()


@contextlib.contextmanager
def holding(slots: Slots) -> Iterator[None]:
    """Let the calling thread hold a slot that was taken for it, and give it back in the end.

    Args:
        slots: where it was taken.
    """
    _this_thread.slots, _this_thread.holds = slots, True
    try:
        yield
    finally:
        held = _this_thread.holds
        _this_thread.slots, _this_thread.holds = None, False
        if held:
            slots.give()


@contextlib.contextmanager
def without_slot(*, then_only_ends: bool = False) -> Iterator[None]:
    """Hold no slot inside, where the calling thread only waits, and go on with one: before whatever begins then.

    Args:
        then_only_ends: go on without one unless something is raised: what is left then costs next to nothing.
    """
    slots = _this_thread.slots
    if slots is None or not _this_thread.holds:
        yield
        return
    _this_thread.holds = False
    slots.give()
    try:
        yield
    except BaseException:
        hold_a_slot()
        raise
    if not then_only_ends:
        hold_a_slot()


@contextlib.contextmanager
def until_it_waits() -> Iterator[Callable[[], None]]:
    """Hold the slot until what is yielded is called, because from then on a child process only waits inside.

    So many may do that as may wait for hooks, since each has its process; any more keep their slots.
    """
    with contextlib.ExitStack() as waiting:

        def give_back() -> None:
            if not _this_thread.holds or _this_thread.slots is None:
                return
            hooks = _this_thread.slots.hooks
            if hooks is not None:
                if not hooks.try_take():
                    return
                waiting.callback(hooks.give)
            waiting.enter_context(without_slot())

        yield give_back


def hold_a_slot() -> None:
    """Take a slot again, if the calling thread has to do with any and holds none."""
    slots = _this_thread.slots
    if slots is not None and not _this_thread.holds:
        slots.take()
        _this_thread.holds = True


@contextlib.contextmanager
def in_a_hook() -> Iterator[None]:
    """Hold no slot while a hook runs, of which there may be so many at once as the slots say."""
    hooks = None if _this_thread.slots is None else _this_thread.slots.hooks
    with without_slot():
        if hooks is None:
            yield
            return
        hooks.take()
        try:
            yield
        finally:
            hooks.give()
