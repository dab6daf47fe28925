"""The stacks that pulls have discovered: hosts without a clone list and find them here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from redis import Redis
from redis.exceptions import WatchError

from workers.adapters.state import keys
from workers.adapters.state.connection import translated
from workers.adapters.state.scripts import Scripts
from workers.catalog.places import Place, replaced


class Discovered:
    """Stack id -> repo and path, of discovered stacks only; configured ones stand in the catalog."""

    def __init__(self, redis: Redis, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts
        self._last: tuple[str, Mapping[str, Place]] = ("", {})

    @translated()
    def get(self, stack: str) -> Place | None:
        """Where a stack lies; None when no pull has discovered it."""
        text = self._redis.hget(keys.discovered(), stack)
        return None if text is None else _place(text)

    @translated()
    def all(self) -> Mapping[str, Place]:
        """Every discovered stack, in order of id; read from Redis' text once for each text."""
        text = self._scripts("discovered")
        seen, places = self._last
        if seen != text:
            found: Mapping[str, Sequence[str]] = json.loads(text)
            places = {stack: Place(*found[stack]) for stack in sorted(found)}
            self._last = (text, places)
        return places

    @translated()
    def get_many(self, stacks: Sequence[str]) -> dict[str, Place]:
        """Where each of these stacks lies; those that no pull has discovered are left out."""
        texts = self._redis.hmget(keys.discovered(), stacks) if stacks else []
        return {stack: _place(text) for stack, text in zip(stacks, texts, strict=True) if text is not None}

    @translated()
    def replace(
        self,
        repo: str,
        environments: Iterable[str],
        stacks: Mapping[str, str],
        known: Mapping[str, Place] | None = None,
    ) -> bool:
        """Write what a pull has discovered, unless another pull has written since this one has read.

        Args:
            repo: the repo that was pulled.
            environments: those that the pull looked at; stacks of the repo elsewhere stay.
            stacks: path by stack id; other stacks of the repo in these environments go.
            known: what `all` said when the pull decided which names were free; as it is now by default.

        Returns:
            Whether it is written; else a name may be taken by now.
        """
        known = self.all() if known is None else known
        wanted = replaced(known, repo, environments, stacks)
        gone = known.keys() - wanted
        new: dict[Any, Any] = {stack: _text(place) for stack, place in wanted.items() if known.get(stack) != place}
        if not gone and not new:
            return True
        try:
            with self._redis.pipeline() as pipeline:
                pipeline.watch(keys.discovered())  # type: ignore[no-untyped-call]
                if _places(pipeline.hgetall(keys.discovered())) != known:
                    return False
                pipeline.multi()
                if gone:
                    pipeline.hdel(keys.discovered(), *gone)
                if new:
                    pipeline.hset(keys.discovered(), mapping=new)
                pipeline.execute()
        except WatchError:
            return False
        return True

    @translated()
    def keep_project(self, stack: str, project: str) -> None:
        """Let a discovered stack have this Compose project from now on."""
        if (place := self.get(stack)) is not None:
            self._redis.hset(keys.discovered(), stack, _text(replace(place, project=project)))

    @translated()
    def restore(self, stack: str, place: Place) -> None:
        """Write where a stack was found before Redis lost it; what a pull has found since stays."""
        self._redis.hsetnx(keys.discovered(), stack, _text(place))


def _places(fields: Mapping[Any, Any]) -> dict[str, Place]:
    return {str(stack): _place(text) for stack, text in sorted(fields.items())}


def _text(place: Place) -> str:
    return json.dumps([place.repo, place.path, *([place.project] if place.project else [])])


def _place(text: str | bytes) -> Place:
    return Place(*json.loads(text))
