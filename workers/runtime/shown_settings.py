"""The settings in force as the environment would spell them, for people: no secret is among them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from workers.model.secret import Secret
from workers.runtime.settings import PREFIX, Settings, write_duration


def shown_settings(settings: Settings) -> dict[str, str | None]:
    """Every setting by the name of its variable; None where it is not set."""
    return {PREFIX + name.upper(): _shown(name, value) for name, value in settings}


def setting_origins(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """Where each of them comes from, for people; the same keys.

    Args:
        settings: those in force.
        environ: the environment that they were read from.
    """
    names = {name: PREFIX + name.upper() for name in Settings.model_fields}
    return {variable: _origin(name, variable, settings, environ) for name, variable in names.items()}


def _origin(name: str, variable: str, settings: Settings, environ: Mapping[str, str]) -> str:
    for given in (variable, f"{variable}_FILE"):
        if environ.get(given):
            return f"environment variable {given}" if given != variable else "environment variable"
    if name == "redis_url" and settings.redis_url is None:
        return f"Tegu's own Redis, at {settings.redis_socket}"
    return "default"


def _shown(name: str, value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, Secret):
        return "********"
    if isinstance(value, timedelta):
        return write_duration(value)
    text = str(value)
    return _without_password(text) if name == "redis_url" else text


def _without_password(url: str) -> str:
    """redis-py takes a password before the host, and in the query."""
    url = re.sub(r"(://[^/@:]*:)[^@]*@", r"\1********@", url)
    return re.sub(r"([?&]password=)[^&]*", r"\1********", url)
