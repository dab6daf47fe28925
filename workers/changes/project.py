"""A stack's Compose project at one commit: which files, which variables, which profiles, and the resolved model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workers.changes.locations import Service
from workers.changes.model_loader import Model, ModelLoader
from workers.changes.trace import Trace
from workers.changes.tree import Outside
from workers.changes.variables import Usage, Variables, process_environment, project_folder
from workers.model.errors import InvalidStack
from workers.model.stack import Stack

MAIN_FILES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
"""What Compose takes as the main file: the first that is there."""

OVERRIDE_FILES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
"""What Compose merges over it, whatever the main file is called: the first that is there."""


@dataclass(frozen=True, slots=True)
class Project:
    """The resolved model with where it came from.

    `services` are the enabled ones. `folder` is the project directory; `files` and `env_files` are locations for the
    command line, `model_paths` every path or outside name that the model was read from.
    """

    stack: Stack
    folder: str
    files: tuple[str, ...]
    env_files: tuple[str, ...]
    profiles: tuple[str, ...]
    services: Mapping[str, Service]
    model: Model
    variables: Variables
    model_paths: tuple[str, ...]
    env_paths: tuple[str, ...]

    def resource(self, section: str, name: str) -> Mapping[str, object]:
        """A top-level network, volume, config or secret; empty when it has no definition."""
        value = self.model.sections[section].get(name)
        return value if isinstance(value, Mapping) else {}


def read_project(stack: Stack, trace: Trace, outside: Outside, inputs: dict[str, str | None], key: bytes) -> Project:
    """Read a stack's project as `docker compose -p … -f …` would in the clean environment that Tegu gives it.

    Args:
        stack: the stack with its effective options.
        trace: reads files and records them.
        outside: the worker's host.
        inputs: where variables that are looked up are noted.
        key: for keyed digests.

    Raises:
        InvalidStack: when Compose could not load it.
    """
    folder = project_folder(stack, outside)
    base = Variables(process_environment(stack, outside), inputs, key)
    if stack.options.env_files:
        env_files = [trace.join(trace.root, path, "env_files") for path in stack.options.env_files]
        variables = base.with_files(trace, env_files, "env_files")
    else:
        env_files = []
        variables = base.with_files(trace, [f"{folder}/.env"], ".env", required=False)
    files = _pick_files(stack, trace, folder)
    loader = ModelLoader(trace, allow_remote=stack.allow_remote_include)
    model = loader.load(files, folder, variables, "files")
    usage = Usage()
    profiles = _profiles(stack, variables, usage)
    for file in variables.files:
        usage.add(file.usage)
    services = {
        name: service
        for name, service in model.sections["services"].items()
        if isinstance(service, dict) and _enabled(service, profiles)
    }
    if not services and not model.sections["services"]:
        message = "it has no services"
        raise InvalidStack(message, trace.repository_path(files[0]))
    env_names = (label.removeprefix("file:") for label in usage.inputs if label.startswith("file:"))
    return Project(
        stack=stack,
        folder=folder,
        files=tuple(files),
        env_files=tuple(env_files),
        profiles=profiles,
        services=services,
        model=model,
        variables=variables,
        model_paths=tuple(dict.fromkeys((*loader.read, *usage.paths, *env_names))),
        env_paths=tuple(path for file in variables.files for path in file.usage.paths),
    )


def _pick_files(stack: Stack, trace: Trace, folder: str) -> list[str]:
    if stack.options.files is not None:
        return [trace.join(folder, file, "files") for file in stack.options.files]
    main = _first_there(trace, folder, MAIN_FILES)
    if main is None:
        where = stack.path or "the repository's root"
        message = f"there is no Compose file in {where} (looked for {', '.join(MAIN_FILES)})"
        raise InvalidStack(message)
    override = _first_there(trace, folder, OVERRIDE_FILES)
    return [main, override] if override else [main]


def _first_there(trace: Trace, folder: str, names: tuple[str, ...]) -> str | None:
    for name in names:
        location = f"{folder}/{name}"
        if trace.read(location, name, required=False).content is not None:
            return location
    return None


def _profiles(stack: Stack, variables: Variables, usage: Usage) -> tuple[str, ...]:
    """The active profiles: the option's or, where it has none, those that `.env` names."""
    if stack.options.profiles:
        return tuple(sorted(stack.options.profiles))
    text = variables.reader(usage)("COMPOSE_PROFILES") or ""
    return tuple(sorted({name.strip() for name in text.split(",") if name.strip()}))


def _enabled(service: Service, profiles: tuple[str, ...]) -> bool:
    """Where no profile is active, one without a name is: Compose parts an empty `COMPOSE_PROFILES` by its commas."""
    own = service.get("profiles")
    if not isinstance(own, list) or not own:
        return True
    return "*" in profiles or bool(set(map(str, own)) & set(profiles or ("",)))
