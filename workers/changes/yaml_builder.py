"""From libyaml's events to values, without recursion and within the limits.

Compose reads with Go's yaml.v3, whose YAML is 1.2 with a few habits of 1.1: `yes` and `22:22` are texts, `0755` is
octal, `<<` merges, a key that occurs twice is an error. What an alias stands for is counted as if it were copied,
so neither deep nesting nor a bomb of aliases costs more than the limits allow.
"""

from __future__ import annotations

from typing import Any

import yaml

from workers.changes import limits
from workers.changes.scalar import Moment, resolve
from workers.model.errors import InvalidStack

_Path = tuple[str | int, ...]
_TAG_PREFIX = "tag:yaml.org,2002:"


class _Override:
    """A value tagged `!override`, until the paths that it ends up at are known."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value


_RESET = object()
"""What a `!reset` value is."""
_NO_KEY = object()
"""The key of a mapping that waits for its next key."""
_MERGE = object()
"""The key `<<`."""


class _Cost:
    """How many nodes and characters a value has, and how high it is, every alias standing for a copy."""

    __slots__ = ("height", "nodes", "text")

    def __init__(self, text: int = 0) -> None:
        self.nodes = 1
        self.text = text
        self.height = 1

    def add(self, part: _Cost) -> None:
        self.nodes += part.nodes
        self.text += part.text
        self.height = max(self.height, part.height + 1)


class _Frame:
    """A mapping or sequence that is being read."""

    __slots__ = ("cost", "items", "key", "key_lines", "merges", "pairs", "path", "start")

    def __init__(self, start: yaml.CollectionStartEvent, path: _Path) -> None:
        self.start = start
        self.path = path
        self.pairs: dict[str, Any] | None = {} if isinstance(start, yaml.MappingStartEvent) else None
        self.items: list[object] = []
        self.key: Any = _NO_KEY
        self.key_lines: dict[object, int] = {}
        self.merges: list[object] = []
        self.cost = _Cost()

    def next_path(self) -> _Path:
        """The path of the value that comes next; what `<<` merges in is at the mapping's own."""
        if self.pairs is None:
            return (*self.path, len(self.items))
        return self.path if self.key is _MERGE else (*self.path, self.key)


def _line(event: yaml.Event) -> int:
    """Where the event starts, counted from 1; every event of a parser has a mark."""
    return int(event.start_mark.line) + 1  # type: ignore[union-attr]


