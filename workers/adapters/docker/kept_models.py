"""The models that Compose has made of projects lately, so that it is not asked for what it has just said.

In memory and compressed: they hold values of env files, which belong on no disk and in no Redis.
"""

from __future__ import annotations

import json
import threading
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

_MOST = 512
_LARGEST = 64 << 10  # bytes, compressed; that of an ordinary stack has one or two thousand


@dataclass(frozen=True, slots=True)
class KeptModel:
    """What Compose has made of a project.

    Attributes:
        beside: a digest of all that Compose was given beside the text of its file.
        text: the one Compose file.
        said: what Compose warned of.
    """

    beside: str
    text: str
    packed: bytes
    said: str

    def model(self) -> dict[str, Any]:
        """The model, one of its own for each call."""
        read: dict[str, Any] = json.loads(zlib.decompress(self.packed))
        return read


class KeptModels:
    """The newest of each project, of those that were asked for last; threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, KeptModel] = OrderedDict()

    def get(self, project: str) -> KeptModel | None:
        """What is kept of a project.

        Args:
            project: any name that stands for it, and its engine.
        """
        with self._lock:
            if project in self._kept:
                self._kept.move_to_end(project)
            return self._kept.get(project)

    def keep(self, project: str, beside: str, text: str, model: dict[str, Any], said: str) -> None:
        """Keep a model, unless it is a large one, or none that JSON has; the one asked for longest ago makes room."""
        try:
            packed = zlib.compress(json.dumps(model, separators=(",", ":")).encode(), 1)
        except TypeError:  # it was read from YAML, which has dates
            packed = b""
        with self._lock:
            self._kept.pop(project, None)
            if packed and len(packed) + len(text) <= _LARGEST:
                self._kept[project] = KeptModel(beside, text, packed, said)
                if len(self._kept) > _MOST:
                    self._kept.popitem(last=False)
