"""Where each option of a stack comes from: which part of the catalog sets it last, and in which line.

For people who ask why something is as it is. The file is read again for that, so nothing of it is kept with stacks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from workers.catalog.document import Document
from workers.catalog.layers import Layer, layer_of
from workers.catalog.sections import CatalogSection
from workers.model.errors import CatalogError
from workers.model.stack import Options, Rule, Stack
from workers.model.words import Action
from workers.runtime.settings import write_duration

BUILT_IN = "built in"
_Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """An option in force.

    Attributes:
        name: as the catalog has it, `health.timeout` for one in a group; of variables never the value.
        value: as somebody would write it; empty for nothing.
        part: the part of the catalog that sets it last, such as `defaults` or `stacks.mail`; `BUILT_IN` for none.
        line: in the file; None for what is built in.
    """

    name: str
    value: str
    part: str
    line: int | None = None


class Origins:
    """Tells them, for the file as it is now.

    Args:
        path: the catalog's file.
        environ: where `${NAME}` comes from.

    Raises:
        CatalogError: the file cannot be read, or is not valid by itself any more.
    """

    def __init__(self, path: Path, environ: Mapping[str, str]) -> None:
        try:
            self._document = Document(path.read_text(encoding="utf-8-sig"), str(path))
            values, _ = self._document.values(environ, lambda *_: None)
            self._file = CatalogSection.model_validate(values)
        except (OSError, UnicodeDecodeError, ValidationError) as error:
            message = f"{path}: is not as it was when it was read"
            raise CatalogError(message) from error

    def line(self, *place: str) -> int:
        """The line of a part of the file."""
        return self._document.line(place)

    def of(self, stack: Stack) -> tuple[Origin, ...]:
        """The options of a stack, in the order of the reference."""
        layers = list(self._layers(stack.environment, stack.name))
        project = self._origin(("project",), stack.project, layers)
        return (project, *(self._origin(key, value, layers) for key, value in _flat(stack.options)))

    def _layers(self, environment: str, name: str) -> Iterator[tuple[_Place, Layer]]:
        """The layers of a stack, the weakest first, and where each stands; as `Expansion` lays them over each other."""
        yield ("defaults",), layer_of(self._file.defaults)
        if (place := self._file.environments.get(environment)) is not None:
            yield ("environments", environment), {"variables": place.variables}
            yield ("environments", environment, "defaults"), layer_of(place.defaults)
        if (entry := self._file.stacks.get(name)) is not None:
            yield ("stacks", name), layer_of(entry)
            yield ("stacks", name, "environments", environment), layer_of((entry.environments or {}).get(environment))

    def _origin(self, key: Sequence[str], value: object, layers: Iterable[tuple[_Place, Layer]]) -> Origin:
        name, told = ".".join(key), "" if key[0] == "variables" else written(value)
        for place, layer in reversed(list(layers)):
            if _sets(layer, key):
                return Origin(name, told, ".".join(map(str, place)), self._document.line((*place, *key)))
        return Origin(name, told, BUILT_IN)


def _sets(layer: Layer, key: Sequence[str]) -> bool:
    found: Any = layer
    for part in key:
        if not isinstance(found, Mapping) or part not in found:
            return False
        found = found[part]
    return True


def _flat(options: Options) -> Iterator[tuple[tuple[str, ...], object]]:
    """Each option, and each key of those that are groups."""
    for each in fields(options):
        value = getattr(options, each.name)
        if isinstance(value, Mapping):
            yield from (((each.name, key), item) for key, item in sorted(value.items()))
        elif is_dataclass(value):
            yield from (((each.name, part.name), getattr(value, part.name)) for part in fields(value))
        else:
            yield (each.name,), value


def written(value: object) -> str:
    """A value as somebody would write it into the catalog, in one line."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case timedelta():
            return write_duration(value)
        case Rule():
            action = {Action.NONE: "ignore", Action.SIGNAL: f"signal:{value.signal}"}.get(value.action, value.action)
            return f"{action} for {', '.join(value.paths)}"
        case tuple():
            return "; ".join(" ".join(map(str, each)) if isinstance(each, tuple) else written(each) for each in value)
        case _:
            return str(value)
