"""How a worker's messages come and are acknowledged: many in one round trip, where Kombu needs three for each.

Waiting for a message, writing down that it was taken, and taking that back: each is a round trip of Kombu's, and a new
client object. A thousand quick decisions spent more of the worker's time on that than on everything else together. What
is kept in Redis, and when, is Kombu's: whatever was taken is in `unacked` until it is acknowledged.
"""

from __future__ import annotations

import contextlib
import time
from typing import Any

from kombu.asynchronous import get_event_loop
from kombu.transport.redis import Channel, QoS, Transport
from kombu.transport.virtual import QoS as AnyQoS
from kombu.utils.json import loads
from redis.exceptions import RedisError, ResponseError

from workers.pool.intake import has_room_for_all, room_for
from workers.runtime.logs import get_logger

log = get_logger(__name__)

# Seconds that Redis keeps the consumer waiting for a message: an idle worker asks six times a minute, not sixty. What
# a lane has room for again while only the other queue is waited for is asked for soon.
_ALL, _SOME = 10, 0.1

_MOST = 32  # messages in one go: between two of them the worker hears of nothing else
_TOGETHER = 0.02  # seconds; what ends within them is acknowledged in one round trip

# Takes what is in a queue, as BRPOP and `QoS.append` do one by one. What cannot be read goes back: Kombu will complain.
# KEYS: queue, unacked, unacked_index.  ARGV: how many at most, seconds since the epoch.  Returns: the messages.
_TAKE = """
local taken = {}
while #taken < tonumber(ARGV[1]) do
  local text = redis.call('RPOP', KEYS[1])
  if not text then break end
  local is_read, tag, place = pcall(function()
    local properties = cjson.decode(text).properties
    local info = properties.delivery_info
    return properties.delivery_tag .. '', cjson.encode(info.exchange) .. ',' .. cjson.encode(info.routing_key)
  end)
  if not is_read then
    redis.call('RPUSH', KEYS[1], text)
    break
  end
  redis.call('HSET', KEYS[2], tag, '[' .. text .. ',' .. place .. ']')
  redis.call('ZADD', KEYS[3], ARGV[2], tag)
  taken[#taken + 1] = text
end
return taken
"""


class GroupedQoS(QoS):
    """Kombu's account of what was taken, written for many messages at once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (Kombu's own signature)
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]
        self.written: set[str] = set()
        self._ended: list[str] = []

    def append(self, message: Any, delivery_tag: str) -> None:  # noqa: ANN401 (Kombu has no types)
        """Write down that a message was taken, unless that has been done."""
        if delivery_tag in self.written:
            self.written.discard(delivery_tag)
            AnyQoS.append(self, message, delivery_tag)  # type: ignore[no-untyped-call]
        else:
            super().append(message, delivery_tag)  # type: ignore[no-untyped-call]

    def ack(self, delivery_tag: str) -> None:
        """Acknowledge a message, a moment later together with others. Killed before that, it comes again."""
        loop = get_event_loop()
        if loop is None:
            super().ack(delivery_tag)  # type: ignore[no-untyped-call]
            return
        AnyQoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]
        self._ended.append(delivery_tag)
        if len(self._ended) == 1:
            loop.call_later(_TOGETHER, self.acknowledge)  # type: ignore[no-untyped-call]

    def acknowledge(self) -> None:
        """Tell Redis what has ended; where it cannot be told, that comes again, and finds nothing to do."""
        ended, self._ended = self._ended, []
        if not ended:
            return
        try:
            with self.pipe_or_acquire() as pipe:
                pipe.zrem(self.unacked_index_key, *ended).hdel(self.unacked_key, *ended).execute()
        except self.channel.connection_errors as error:
            log.warning("not acknowledged", messages=len(ended), error=str(error))


class PatientChannel(Channel):
    """Kombu's, but what it waits for decides for how long, and what has come is taken together."""

    QoS = GroupedQoS

    _kept: Any = None
    _take: Any = None
    _waits_on: tuple[Any, Any] = (None, None)
    _waits_as: int | None = None

    def close(self) -> None:
        """Acknowledge what has ended, and give back the rest."""
        if not self.closed:
            if self._qos is not None:
                self._qos.acknowledge()
            if self._in_poll:
                self._wait_no_longer()
        super().close()  # type: ignore[no-untyped-call]

    def _wait_no_longer(self) -> None:
        """Let Redis answer at once. Kombu waits for that, since a message may be on its way: until its patience ends.

        A Redis that does not allow it (`CLIENT UNBLOCK` is for administrators) is waited for as by Kombu.
        """
        with contextlib.suppress(*self.connection_errors, RedisError):
            if self._waits_as is not None:
                self._create_client().client_unblock(self._waits_as)

    def _create_client(self, asynchronous: bool = False) -> Any:  # noqa: ANN401
        """One client for all that is not waited for; it has connections enough for everybody."""
        if asynchronous:
            return super()._create_client(asynchronous=True)  # type: ignore[no-untyped-call]
        if self._kept is None or self._kept.connection_pool is not self.pool:
            self._kept = super()._create_client()  # type: ignore[no-untyped-call]
            self._take = self._kept.register_script(_TAKE)
        return self._kept

    def _brpop_start(self, timeout: float | None = None) -> None:
        self.brpop_timeout = _ALL if has_room_for_all() else _SOME
        self._know_who_waits()
        super()._brpop_start(timeout)  # type: ignore[no-untyped-call]

    def _know_who_waits(self) -> None:
        """Ask Redis what it calls the connection that is about to wait; once for each that is made."""
        connection = self.client.connection
        if (connection, connection._sock) != self._waits_on:  # noqa: SLF001 (one that was lost is made again in it)
            with contextlib.suppress(ResponseError):
                self._waits_as = self.client.client_id()
            self._waits_on = (connection, connection._sock)  # noqa: SLF001

    def _brpop_read(self, **options: Any) -> Any:  # noqa: ANN401
        is_message = super()._brpop_read(**options)  # type: ignore[no-untyped-call]
        if not self._closing and self._queue_cycle.last in self.active_queues:
            self._take_more(self._queue_cycle.last)
        return is_message

    def _take_more(self, queue: str) -> None:
        """Take what else is in a queue, as far as there is room for it."""
        if (most := min(_MOST, room_for(queue))) < 1:
            return
        client, qos = self._create_client(), self.qos
        keys = (self._q_for_pri(queue, 0), qos.unacked_key, qos.unacked_index_key)  # type: ignore[no-untyped-call]
        texts = self._take(keys=keys, args=(most, time.time()), client=client)
        messages = [loads(text) for text in texts]  # type: ignore[no-untyped-call]
        qos.written.update(each["properties"]["delivery_tag"] for each in messages)
        for each in messages:
            self.connection._deliver(each, queue)  # noqa: SLF001


def wait_patiently() -> None:
    """Let the consumer of this process, which has not connected yet, wait as long as that makes sense."""
    Transport.Channel = PatientChannel
