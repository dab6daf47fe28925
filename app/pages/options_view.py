"""The options of a stack as they are in force, and which line of the catalog each comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workers.catalog import Catalog
from workers.catalog.origins import Origin, Origins
from workers.model.errors import CatalogError, UnknownName
from workers.runtime.masking import masked
from workers.runtime.settings import process_environment
from workers.services import Services

_MOST_NAMES = 200
_HIDDEN = "not shown"


@dataclass(frozen=True, slots=True)
class OptionLine:
    """An option: its value, the part of the catalog that sets it, and the line of that; None where it is built in."""

    name: str
    value: str
    origin: str
    line: int | None


@dataclass(frozen=True, slots=True)
class OptionsView:
    """What is in force for a stack.

    Attributes:
        stack: its id; empty where there is none.
        options: those that the catalog sets.
        built_in: all others.
        problem: why they cannot be told; empty where they are.
        names: some stacks to choose from.
    """

    stack: str
    options: tuple[OptionLine, ...]
    built_in: tuple[OptionLine, ...]
    problem: str
    names: tuple[str, ...]


def read_options(services: Services, origins: Origins | None, stacks: Sequence[str], wanted: str) -> OptionsView:
    """Read the options of a stack.

    Args:
        services: of the process.
        origins: of the file; None where that is not what is in force.
        stacks: all that there are, by id.
        wanted: the stack; the first one where it is empty.
    """
    places = services.state.discovered.get_many(stacks)
    names = tuple(name for name in stacks if name in places or name in services.catalog.current().by_id)
    name, names = wanted or next(iter(names), ""), names[:_MOST_NAMES]
    if not name:
        return OptionsView("", (), (), "There is no stack yet.", names)
    if origins is None:
        changed = "The file is not valid now, so nobody can say in which line the options in force were. `tegu check`"
        return OptionsView(name, (), (), f"{changed} says what is wrong.", names)
    try:
        stack = services.stacks.find(name)
    except UnknownName as error:
        return OptionsView(name, (), (), f"{error}.", names)
    lines = [_line(each) for each in origins.of(stack)]
    given, others = (tuple(each for each in lines if (each.line is None) is built_in) for built_in in (False, True))
    return OptionsView(stack.id, given, others, "", names)


def origins_of(services: Services, catalog: Catalog) -> Origins | None:
    """Where the catalog's parts stand in its file; None while the file is another than what is in force."""
    if services.catalog.problem is not None:
        return None
    try:
        return Origins(catalog.path, process_environment())
    except CatalogError:
        return None


def _line(origin: Origin) -> OptionLine:
    value = _HIDDEN if origin.name.startswith("variables.") else masked(origin.value)
    return OptionLine(origin.name, value, origin.part, origin.line)
