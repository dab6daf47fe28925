"""A Compose file's YAML as Compose reads it, with limits that hold before anything is expanded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from workers.changes import limits
from workers.changes.ciphertext import refuse_ciphertext
from workers.changes.yaml_builder import Builder
from workers.model.errors import InvalidStack

Model = dict[str, Any]
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One YAML document of a Compose file, without its tags.

    `resets` are the paths that `!reset` and `!override` take away from what this part is merged onto; a `!reset` key
    is not in `model`, an `!override` one is. Values that aliases share are the same object: treat all as frozen.
    """

    model: Model
    resets: tuple[Path, ...] = ()


@dataclass(frozen=True)
class YamlDocument:
    """A Compose file. Compose merges its parts in order, each after its own interpolation and `extends`."""

    file: str
    content: bytes = field(repr=False)
    parts: tuple[Part, ...]

    def line(self, path: Sequence[str | int], part: int = 0) -> int | None:
        """The line, counted from 1, of the key at `path` or of the closest enclosing one that the file spells out."""
        lines = self._lines[part] if part < len(self._lines) else {}
        place = tuple(path)
        while place and place not in lines:
            place = place[:-1]
        return lines.get(place)

    def error(self, message: str, path: Sequence[str | int] = (), part: int = 0) -> InvalidStack:
        """An error about the key at `path`."""
        return InvalidStack(message, self.file, self.line(path, part))

    @cached_property
    def _lines(self) -> list[dict[Path, int]]:
        """The lines of all keys, read again only when an error needs one."""
        builder = Builder(self.file, keep_lines=True)
        builder.read(self.content)
        return builder.lines


def load(content: bytes, file: str) -> YamlDocument:
    """The file's parts.

    Args:
        content: the file as it is in Git.
        file: its path in the repository, for messages.

    Raises:
        InvalidStack: it is no YAML, has a key twice or a key that is no text, or exceeds a limit.
    """
    if len(content) > limits.MAX_COMPOSE_BYTES:
        message = f"the file has {len(content)} bytes; a Compose file may have {limits.MAX_COMPOSE_BYTES}"
        raise InvalidStack(message, file)
    refuse_ciphertext(content, file)
    parts = tuple(Part(model, resets) for model, resets in Builder(file).read(content))
    return YamlDocument(file, content, parts)
