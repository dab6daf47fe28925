"""Leases: locks as everybody sees them, with a fencing number that every state write is checked against.

The exclusion itself is the flock on the host (`stack_lock`). A lease shows who holds the lock, and its number
keeps a holder that was frozen from writing over what a newer one knows. Losing a lease, or Redis, never stops
work under way.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from types import TracebackType
from typing import Any, Self

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.clock import now
from workers.adapters.state.connection import sibling, translated
from workers.adapters.state.scripts import Scripts
from workers.model.errors import RedisUnavailable

TTL_SECONDS = 30.0
_IDLE_SECONDS = 10.0  # that a thread without a lease to renew stays for the next one
_PAUSE = 0.1  # seconds


class Lease:
    """A lease that is held, and renewed until it is released; a context manager.

    Attributes:
        name: what is locked: `stack:<id>`, `repo:<worker>:<repo>`.
        fence: the fencing number to hand to state writes.
    """

    def __init__(self, leases: Leases, name: str, token: str, fence: int, ttl: float, owner: tuple[str, ...]) -> None:
        self.name = name
        self.fence = fence
        self._leases = leases
        self._token = token
        self._ttl = ttl
        self._owner = owner
        self._lost = threading.Event()
        self._ended = False
        self._renewing = threading.Lock()
        self._due = time.monotonic() + ttl / 3
        leases.keeper.keep(self)

    @property
    def lost(self) -> bool:
        """Whether somebody else holds it now, or it was taken away. Work goes on; its state writes are refused."""
        return self._lost.is_set()

    @property
    def due(self) -> float:
        """When it is to be renewed, on the monotonic clock."""
        return self._due

    def renew(self, scripts: Scripts) -> bool:
        """Renew it; whether it is still to be renewed.

        Raises:
            RedisUnavailable: Redis may be back before it has run out, or nobody may have wanted it meanwhile.
        """
        with self._renewing:
            self._due = time.monotonic() + self._ttl / 3
            if self._ended:
                return False
            with translated():
                if scripts("renew", *self._request):
                    return True
            self._lost.set()
            return False

    def release(self) -> None:
        """Give it back, if it is still ours. A Redis that is away is no trouble: the lease runs out."""
        self._leases.keeper.leave(self)
        with self._renewing:  # a renewal under way would take it again
            self._ended = True
            try:
                self._leases.release(self.name, self._token)
            except RedisUnavailable:
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    @property
    def _request(self) -> tuple[str, ...]:
        return (self.name, self._token, str(int(self._ttl * 1000)), str(self.fence), *self._owner)


class Keeper:
    """Renews every lease that a process holds: one thread and one connection, for as long as there is any.

    Args:
        redis: the process's, of which the thread makes a client of its own.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._changed = threading.Condition()
        self._held: set[Lease] = set()
        self._runs = False

    def keep(self, lease: Lease) -> None:
        """Renew a lease from now on."""
        with self._changed:
            self._held.add(lease)
            self._changed.notify()
            if not self._runs:
                self._runs = True
                threading.Thread(target=self._run, name="leases", daemon=True).start()

    def leave(self, lease: Lease) -> None:
        """Renew it no more."""
        with self._changed:
            self._held.discard(lease)

    def _run(self) -> None:
        own = sibling(self._redis)
        scripts = Scripts(own)
        try:
            while (due := self._next()) is not None:
                try:
                    if not due.renew(scripts):
                        self.leave(due)
                except RedisUnavailable:
                    time.sleep(_PAUSE)  # all others would wait as long in vain
        finally:
            own.close()

    def _next(self) -> Lease | None:
        """The next lease that is due, when it is; None after a while without any."""
        with self._changed:
            while self._held or self._changed.wait(_IDLE_SECONDS):
                if not self._held:
                    continue
                first = min(self._held, key=lambda lease: lease.due)
                if (left := first.due - time.monotonic()) <= 0:
                    return first
                self._changed.wait(left)
            self._runs = False
            return None


class Leases:
    """Leases in Redis."""

    def __init__(self, redis: Redis, scripts: Scripts) -> None:
        self.redis = redis
        self.keeper = Keeper(redis)
        self._scripts = scripts

    @translated()
    def acquire(
        self, name: str, holder: str, ttl: float = TTL_SECONDS, *, floor: int = 0, token: str | None = None
    ) -> Lease | None:
        """Take a lease; None when another holds it.

        Args:
            name: what is locked.
            holder: who holds it, for people (`deployment 01…`).
            ttl: seconds until it runs out when nobody renews it.
            floor: the newest fencing number that the journal knows, for a Redis that has lost its own.
            token: asking twice with the same one is the same as asking once; random by default.
        """
        token = token or secrets.token_hex(16)
        owner = (holder, str(os.getpid()), socket.gethostname(), now())
        fence = self._scripts("acquire", name, token, str(int(ttl * 1000)), str(floor), *owner)
        return Lease(self, name, token, fence, ttl, owner) if fence else None

    @translated()
    def release(self, name: str, token: str) -> bool:
        """Give a lease back; False when it was another's already."""
        return bool(self._scripts("release", name, token))

    @translated()
    def force_release(self, name: str) -> dict[str, Any] | None:
        """Take a lease away from whoever holds it, who can write no state from now on.

        Returns:
            The holder that was, as `holders` shows it, so that its processes can be ended; None if there was none.
        """
        answer = self._scripts("release", name, "")
        fields = dict(zip(answer[::2], answer[1::2], strict=True))
        return _shown(name, fields, 0) if fields else None

    @translated()
    def holders(self) -> list[dict[str, Any]]:
        """Who holds what: `name, holder, pid, host, since, fence, seconds_left`, in order of name."""
        names = sorted(str(name) for name in self.redis.smembers(keys.leases()))
        with self.redis.pipeline(transaction=False) as pipeline:
            for name in names:
                pipeline.hgetall(keys.lease(name))
                pipeline.pttl(keys.lease(name))
            answers = pipeline.execute()
        found = [
            _shown(name, fields, left) if fields else None
            for name, fields, left in zip(names, answers[::2], answers[1::2], strict=True)
        ]
        return [holder for holder in found if holder]

    @translated()
    def newest_fence(self, name: str) -> int:
        """The newest fencing number of a lock, 0 when it was never held."""
        return int(self.redis.get(keys.fence(name)) or 0)


def stack_lease(stack: str) -> str:
    """The name of a stack's lease, which `Records.put` checks fencing numbers against."""
    return f"stack:{stack}"


def _shown(name: str, fields: dict[str, str], milliseconds: int) -> dict[str, Any]:
    return {
        "name": name,
        "holder": fields["holder"],
        "pid": int(fields["pid"]),
        "host": fields["host"],
        "since": fields["since"],
        "fence": int(fields["fence"]),
        "seconds_left": max(0, milliseconds // 1000),
    }
