"""Every mistake as one sentence: `file:line: key.path: what is wrong`, with the nearest valid key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from workers.catalog.document import Document, Path
from workers.catalog.sections import CatalogSection
from workers.model.errors import CatalogError

_SENTENCES = {
    "missing": "is missing",
    "bool_parsing": "has to be true or false",
    "bool_type": "has to be true or false",
    "string_type": "has to be text",
    "model_type": "has to be a mapping",
    "model_attributes_type": "has to be a mapping",
    "dict_type": "has to be a mapping",
    "tuple_type": "has to be a list",
    "list_type": "has to be a list",
    "too_short": "cannot be an empty list",
}


def nearest(word: str, words: Iterable[str]) -> str:
    """A hint for a word that is none of `words`: the nearest one, or all."""
    known = sorted(words)
    if close := get_close_matches(word, known, n=1, cutoff=0.6):
        return f"did you mean {close[0]}?"
    return f"use one of {', '.join(known)}" if known else "there is none"


class Problems:
    """Collects what is wrong with a document.

    Args:
        document: knows the lines.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._found: dict[tuple[int, str], None] = {}
        self._unreadable: set[Path] = set()

    def line(self, path: Sequence[str | int]) -> int:
        """The line of the value at `path`."""
        return self._document.line(path)

    def add(self, path: Sequence[str | int], message: str) -> None:
        """Note a problem of the value at `path`."""
        self._found[self._document.line(path), f"{_dotted(path)}: {message}" if path else message] = None

    def add_unreadable(self, path: Path, message: str) -> None:
        """Note a problem because of which the value is not known; what else would be said of it is left out."""
        self._unreadable.add(path)
        self.add(path, message)

    def add_validation(self, error: ValidationError) -> list[Path]:
        """Note everything that pydantic found, and tell where it was."""
        items = error.errors(include_url=False, include_input=False)
        places = [_place(dict(item)) for item in items]
        for place, item in zip(places, items, strict=True):
            # A list is also called too short when each of its items is wrong.
            echo = item["type"] == "too_short" and any(other[: len(place)] == place != other for other in places)
            if not echo and not any(place[: len(path)] == path for path in self._unreadable):
                self.add(place, _sentence(dict(item), place))
        return places

    def raise_any(self) -> None:
        """Raise what was found.

        Raises:
            CatalogError: if there is anything, in the order of lines.
        """
        if self._found:
            name = self._document.name
            raise CatalogError(*(f"{name}:{line}: {text}" for line, text in sorted(self._found)))


def _dotted(path: Sequence[str | int]) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _place(item: Mapping[str, Any]) -> Path:
    """Where it is; pydantic marks what is wrong with a key itself by one more step."""
    loc = tuple(item["loc"])
    return loc[:-1] if loc[-1:] == ("[key]",) and item["type"] != "extra_forbidden" else loc


def _sentence(item: Mapping[str, Any], place: Path) -> str:
    kind, context = item["type"], item.get("ctx", {})
    if kind == "extra_forbidden":
        return f"unknown key; {nearest(str(place[-1]), _keys(place[:-1]))}"
    if kind == "value_error":
        return str(context["error"])
    if kind in {"literal_error", "enum"}:
        return f"has to be {context['expected'].replace(chr(39), '')}"
    return _SENTENCES.get(kind, str(item["msg"]))


def _keys(place: Path) -> tuple[str, ...]:
    """The valid keys of the mapping at `place`."""
    model: Any = CatalogSection
    for part in place:
        if isinstance(model, type) and issubclass(model, BaseModel) and part in model.model_fields:
            model = _section(model.model_fields[str(part)].annotation)
    return tuple(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else ()


def _section(annotation: Any) -> Any:  # noqa: ANN401 (a type expression)
    """The section inside `X | None`, `dict[…, X]`, `tuple[X, …]` or `Annotated[X, …]`."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return annotation
    for part in get_args(annotation):
        found = _section(part)
        if isinstance(found, type) and issubclass(found, BaseModel):
            return found
    return None
