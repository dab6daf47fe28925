"""`/settings`: what is in force: settings, catalog, and how every part of Tegu is."""

from __future__ import annotations

import platform
from collections import Counter
from dataclasses import dataclass
from importlib import metadata
from urllib.parse import quote

from flask import Blueprint, render_template

from app.http.health import OK, check
from app.http.schemas import stack_ids
from app.pages.words import Tone
from workers.catalog import Catalog
from workers.runtime.settings import Settings, host_and_port
from workers.runtime.shown_settings import shown_settings
from workers.services import Services

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_VERSIONS = ("tegu", "celery", "flask", "redis")


@dataclass(frozen=True, slots=True)
class PartLine:
    """A part of Tegu, and whether it works."""

    name: str
    tone: Tone
    word: str


@dataclass(frozen=True, slots=True)
class SettingLine:
    """A setting by its variable; `value` is empty where it is not set."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class RepoLine:
    """A repo of the catalog."""

    name: str
    page: str
    url: str
    ref: str


@dataclass(frozen=True, slots=True)
class EnvironmentLine:
    """An environment of the catalog, its variables by name only."""

    name: str
    worker: str
    docker_host: str
    ref: str
    stacks: int
    variables: str


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """The page. `flower` is an address where a browser can go, or where Flower listens; empty without it."""

    parts: tuple[PartLine, ...]
    settings: tuple[SettingLine, ...]
    catalog: str
    warnings: tuple[str, ...]
    repos: tuple[RepoLine, ...]
    environments: tuple[EnvironmentLine, ...]
    versions: tuple[tuple[str, str], ...]
    flower: str
    flower_is_local: bool


def create_settings(services: Services) -> Blueprint:
    """The blueprint of the page of settings."""
    blueprint = Blueprint("settings", __name__)

    @blueprint.get("/settings")
    def show() -> str:
        return render_template("settings.html", page=read(services))

    return blueprint


def read(services: Services) -> SettingsPage:
    """Read all that the page shows.

    Raises:
        CatalogError: there is no valid catalog.
        RedisUnavailable: nothing is known of stacks.
    """
    catalog, settings = services.catalog.current(), services.settings
    flower = settings.flower_bind
    return SettingsPage(
        parts=_parts(services),
        settings=tuple(SettingLine(name, value or "") for name, value in shown_settings(settings).items()),
        catalog=str(catalog.path),
        warnings=catalog.warnings,
        repos=tuple(
            RepoLine(name, f"/repos/{quote(name)}", repo.url, repo.ref) for name, repo in sorted(catalog.repos.items())
        ),
        environments=_environments(catalog, stack_ids(catalog, services.state.records.known())),
        versions=(*((name, metadata.version(name)) for name in _VERSIONS), ("python", platform.python_version())),
        flower=f"http://{flower}" if flower else "",
        flower_is_local=_is_local(settings),
    )


def _parts(services: Services) -> tuple[PartLine, ...]:
    found = check(services).items()
    return tuple(
        PartLine(name, Tone.GOOD if said == OK else Tone.BAD, "works" if said == OK else said) for name, said in found
    )


def _environments(catalog: Catalog, stacks: list[str]) -> tuple[EnvironmentLine, ...]:
    counts = Counter(stack.partition("/")[0] for stack in stacks)
    return tuple(
        EnvironmentLine(
            name, each.worker, each.docker_host, each.ref or "", counts[name], ", ".join(sorted(each.variables))
        )
        for name, each in sorted(catalog.environments.items())
    )


def _is_local(settings: Settings) -> bool:
    return settings.flower_bind is not None and host_and_port(settings.flower_bind)[0] in _LOOPBACK
