"""Both locks of a stack at once: the flock excludes, the lease shows who holds it and numbers what is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from workers.adapters.state.leases import Lease, stack_lease
from workers.adapters.state.state import State
from workers.model.errors import Busy

_LOCK_SECONDS = 1.0  # the end of the other deployment may be near; for longer, the task is tried again


@contextmanager
def exclusive(state: State, stack: str) -> Iterator[tuple[int, Lease]]:
    """Hold a stack's locks to deploy it.

    Yields:
        The descriptor for children to inherit, and the lease.

    Raises:
        Busy: somebody else holds them.
    """
    name, holder = stack_lease(stack), f"deploying {stack}"
    with state.stack_lock.hold(stack, timeout=_LOCK_SECONDS) as lock:
        floor = state.journal.load(stack).fence or 0
        lease = state.leases.acquire(name, holder, floor=floor)
        if lease is None:
            # Whoever holds the lease does not hold the lock of this host any more: it was killed.
            state.leases.force_release(name)
            lease = state.leases.acquire(name, holder, floor=floor)
        if lease is None:
            message = f"{stack} is locked by another worker"
            raise Busy(message)
        with lease:
            yield lock, lease
