"""Options laid over each other.

Mappings (`variables`, `health`, `limits`, `hooks`) are laid over each other key by key; everything else is
replaced as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from workers.catalog.sections import OptionsSection, RuleSection
from workers.model.stack import Health, Hooks, Limits, Options, Rule
from workers.model.words import Action

Layer = Mapping[str, Any]

_OPTIONS = frozenset(OptionsSection.model_fields)
_ACTIONS = {"restart": Action.RESTART, "recreate": Action.RECREATE, "ignore": Action.NONE}
_GROUPS = {"health": Health, "limits": Limits, "hooks": Hooks}


def layer_of(section: OptionsSection | None) -> Layer:
    """What a section sets itself, without what it leaves to others."""
    if section is None:
        return {}
    return {
        name: {key: getattr(value, key) for key in value.model_fields_set} if isinstance(value, BaseModel) else value
        for name in section.model_fields_set & _OPTIONS
        if (value := getattr(section, name)) is not None
    }


def overlay(*layers: Layer) -> Layer:
    """The options of all layers; later ones win."""
    result: dict[str, Any] = {}
    for layer in layers:
        for name, value in layer.items():
            result[name] = result[name] | value if isinstance(value, dict) and name in result else value
    return result


def options_of(layer: Layer, after: tuple[str, ...]) -> Options:
    """The effective options, with the defaults of what no layer sets."""
    values = {name: value for name, value in layer.items() if name != "project"} | {"after": after}
    for name, group in _GROUPS.items():
        if name in values:
            values[name] = group(**values[name])
    if "on_change" in values:
        values["on_change"] = tuple(_rule(section) for section in values["on_change"])
    return Options(**values)


def _rule(section: RuleSection) -> Rule:
    action, _, signal = section.action.partition(":")
    return Rule(
        paths=section.paths,
        action=Action.SIGNAL if signal else _ACTIONS[action],
        signal=signal or None,
        services=section.services,
    )
