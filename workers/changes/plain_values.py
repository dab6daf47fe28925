"""What Compose makes of a file that differs from one it has read in plain values only: known without asking it.

Most pushes change the tag of an image, an argument or a value of `environment`. Where such a text has no variable and
nothing that YAML or Compose could take for something else, and every other character of the file is the same, the model
is the same as well, but for that text. Everything else is for Compose to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, TypeGuard

import yaml

from workers.changes.scalar import resolve

Place = tuple[str | int, ...]

# No `$`, since it begins a variable, and nothing that ends a text or escapes something in it.
_QUOTED = {'"': re.compile(r"[ !#%-\[\]-~]+"), "'": re.compile(r"[ !\"#%&(-\[\]-~]+")}
# Begins with a letter; a colon only within. Not in `[…]` and `{…}`, where less may stand without quotes.
_PLAIN = re.compile(r"[A-Za-z][\w./@-]*(?::[\w./@-]+)*", re.ASCII)
_IMAGE = re.compile(r"[A-Za-z0-9][\w./:@-]*", re.ASCII)
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class _Value:
    """A value that may become another without Compose: where it stands in the model, and in the text."""

    place: Place
    begin: int
    end: int
    text: str
    quote: str

    def may_be(self, text: str) -> bool:
        """Whether YAML and Compose take this for the text that it is, too."""
        if self.place[2] == "image" and not _IMAGE.fullmatch(text):
            return False
        if self.quote:
            return _QUOTED[self.quote].fullmatch(text) is not None
        return _PLAIN.fullmatch(text) is not None and type(resolve(text)) is str


def model_of(new: str, old: str, model: dict[str, Any]) -> dict[str, Any] | None:
    """The model of a text, from that of another one; None where only Compose can tell.

    Args:
        new: the one Compose file of a project.
        old: another text of it, which Compose has taken.
        model: what Compose resolved for that, as JSON.
    """
    if new == old:
        return model
    values = _values(old)
    found = _differing(new, old, values)
    if found is None:
        return None
    made = deepcopy(model)
    for value, text in found:
        if not _replaced(made, value, text):
            return None
    return made


def _differing(new: str, old: str, values: list[_Value]) -> list[tuple[_Value, str]] | None:
    """The values that the new text has others for, each with that; None where it differs in anything else."""
    pattern, at = [], 0
    for value in values:
        # A text ends where its quote does, or with the line or what begins a comment.
        pattern += [re.escape(old[at : value.begin]), f"([^\\n{value.quote}]*)" if value.quote else r"([^\s]*)"]
        at = value.end
    match = re.fullmatch("".join(pattern) + re.escape(old[at:]), new)
    if match is None:
        return None
    found = [(value, text) for value, text in zip(values, match.groups(), strict=True) if value.text != text]
    return found if all(value.may_be(text) for value, text in found) else None


def _replaced(model: dict[str, Any], value: _Value, text: str) -> bool:
    """Put a text in the place of a value, if that is what Compose has there."""
    part: Any = model
    for step in value.place[:-1]:
        part = part.get(step) if isinstance(part, dict) else None
    last = value.place[-1]
    there = part[last] if isinstance(part, list) and isinstance(last, int) and last < len(part) else None
    if isinstance(part, dict):
        there = part.get(str(last))
    if there != value.text:
        return False
    part[last] = text
    return True


def _values(text: str) -> list[_Value]:
    """The values of a file that may become others, in their order; none of a file with anything unusual in it."""
    try:
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, RecursionError):
        return []
    nodes = [*_services(root)] if root is not None else []
    if len({id(node) for _, node, _ in nodes}) < len(nodes):
        return []  # an alias stands for one of them
    found = [_value(text, place, node, in_flow=in_flow) for place, node, in_flow in nodes]
    return sorted((value for value in found if value is not None), key=lambda value: value.begin)


_Found = tuple[Place, yaml.ScalarNode, bool]


def _services(root: yaml.Node) -> Iterator[_Found]:
    top = _pairs(root)
    if "include" in top:
        return
    services = _pairs(top.get("services"))
    if any("extends" in _pairs(each) for each in services.values()):
        return
    for name, service in services.items():
        for key, node in _pairs(service).items():
            yield from _of_service(("services", name, key), node, in_flow=_is_flow(root, top["services"], service))


def _of_service(place: Place, node: yaml.Node, *, in_flow: bool) -> Iterator[_Found]:
    match place[2], node:
        case "image", yaml.ScalarNode():
            yield place, node, in_flow
        case "command", yaml.SequenceNode(tag="tag:yaml.org,2002:seq"):
            inside = in_flow or _is_flow(node)
            yield from (((*place, at), each, inside) for at, each in enumerate(node.value) if _is_scalar(each))
        case "environment" | "labels", yaml.MappingNode():
            inside = in_flow or _is_flow(node)
            yield from (((*place, key), each, inside) for key, each in _pairs(node).items() if _is_scalar(each))


def _pairs(node: yaml.Node | None) -> dict[str, yaml.Node]:
    """The pairs of a mapping; nothing of what is none, has a tag of its own, or keys that are no texts (`<<`)."""
    if not isinstance(node, yaml.MappingNode) or node.tag != f"{_TAG}map":
        return {}
    pairs = {key.value: value for key, value in node.value if key.tag == f"{_TAG}str"}
    return pairs if len(pairs) == len(node.value) else {}


def _is_scalar(node: yaml.Node) -> TypeGuard[yaml.ScalarNode]:
    return isinstance(node, yaml.ScalarNode)


def _is_flow(*nodes: yaml.Node) -> bool:
    return any(getattr(node, "flow_style", False) for node in nodes)


def _value(text: str, place: Place, node: yaml.ScalarNode, *, in_flow: bool) -> _Value | None:
    """A value as it is written, if it is written so that another one could stand there."""
    begin, end, quote = node.start_mark.index, node.end_mark.index, node.style or ""
    if node.tag != f"{_TAG}str" or quote not in {"", '"', "'"} or (in_flow and not quote):
        return None
    value = _Value(place, begin + len(quote), end - len(quote), node.value, quote)
    is_as_written = text[begin:end] == f"{quote}{node.value}{quote}"
    return value if is_as_written and value.may_be(node.value) else None
