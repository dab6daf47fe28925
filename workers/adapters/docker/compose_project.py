"""One Compose project as every call names it: its name, files, directories and environment.

Compose reads `${VARIABLE}` from the environment of whoever calls it, lets a `.env` replace the project's
name and files, and fetches remote includes. So every call names its project, files and directories, and
gets an environment of its own that holds nothing of the deployer's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from workers.changes.project import MAIN_FILES, OVERRIDE_FILES
from workers.changes.variables import with_variables
from workers.model.errors import InvalidStack
from workers.model.stack import Stack
from workers.runtime.settings import inherited

# Everything that Compose and hooks see of the worker's own environment.
INHERITED = ("PATH", "HOME", "LANG", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "SSH_AUTH_SOCK")


@dataclass(frozen=True, slots=True)
class Project:
    """One Compose project as it is named on every command line.

    Attributes:
        name: the project's name.
        directory: the project directory that relative paths start from: the live one, or a staged copy.
        live: the project directory at its live path, which `${PWD}` shows even while files are staged.
        files: absolute paths of the Compose files.
        env_files: absolute paths for `--env-file`; none: Compose reads `.env`.
        profiles: none: `COMPOSE_PROFILES` decides.
        environment: the whole environment of the command.
        asks_for: the variables of the environment that the files ask for; None where nobody knows.
    """

    name: str
    directory: Path
    live: Path
    files: tuple[str, ...]
    env_files: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    asks_for: frozenset[str] | None = None

    def at(self, root: Path, other: Path) -> Project:
        """The same project with every path below `root` moved below `other`."""

        def moved(path: str) -> str:
            return str(other / Path(path).relative_to(root)) if Path(path).is_relative_to(root) else path

        return replace(
            self,
            directory=Path(moved(str(self.directory))),
            files=tuple(moved(path) for path in self.files),
            env_files=tuple(moved(path) for path in self.env_files),
        )


def own_environment() -> dict[str, str]:
    """What Compose and hooks are given of the worker's own environment."""
    return {"LANG": "C.UTF-8", **inherited(INHERITED)}


def command_environment(stack: Stack, live: Path, base: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of Compose and of hooks.

    Args:
        stack: whose variables and Docker host count.
        live: the project directory at its live path.
        base: the variables passed on from the worker, an allow-list's worth; the stack's own replace only its language.
    """
    remote = "true" if stack.allow_remote_include else "false"
    return {
        **with_variables(base, stack.options.variables),
        "PWD": str(live),
        "DOCKER_HOST": stack.docker_host,
        "COMPOSE_EXPERIMENTAL_GIT_REMOTE": remote,
        "COMPOSE_EXPERIMENTAL_OCI_REMOTE": remote,
    }


def compose_files(stack: Stack, root: Path) -> tuple[str, ...]:
    """The absolute paths of a stack's Compose files below a directory that has the repository's layout.

    Raises:
        InvalidStack: when there is none.
    """
    directory = root / stack.path
    if stack.options.files is not None:
        return tuple(str(directory / name) for name in stack.options.files)
    main = _first(directory, MAIN_FILES)
    if main is None:
        message = f"there is no Compose file; one of {', '.join(MAIN_FILES)} was expected"
        raise InvalidStack(message, stack.path or ".")
    override = _first(directory, OVERRIDE_FILES)
    return (main,) if override is None else (main, override)


def _first(directory: Path, names: Iterable[str]) -> str | None:
    return next((str(directory / name) for name in names if (directory / name).exists()), None)


def project_of(stack: Stack, root: Path, live_root: Path) -> Project:
    """The Compose project of a stack whose files lie below `root`.

    Args:
        stack: the stack.
        root: a directory with the repository's layout: the live one or a stage.
        live_root: the live one.

    Raises:
        InvalidStack: when there is no Compose file.
    """
    live = live_root / stack.path
    return Project(
        name=stack.project,
        directory=root / stack.path,
        live=live,
        files=compose_files(stack, root),
        env_files=tuple(str(root / path) for path in stack.options.env_files),
        profiles=stack.options.profiles,
        environment=command_environment(stack, live, own_environment()),
    )
