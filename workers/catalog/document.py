"""YAML to plain values, with the line of each, under limits.

PyYAML's own composer is recursive in C and crashes the process on deep nesting, so the nodes are put
together from its events here. Every scalar stays text as it is written (`1.10` is a fine branch name);
only a plain empty value, `~` and `null` are None. What has to be a number or a boolean is converted
where the catalog's shape says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from workers.model.errors import CatalogError

MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 32
MAX_VALUES = 500_000  # after aliases are followed: what a file of MAX_BYTES without aliases can hardly reach

Value = str | None | list["Value"] | dict[str, "Value"]
Path = tuple[str | int, ...]

_SECRETS = frozenset({"webhook_secret", "password"})

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_PLAIN_TAGS = frozenset({None, "!", "tag:yaml.org,2002:str"})
_VARIABLE = re.compile(r"\$\$|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\})?")


def problem(name: str, line: int, message: str) -> CatalogError:
    """A catalog error about one line of a file."""
    return CatalogError(f"{name}:{line}: {message}")


def is_secret(path: Path) -> bool:
    """Whether the value at a path is kept out of everything derived from the catalog."""
    return bool(_SECRETS & set(path)) or (path[:1] == ("notify",) and path[-1] == "url")


@dataclass(slots=True)
class Node:
    """A value and where it stands. `value` is a text, None, a list of nodes, or (key's line, node) by key."""

    line: int
    value: str | list[Node] | dict[str, tuple[int, Node]] | None


class Document:
    """A parsed file that knows the line of every value.

    Args:
        text: the YAML.
        name: the file's name for messages.

    Raises:
        CatalogError: when it is not YAML, or beyond the limits.
    """

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        if len(text) > MAX_BYTES:
            raise problem(name, 1, f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB")
        try:
            self.root = _Builder(name).build(yaml.parse(text, Loader=_LOADER))
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            what = " ".join(part for part in (error.context, error.problem) if part)
            raise problem(name, mark.line + 1 if mark else 1, f"this is not YAML: {what}") from error
        except (yaml.YAMLError, UnicodeError) as error:
            raise problem(name, 1, f"this is not YAML: {' '.join(str(error).split())}") from error

    def line(self, path: Sequence[str | int]) -> int:
        """The line of the value at `path`, or of the nearest thing around it that is there."""
        node, line = self.root, self.root.line
        for part in path:
            if isinstance(node.value, dict) and part in node.value:
                line, node = node.value[str(part)]
            elif isinstance(node.value, list) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
                line = node.line
            else:
                break
        return line

    def values(self, environ: Mapping[str, str], report: Callable[[Path, str], None]) -> tuple[Value, dict[str, str]]:
        """The plain values with variables filled in.

        Args:
            environ: where `${NAME}` comes from.
            report: called with path and message for each variable that is missing or malformed.

        Returns:
            The values, and which variables were used with what value, those in secrets left out.
        """
        reader = _Reader(environ, report, self.name)
        return reader.read(self.root, ()), reader.used


class _Builder:
    """Puts nodes together from parser events without recursion."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._anchors: dict[str, Node] = {}

    def build(self, events: Iterator[Event]) -> Node:
        root = Node(1, None)
        stack: list[tuple[Node, list[Node]]] = []
        documents = 0
        for event in events:
            if isinstance(event, CollectionEndEvent):
                node, children = stack.pop()
                node.value = children if isinstance(node.value, list) else self._mapping(children)
                continue
            if not isinstance(event, NodeEvent):
                continue
            node = self._node(event)
            if stack:
                stack[-1][1].append(node)
            else:
                root, documents = node, documents + 1
                if documents > 1:
                    raise self._error(node.line, "a second YAML document starts here; the catalog is one document")
            if isinstance(event, MappingStartEvent | SequenceStartEvent):
                stack.append((node, []))
                if len(stack) > MAX_DEPTH:
                    raise self._error(node.line, f"nested deeper than {MAX_DEPTH} levels")
        return root

    def _node(self, event: NodeEvent) -> Node:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, AliasEvent):
            if event.anchor not in self._anchors:
                raise self._error(line, f"the alias *{event.anchor} has no anchor before it")
            return self._anchors[event.anchor]
        if isinstance(event, ScalarEvent):
            if event.tag not in _PLAIN_TAGS:
                raise self._error(line, f"the tag {event.tag} has no meaning here; remove it")
            null = event.implicit[0] and event.value in _NULLS
            if "\0" in event.value:
                raise self._error(line, "a NUL character cannot be part of a value")
            node = Node(line, None if null else event.value)
        else:
            node = Node(line, {} if isinstance(event, MappingStartEvent) else [])
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _mapping(self, children: list[Node]) -> dict[str, tuple[int, Node]]:
        own: dict[str, tuple[int, Node]] = {}
        merged: dict[str, tuple[int, Node]] = {}
        for key, value in zip(children[::2], children[1::2], strict=True):
            if not isinstance(key.value, str):
                raise self._error(key.line, "a key has to be text")
            if key.value == "<<":
                self._merge(merged, value)
            elif key.value in own:
                raise self._error(key.line, f"{key.value}: the key is there twice; first in line {own[key.value][0]}")
            else:
                own[key.value] = (key.line, value)
        return merged | own if merged else own

    def _merge(self, merged: dict[str, tuple[int, Node]], source: Node) -> None:
        for part in source.value if isinstance(source.value, list) else [source]:
            if not isinstance(part.value, dict):
                raise self._error(source.line, "<< takes a mapping or a list of mappings")
            for key, pair in part.value.items():
                merged.setdefault(key, pair)

    def _error(self, line: int, message: str) -> CatalogError:
        return problem(self._name, line, message)


class _Reader:
    """Nodes to plain values."""

    def __init__(self, environ: Mapping[str, str], report: Callable[[Path, str], None], name: str) -> None:
        self._environ = environ
        self._report = report
        self._name = name
        self._count = 0
        self.used: dict[str, str] = {}

    def read(self, node: Node, path: Path) -> Value:
        self._count += 1
        if self._count > MAX_VALUES or len(path) > MAX_DEPTH:
            raise problem(self._name, node.line, "the aliases make this larger than a catalog may be")
        value = node.value
        if isinstance(value, dict):
            return {key: self.read(child, (*path, key)) for key, (_, child) in value.items()}
        if isinstance(value, list):
            return [self.read(child, (*path, place)) for place, child in enumerate(value)]
        return self._fill(value, path) if value and "$" in value else value

    def _fill(self, text: str, path: Path) -> str:
        def replace(match: re.Match[str]) -> str:
            if match[0] == "$$":
                return "$"
            name, default = match[1], match[2]
            if name is None:
                self._report(path, "only ${NAME} and ${NAME:-default} are understood; write $$ for a dollar sign")
                return ""
            if default is not None and "${" in default:
                self._report(path, f"the default of {name} cannot hold another variable; write it as it is")
                return ""
            value = self._environ.get(name)
            if default is not None:
                value = value or default
            elif value is None:
                self._report(path, f"the environment variable {name} is not set; set it or write ${{{name}:-default}}")
                return ""
            if not is_secret(path):
                self.used[name] = value or ""
            return value or ""

        return _VARIABLE.sub(replace, text)
