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
from types import TracebackType
from typing import Any, Self

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.clock import now
from workers.adapters.state.connection import sibling, translated
from workers.adapters.state.scripts import Scripts
from workers.model.errors import RedisUnavailable

TTL_SECONDS = 30.0


class Lease:
    """A lease that is held, and renewed by a thread until it is released; a context manager.

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
        self._ended = threading.Event()
        self._renewing = threading.Lock()
        self._thread = threading.Thread(target=self._keep, name=f"lease {name}", daemon=True)
        self._thread.start()

    @property
    def lost(self) -> bool:
        """Whether somebody else holds it now, or it was taken away. Work goes on; its state writes are refused."""
        return self._lost.is_set()

    def release(self) -> None:
        """Give it back, if it is still ours. A Redis that is away is no trouble: the lease runs out."""
        self._ended.set()
        with self._renewing:  # a renewal under way would take it again
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

    def _keep(self) -> None:
        redis = sibling(self._leases.redis)
        scripts = Scripts(redis)
        try:
            while not self._ended.wait(self._ttl / 3):
                with self._renewing:
                    if not self._ended.is_set() and not self._renew(scripts):
                        self._lost.set()
                        return
        finally:
            redis.close()

    @property
    def _request(self) -> tuple[str, ...]:
        return (self.name, self._token, str(int(self._ttl * 1000)), str(self.fence), *self._owner)

    def _renew(self, scripts: Scripts) -> bool:
        try:
            with translated():
                return bool(scripts("renew", *self._request))
        except RedisUnavailable:
            return True  # it may be back before the lease has run out, or nobody may have wanted it meanwhile


class Leases:
    """Leases in Redis."""

    def __init__(self, redis: Redis, scripts: Scripts) -> None:
        self.redis = redis
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