class Builder:
    """Reads one file."""

    def __init__(self, file: str, *, keep_lines: bool = False) -> None:
        self.file = file
        self.keep_lines = keep_lines
        self.lines: list[dict[_Path, int]] = []
        # Compose's reader knows an anchor also in the documents after its own.
        self.anchors: dict[str, tuple[object, _Cost]] = {}
        self.nodes = self.text = 0

    def read(self, content: bytes) -> list[tuple[dict[str, Any], tuple[_Path, ...]]]:
        """Every YAML document as its mapping and the paths tagged `!reset` or `!override` in it."""
        found = []
        try:
            for event in yaml.parse(content, Loader=yaml.CSafeLoader):
                if isinstance(event, yaml.ScalarEvent):
                    self._place(self._scalar(event), event, _Cost(len(event.value)), event.anchor)
                elif isinstance(event, yaml.CollectionStartEvent):
                    self._open(event)
                elif isinstance(event, yaml.CollectionEndEvent):
                    self._close()
                elif isinstance(event, yaml.AliasEvent):
                    self._alias(event)
                elif isinstance(event, yaml.DocumentStartEvent):
                    self._start()
                elif isinstance(event, yaml.DocumentEndEvent):
                    found.append(self._finished())
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            message = "not valid YAML: " + " ".join(str(getattr(error, "problem", None) or error).split())
            raise InvalidStack(message, self.file, mark.line + 1 if mark else None) from error
        return found

    def _fail(self, message: str, event: yaml.Event) -> InvalidStack:
        return InvalidStack(message, self.file, _line(event))

    def _start(self) -> None:
        self.stack: list[_Frame] = []
        self.resets: list[_Path] = []
        self.overridden = False
        self.root: object = None
        self.top: yaml.NodeEvent  # comes with the first value
        self.lines.append({})

    def _finished(self) -> tuple[dict[str, Any], tuple[_Path, ...]]:
        root = self._unwrapped(self.root, ()) if self.overridden else self.root
        if not isinstance(root, dict):
            message = "a Compose file must be a mapping at the top"
            raise self._fail(message, self.top)
        return root, tuple(self.resets)

    def _unwrapped(self, value: object, path: _Path, *, noting: bool = True) -> object:
        """The value without `_Override`; inside one, a further one says nothing more."""
        if isinstance(value, _Override):
            if noting:
                self.resets.append(path)
            return self._unwrapped(value.value, path, noting=False)
        if isinstance(value, dict):
            return {key: self._unwrapped(child, (*path, key), noting=noting) for key, child in value.items()}
        if isinstance(value, list):
            return [self._unwrapped(child, (*path, place), noting=noting) for place, child in enumerate(value)]
        return value

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        if len(self.stack) >= limits.MAX_DEPTH:
            message = f"nested deeper than {limits.MAX_DEPTH} levels"
            raise self._fail(message, event)
        self.anchors.pop(event.anchor or "", None)
        self.stack.append(_Frame(event, self.stack[-1].next_path() if self.stack else ()))

    def _close(self) -> None:
        frame = self.stack.pop()
        value: object = frame.items
        if frame.pairs is not None:
            for source in frame.merges:
                self._merge(frame.pairs, source, frame.start)
            value = frame.pairs
        self._place(self._tagged(value, frame.start.tag), frame.start, frame.cost, frame.start.anchor)

    def _merge(self, pairs: dict[str, Any], source: object, event: yaml.Event) -> None:
        """Put a `<<` value's keys in where the mapping has none of its own; the first of several wins."""
        for mapping in source if isinstance(source, list) else [source]:
            plain = mapping.value if isinstance(mapping, _Override) else mapping
            if not isinstance(plain, dict):
                message = "`<<` must be given a mapping or a list of mappings"
                raise self._fail(message, event)
            for key, value in plain.items():
                pairs.setdefault(key, value)

    def _alias(self, event: yaml.AliasEvent) -> None:
        if event.anchor not in self.anchors:
            message = f"the alias *{event.anchor} has no anchor before it, or stands inside its own"
            raise self._fail(message, event)
        value, cost = self.anchors[event.anchor]
        self._place(value, event, cost, None)

    def _place(self, value: object, event: yaml.NodeEvent, cost: _Cost, anchor: str | None) -> None:
        """Put a finished value where it belongs: the root, a key, a mapping's value, a sequence's item."""
        if anchor is not None:
            self.anchors[anchor] = (value, cost)
        self._charge(event, cost)
        if not self.stack:
            self.root, self.top = value, event
            return
        frame = self.stack[-1]
        frame.cost.add(cost)
        if frame.pairs is None:
            self._item(frame, value, event)
        elif frame.key is _NO_KEY:
            frame.key = self._key(frame, value, event)
        else:
            self._pair(frame, frame.pairs, value)

    def _charge(self, event: yaml.NodeEvent, cost: _Cost) -> None:
        """Count a value in, a collection without its parts, and refuse the file as soon as it has too many."""
        self.nodes += cost.nodes if isinstance(event, yaml.AliasEvent) else 1
        self.text += 0 if isinstance(event, yaml.CollectionStartEvent) else cost.text
        if self.nodes > limits.MAX_NODES or self.text > limits.MAX_TEXT:
            message = f"more than {limits.MAX_NODES} keys and values, or {limits.MAX_TEXT} characters, with all aliases"
            raise self._fail(message, event)
        if len(self.stack) + cost.height > limits.MAX_DEPTH + 1:
            message = f"nested deeper than {limits.MAX_DEPTH} levels, with all aliases"
            raise self._fail(message, event)

    def _key(self, frame: _Frame, value: object, event: yaml.NodeEvent) -> object:
        """The key as Compose takes it."""
        line = _line(event)
        key = _MERGE if value == "<<" and isinstance(event, yaml.ScalarEvent) and event.implicit[0] else value
        if key is not _MERGE and (not isinstance(key, str) or isinstance(key, Moment)):
            message = "a key is not a text; put it in quotes"
            raise self._fail(message, event)
        if key in frame.key_lines:
            message = f"the key {value} is already defined at line {frame.key_lines[key]}"
            raise self._fail(message, event)
        frame.key_lines[key] = line
        if self.keep_lines and isinstance(key, str):
            self.lines[-1].setdefault((*frame.path, key), line)
        return key

    def _pair(self, frame: _Frame, pairs: dict[str, Any], value: object) -> None:
        key, path = frame.key, frame.next_path()
        frame.key = _NO_KEY
        if value is _RESET:
            self.resets.append(path)
        elif key is _MERGE:
            frame.merges.append(value)
        else:
            pairs[key] = value

    def _item(self, frame: _Frame, value: object, event: yaml.NodeEvent) -> None:
        if value is _RESET:
            return
        if self.keep_lines:
            self.lines[-1].setdefault(frame.next_path(), _line(event))
        frame.items.append(value)

    def _scalar(self, event: yaml.ScalarEvent) -> object:
        tag = event.tag
        if tag is None and not event.implicit[0]:
            return event.value
        if tag is not None and not tag.startswith(_TAG_PREFIX):
            return self._tagged(event.value, tag)
        try:
            return resolve(event.value, tag.removeprefix(_TAG_PREFIX) if tag else None)
        except ValueError as error:
            raise self._fail(str(error), event) from error

    def _tagged(self, value: object, tag: str | None) -> object:
        """The value with what Compose's own tags mean; others say nothing."""
        if tag == "!reset":
            return _RESET
        if tag == "!override":
            self.overridden = True
            return _Override(value)
        return value
