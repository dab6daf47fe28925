"""The Lua scripts, one file each in `lua/`: each is one step that happens entirely or not at all.

A full Redis refuses a script at its first write or lets it run to its end, so nothing is ever half done. Every
script may be sent twice by redis-py when a reply is lost, so each one is idempotent. They compute key
names from what they read (`keys` says why), hence take no KEYS; each opens with its ARGV. The functions that
they share stand in `lua/common.lua`, which is put before each of them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from redis import Redis

from workers.adapters.state import keys

_FOLDER = Path(__file__).with_name("lua")
_LIMITS = (
    *("RUN_SECONDS", "UNEVENTFUL_RUN_SECONDS", "ALIVE_SECONDS"),
    *("MAX_RUNS", "MAX_RUNS_OF_STACK", "MAX_EVENTS", "MAX_SERVICES_EVENTS", "MAX_NAMED_STACKS"),
)


@cache
def script_text(name: str) -> str:
    """The whole text of a script: key names and limits of `keys`, the common functions, its own file."""
    functions = [
        f"local function {key}_key(...) return string.format('{value.template}', ...) end"
        for key, value in keys.ALL.items()
    ]
    limits = [f"local {limit} = {getattr(keys, limit)}" for limit in _LIMITS]
    limits.append(f"local HISTOGRAM_BOUNDS_MS = {{{', '.join(map(str, keys.HISTOGRAM_BOUNDS_MS))}}}")
    files = [(_FOLDER / f"{file}.lua").read_text(encoding="utf-8") for file in ("common", name)]
    return "\n".join([*functions, *limits, *files])


class Scripts:
    """Calls scripts by name, by their hash; Redis learns one when it does not know it."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def __call__(self, name: str, *arguments: str | int) -> Any:  # noqa: ANN401 (whatever the script returns)
        """Run one script in one round trip."""
        return self._registered(name)(args=arguments)

    def many(self, name: str, calls: list[list[str]]) -> list[Any]:
        """Run one script several times in one round trip."""
        if not calls:
            return []
        with self._redis.pipeline(transaction=False) as pipeline:
            for arguments in calls:
                self._registered(name)(args=arguments, client=pipeline)
            return pipeline.execute()

    @cache  # noqa: B019 (a handful of names, and the object lives as long as its process)
    def _registered(self, name: str) -> Any:  # noqa: ANN401 (redis-py does not type its scripts)
        return self._redis.register_script(script_text(name))
