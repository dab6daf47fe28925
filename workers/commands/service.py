"""`tegu service install`: Tegu, or a worker alone, as a service of systemd's."""

from __future__ import annotations

import os
import pwd
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from workers.celery import DEPLOY_STOP_LIMIT
from workers.commands.units import Service, environment_text, is_unchanged, unit_text
from workers.model.errors import UsageError, UserError
from workers.runtime.settings import PREFIX, Settings, inherited, process_environment

_ENDING = timedelta(minutes=1)  # for what comes after a deployment has ended
_NAMES = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)")
_IN_UNIT = ("TEGU_CATALOG", "TEGU_DATA_DIR")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be installed.

    Attributes:
        settings: of the service.
        worker: only the worker; Redis and all else are on another host.
        is_system: for the machine, not for this user.
        force: also over what somebody has changed.
    """

    settings: Settings
    worker: bool
    is_system: bool
    force: bool = False

    @property
    def name(self) -> str:
        """What systemd calls it."""
        return "tegu-worker" if self.worker else "tegu"


@dataclass(frozen=True, slots=True)
class Planned:
    """A file that will be written; of one that is secret, only names are shown."""

    path: Path
    text: str
    is_secret: bool = False

    def __repr__(self) -> str:
        return f"Planned({self.path})"

    @property
    def shown(self) -> str:
        """What is in it, for a screen."""
        return re.sub(r"(?m)^([^#=]+)=.*$", r"\1=********", self.text) if self.is_secret else self.text


@dataclass(frozen=True, slots=True)
class Installed:
    """What was written, what was kept as it was, and what to type next."""

    written: tuple[Path, ...]
    kept: tuple[Path, ...]
    next: tuple[str, ...]


def plan_files(wanted: Wanted) -> tuple[Planned, ...]:
    """The unit and its environment file.

    Raises:
        UsageError: there is no catalog to run with, or no Redis for a worker alone.
    """
    settings = wanted.settings
    catalog = settings.catalog.absolute()
    if not catalog.is_file():
        message = f"{catalog}: there is no such file; `tegu init URL` writes one, TEGU_CATALOG names another"
        raise UsageError(message)
    if wanted.worker and settings.redis_url is None:
        message = "a worker alone needs the Redis of the first host: set TEGU_REDIS_URL"
        raise UsageError(message)
    units, environment = _folders(wanted.is_system)
    env_file = environment / f"{wanted.name}.env"
    service = Service(
        description="Tegu's worker on this host" if wanted.worker else "Tegu, GitOps for Docker Compose",
        argv=_argv(wanted),
        variables=_variables(wanted, catalog),
        env_file=env_file,
        writable=(settings.data_dir,),
        stop=DEPLOY_STOP_LIMIT + _ENDING,
        is_system=wanted.is_system,
    )
    return (
        Planned(units / f"{wanted.name}.service", unit_text(service)),
        Planned(env_file, environment_text(_secrets(catalog)), is_secret=True),
    )


def install(wanted: Wanted) -> Installed:
    """Write them. The environment file is written once and is a person's from then on.

    Raises:
        UsageError: somebody has changed the unit, or it is not Tegu's.
        UserError: a file cannot be written.
    """
    planned = plan_files(wanted)
    written, kept = [], []
    for each in planned:
        if not each.is_secret and not wanted.force:
            _check_is_ours(each.path)
    for each in planned:
        if each.is_secret and each.path.exists():
            kept.append(each.path)
        else:
            _write(each)
            written.append(each.path)
    _make_data_dir(wanted.settings.data_dir)
    return Installed(tuple(written), tuple(kept), _next(wanted))


def _argv(wanted: Wanted) -> Sequence[str]:
    if not wanted.worker:
        return (str(Path(sys.executable).with_name("tegu")), "up")
    celery = (sys.executable, "-m", "celery", "--no-color", "--quiet", "-A", "workers", "worker")
    name = ("-n", f"worker-{wanted.settings.worker}@%h", "--loglevel", "WARNING")
    return (*celery, *name, "--without-gossip", "--without-mingle", "--heartbeat-interval", "15")


def _variables(wanted: Wanted, catalog: Path) -> Mapping[str, str]:
    known = {"TEGU_CATALOG": str(catalog), "TEGU_DATA_DIR": str(wanted.settings.data_dir)}
    # Docker's logins and ssh's keys are found by it, and systemd sets none for root. `sudo -E` leaves a person's own.
    return known | ({"HOME": pwd.getpwuid(0).pw_dir} if wanted.is_system else {})


def _secrets(catalog: Path) -> Mapping[str, str]:
    """The settings of this environment, and what the catalog takes from it."""
    environ = process_environment()
    named = {*_NAMES.findall(catalog.read_text(encoding="utf-8", errors="replace"))}
    return {
        name: value
        for name, value in environ.items()
        if value and "\n" not in value and name not in _IN_UNIT and (name.startswith(PREFIX) or name in named)
    }


def _folders(is_system: bool) -> tuple[Path, Path]:
    """Where units and environment files are."""
    if is_system:
        return Path("/etc/systemd/system"), Path("/etc/tegu")
    config = Path(inherited(("XDG_CONFIG_HOME",)).get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return config / "systemd/user", config / "tegu"


def _check_is_ours(path: Path) -> None:
    if path.exists() and not is_unchanged(path.read_text(encoding="utf-8", errors="replace")):
        message = f"{path} was changed by hand; --force writes it anew, --print shows what it would be"
        raise UsageError(message)


def _write(planned: Planned) -> None:
    """Put a file in its place; it is never there in half, and a secret one is never there for others to read."""
    fresh = planned.path.with_name(f".{planned.path.name}.{os.getpid()}")
    try:
        planned.path.parent.mkdir(parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        mode = 0o600 if planned.is_secret else 0o644
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
            file.write(planned.text)
        fresh.rename(planned.path)
    except OSError as error:
        message = f"{planned.path} cannot be written: {error.strerror or error}; `--user` installs for this user alone"
        raise UserError(message) from error


def _make_data_dir(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"TEGU_DATA_DIR: {path} cannot be made: {error.strerror or error}"
        raise UserError(message) from error


def _next(wanted: Wanted) -> tuple[str, ...]:
    user = "" if wanted.is_system else " --user"
    commands = (
        f"systemctl{user} daemon-reload",
        f"systemctl{user} enable --now {wanted.name}",
        f"journalctl{user} -u {wanted.name} -f",
    )
    return (
        commands if wanted.is_system else (*commands, "loginctl enable-linger    # it goes on when nobody is logged in")
    )
