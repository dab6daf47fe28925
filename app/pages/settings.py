"""`/settings`: what is in force: settings, catalog, and how every part of Tegu is."""

from __future__ import annotations

import platform
from collections import Counter
from dataclasses import dataclass
from importlib import metadata
from urllib.parse import quote

from flask import Blueprint, render_template, request

from app.http.health import OK, check
from app.http.schemas import stack_ids
from app.pages.options_view import OptionsView, origins_of, read_options
from app.pages.words import Tone
from workers.catalog import Catalog
from workers.catalog.origins import Origins
from workers.runtime.settings import Settings, host_and_port, process_environment
from workers.runtime.shown_settings import setting_origins, shown_settings
from workers.services import Services

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_VERSIONS = ("tegu", "celery", "flask", "gunicorn", "redis")


@dataclass(frozen=True, slots=True)
class PartLine:
    """A part of Tegu, and whether it works."""

    name: str
    tone: Tone
    word: str


@dataclass(frozen=True, slots=True)
class SettingLine:
    """A setting by its variable, and where it comes from; `value` is empty where it is not set."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class RepoLine:
    """A repo of the catalog, and the line where it begins; empty where that is not known."""

    name: str
    page: str
    url: str
    ref: str
    line: str


@dataclass(frozen=True, slots=True)
class EnvironmentLine:
    """An environment of the catalog, its variables by name only."""

    name: str
    worker: str
    docker_host: str
    ref: str
    stacks: int
    variables: str
    line: str


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """The page. `flower` is an address where a browser can go, or where Flower listens; empty without it."""

    parts: tuple[PartLine, ...]
    settings: tuple[SettingLine, ...]
    catalog: str
    warnings: tuple[str, ...]
    repos: tuple[RepoLine, ...]
    environments: tuple[EnvironmentLine, ...]
    options: OptionsView
    versions: tuple[tuple[str, str], ...]
    flower: str
    flower_is_local: bool


def create_settings(services: Services) -> Blueprint:
    """The blueprint of the page of settings."""
    blueprint = Blueprint("settings", __name__)

    @blueprint.get("/settings")
    def show() -> str:
        return render_template("settings.html", page=read(services, request.args.get("stack", "").strip()))

    return blueprint


def read(services: Services, stack: str = "") -> SettingsPage:
    """Read all that the page shows.

    Args:
        services: of the process.
        stack: whose options are shown; the first one where it is empty.

    Raises:
        CatalogError: there is no valid catalog.
        RedisUnavailable: nothing is known of stacks.
    """
    catalog, settings = services.catalog.current(), services.settings
    flower, origins = settings.flower_bind, origins_of(services, catalog)
    stacks = stack_ids(catalog, services.state.records.known())
    came_from = setting_origins(settings, process_environment())
    return SettingsPage(
        parts=_parts(services),
        settings=tuple(
            SettingLine(name, value or "", came_from[name]) for name, value in shown_settings(settings).items()
        ),
        catalog=str(catalog.path),
        warnings=catalog.warnings,
        repos=tuple(
            RepoLine(name, f"/repos/{quote(name)}", repo.url, repo.ref, _line(origins, "repos", name))
            for name, repo in sorted(catalog.repos.items())
        ),
        environments=_environments(catalog, stacks, origins),
        options=read_options(services, origins, stacks, stack),
        versions=(*((name, metadata.version(name)) for name in _VERSIONS), ("python", platform.python_version())),
        flower=f"http://{flower}" if flower else "",
        flower_is_local=_is_local(settings),
    )


def _parts(services: Services) -> tuple[PartLine, ...]:
    found = check(services).items()
    return tuple(
        PartLine(name, Tone.GOOD if said == OK else Tone.BAD, "works" if said == OK else said) for name, said in found
    )


def _line(origins: Origins | None, *place: str) -> str:
    return str(origins.line(*place)) if origins else ""


def _environments(catalog: Catalog, stacks: list[str], origins: Origins | None) -> tuple[EnvironmentLine, ...]:
    counts = Counter(stack.partition("/")[0] for stack in stacks)
    return tuple(
        EnvironmentLine(
            name,
            each.worker,
            each.docker_host,
            each.ref or "",
            counts[name],
            ", ".join(sorted(each.variables)),
            _line(origins, "environments", name),
        )
        for name, each in sorted(catalog.environments.items())
    )


def _is_local(settings: Settings) -> bool:
    return settings.flower_bind is not None and host_and_port(settings.flower_bind)[0] in _LOOPBACK
