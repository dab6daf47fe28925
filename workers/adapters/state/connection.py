"""The Redis client: how long it waits, what it sends again, and what its errors mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import MasterDownError, OutOfMemoryError, ReadOnlyError, RedisError, ResponseError
from redis.retry import Retry

from workers.model.errors import RedisUnavailable, UsageError

TIMEOUT_SECONDS = 5.0
_CONNECT_SECONDS = 2.0
_HEALTH_CHECK_SECONDS = 15

# Answers of a Redis that is there but cannot take the command now. redis-py has classes for some of them, others
# it leaves in the text; so does an older Redis with errors inside scripts.
_LATER = (OutOfMemoryError, ReadOnlyError, MasterDownError)
_LATER_WORDS = ("OOM ", "READONLY", "LOADING", "MISCONF", "MASTERDOWN", "NOREPLICAS", "BUSY ", "UNKILLABLE")


def connect(url: str, *, timeout: float = TIMEOUT_SECONDS, retries: int = 2) -> Redis:
    """Make a client; nothing is sent before its first command.

    A lost connection is opened again and the command sent again: a restarted Redis leaves every pooled
    connection dead, and everything sent here is idempotent. A timeout is not retried, since a frozen Redis
    would then be waited for several times over.

    Args:
        url: `redis://`, `rediss://` or `unix://`.
        timeout: seconds to wait for an answer.
        retries: how often to send again after a lost connection; 0 for whoever must answer at once.

    Raises:
        UsageError: the URL is none that redis-py takes.
    """
    try:
        return Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=timeout,
            socket_connect_timeout=min(timeout, _CONNECT_SECONDS),
            health_check_interval=_HEALTH_CHECK_SECONDS,
            retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), retries, supported_errors=(NoConnection,)),
        )
    except ValueError as error:
        message = f"TEGU_REDIS_URL: {error}"
        raise UsageError(message) from error


def sibling(redis: Redis) -> Redis:
    """A client to the same Redis with connections of its own, which no other command can hold up."""
    pool = redis.connection_pool
    own = type(pool)(connection_class=pool.connection_class, **pool.connection_kwargs)
    return Redis.from_pool(own)


@contextmanager
def translated() -> Iterator[None]:
    """Turn errors of redis-py into Tegu's; also a decorator.

    Raises:
        RedisUnavailable: Redis is away, starting, read-only or full. Any other error is a bug and passes.
    """
    try:
        yield
    except ResponseError as error:
        if not isinstance(error, _LATER) and not any(word in str(error) for word in _LATER_WORDS):
            raise
        message = f"Redis cannot take this now: {error}"
        raise RedisUnavailable(message) from error
    except RedisError as error:
        message = f"Redis does not answer: {error}; see that it runs, and that TEGU_REDIS_URL names it"
        raise RedisUnavailable(message) from error
