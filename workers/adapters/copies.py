"""Messages by the thousand: Celery and Kombu compose one of a kind, and all others are copies of it.

What they need for each is most of what a pull costs, and nothing but arguments and ids differs. Nobody is told of a
copy when it is sent: neither Celery's signals nor Flower.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from contextlib import closing

from kombu.connection import Connection
from kombu.messaging import Producer
from kombu.utils.uuid import uuid

_ID, _TAG, _BODY, _SHOWN = ("<tegu-id>", "<tegu-tag>", "<tegu-body>", "<tegu-shown>")


class Copies:
    """Copies of one message.

    Args:
        publish: publishes the message that is copied, with this producer, id, and readable arguments.
        queue: where it is for.
    """

    def __init__(self, publish: Callable[[Producer, str, str], None], queue: str) -> None:
        with Connection("memory://") as connection, closing(connection.channel()) as channel:  # type: ignore[no-untyped-call]
            publish(Producer(channel), _ID, _SHOWN)  # type: ignore[no-untyped-call]
            original = channel._get(queue)  # noqa: SLF001 (as it would lie in Redis)
        _, self._kwargs, self._embed = json.loads(base64.b64decode(original["body"]))
        original["body"] = _BODY
        original["properties"]["delivery_tag"] = _TAG
        self._original = json.dumps(original)

    def of(self, args: Sequence[str | bool | None], shown: str) -> str:
        """A message with these arguments, as it lies in Redis.

        Args:
            args: the task's.
            shown: how they are to be read.
        """
        body = base64.b64encode(json.dumps([args, self._kwargs, self._embed]).encode()).decode()
        text = self._original.replace(_ID, uuid()).replace(_TAG, uuid()).replace(_BODY, body)
        return text.replace(json.dumps(_SHOWN), json.dumps(shown))  # last, for who knows what a name may hold
