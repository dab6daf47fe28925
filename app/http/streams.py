"""Answers that go on: events as they happen, a deployment's log as it is written.

Each holds a thread of the server, so there are only so many, and none lasts for ever: who still wants to know
asks again from where it was.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from queue import Empty
from typing import Any

from flask import Response
from werkzeug.exceptions import ServiceUnavailable

from app.http.feed import Feed, is_after, told
from app.http.requests import CURSOR
from app.http.schemas import page
from workers.adapters.state.state import State
from workers.model.errors import RedisUnavailable, UsageError

MOST_STREAMS = 32
"""Half of the threads of a server: each open page has one, and everything else is to be answered, too."""
_LONGEST_SECONDS = 60.0
_BLOCK_MS = 1000
_QUIET_SECONDS = 2.0


class Streams:
    """The streams of one process."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._places = threading.BoundedSemaphore(MOST_STREAMS)
        self._feed = Feed(state.events)

    def events(self, after: str | None) -> Response:
        """Server-Sent Events after a cursor, or from now on.

        Raises:
            UsageError: when the cursor is none.
            ServiceUnavailable: when too many are listening.
        """
        if after is not None and not re.fullmatch(CURSOR, after, re.ASCII):
            message = "Last-Event-ID is not the id of an event"
            raise UsageError(message)
        start = after or self._state.events.newest()
        return self._respond(self._events(start), "text/event-stream")

    def log_page(self, deployment: str, after: str | None, limit: int) -> dict[str, Any]:
        """A page of a deployment's log, as every list is shown: its items are lines.

        Args:
            deployment: its id.
            after: the `next` of the page before.
            limit: how many lines.
        """
        lines = self._state.deployments.read_log(deployment, after or "0", count=limit + 1)
        return page([line for _, line in lines[:limit]], lines[limit - 1][0] if len(lines) > limit else None)

    def log(self, deployment: str, *, follow: bool) -> Response:
        """A deployment's log as text; with `follow`, until it ends or a minute is over.

        Raises:
            ServiceUnavailable: when too many are following.
        """
        if not follow:
            return Response("".join(self._lines(deployment)), content_type="text/plain; charset=utf-8")
        return self._respond(self._following(deployment), "text/plain; charset=utf-8")

    def _respond(self, texts: Iterator[str], content_type: str) -> Response:
        if not self._places.acquire(blocking=False):
            message = "too many are listening already"
            raise ServiceUnavailable(message, retry_after=5)
        response = Response(_quietly(texts), content_type=content_type)
        response.headers["X-Accel-Buffering"] = "no"  # nginx would hold events back
        response.call_on_close(self._places.release)
        return response

    def _events(self, after: str) -> Iterator[str]:
        yield "retry: 1000\n\n"
        end = time.monotonic() + _LONGEST_SECONDS
        with self._feed.listening() as coming:
            while found := told(self._state.events.read(after)):
                after = found[-1][0]
                yield "".join(text for _, text in found)
            while time.monotonic() < end:
                try:
                    happened = coming.get(timeout=_QUIET_SECONDS)
                except Empty:
                    yield ": still here\n\n"  # a listener that has gone is noticed by writing to it
                    continue
                if happened is None:
                    return
                if texts := [text for cursor, text in happened if is_after(cursor, after)]:
                    yield "".join(texts)

    def _lines(self, deployment: str) -> Iterator[str]:
        after = "0"
        while lines := self._state.deployments.read_log(deployment, after):
            yield from (f"{line}\n" for _, line in lines)
            after = lines[-1][0]

    def _following(self, deployment: str) -> Iterator[str]:
        after, end = "0", time.monotonic() + _LONGEST_SECONDS
        while time.monotonic() < end:
            shown = self._state.deployments.get(deployment)
            ended = shown is None or shown.status.ended
            lines = self._state.deployments.read_log(deployment, after, None if ended else _BLOCK_MS)
            yield from (f"{line}\n" for _, line in lines)
            if ended and not lines:
                return
            after = lines[-1][0] if lines else after


def _quietly(texts: Iterator[str]) -> Iterator[str]:
    """What has begun cannot become an error any more; it ends, and is asked for again."""
    try:
        yield from texts
    except RedisUnavailable:
        return
