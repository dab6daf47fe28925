"""Settings and services of one call of the command line, made when a command needs them."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.naming import Names
from workers.catalog import CatalogFile
from workers.model.errors import TeguError
from workers.runtime.late import late
from workers.runtime.settings import Settings, load_settings

if TYPE_CHECKING:
    import logging

    from workers import services as made
    from workers.runtime import logs
else:  # two commits are compared without any of them
    logging, logs, made = late("logging"), late("workers.runtime.logs"), late("workers.services")

REDIS_SECONDS = 4.0
"""How long a person waits for Redis; blocking reads of a log end sooner."""


class Session:
    """What commands work with.

    Args:
        catalog: the catalog's file, instead of the one that the settings name.
        services: used as they are, with their settings, instead of being made.
        redis_seconds: how long Redis is waited for.
    """

    def __init__(
        self,
        catalog: Path | None = None,
        services: made.Services | None = None,
        redis_seconds: float = REDIS_SECONDS + 1,
    ) -> None:
        self._catalog = catalog
        self._redis_seconds = redis_seconds
        if services is not None:
            vars(self).update(services=services, settings=services.settings)  # where `cached_property` keeps them

    @cached_property
    def settings(self) -> Settings:
        """The settings.

        Raises:
            UsageError: when one of them is wrong.
        """
        return self._load(search=True)

    @property
    def first_settings(self) -> Settings:
        """The settings for whoever makes a catalog: in this folder, whatever there is above it.

        Raises:
            UsageError: when one of them is wrong.
        """
        return self._load(search=False)

    def _load(self, *, search: bool) -> Settings:
        settings = load_settings(search=search)
        return settings if self._catalog is None else settings.model_copy(update={"catalog": self._catalog})

    @cached_property
    def services(self) -> made.Services:
        """The collaborators."""
        quiet_logs()
        return made.build_services(self.settings, redis_timeout=self._redis_seconds)

    @cached_property
    def names(self) -> Names:
        """What stacks are called; by their ids where the settings are wrong."""
        try:
            known = self.services.catalog if "services" in self.__dict__ else CatalogFile(self.settings.catalog)
        except TeguError:
            return Names(())
        return Names.of(known)

    def close(self) -> None:
        """End what was started."""
        if "services" in self.__dict__:
            self.services.close()


def quiet_logs() -> None:
    """Say only what went wrong, and on standard error: what a command prints is its answer."""
    logs.configure_logs_late("console", logging.ERROR)


pass_session = click.make_pass_decorator(Session)
