"""What reaches Compose from outside Git and is no file: the stack's options, by name and as keyed digests."""

from __future__ import annotations

from workers.changes.digest import keyed
from workers.changes.tree import Outside
from workers.changes.variables import process_environment, project_folder, variable_digest
from workers.model.stack import Stack

DIRECTORY = "option:directory"
"""The project directory on the host."""


def option_inputs(stack: Stack, outside: Outside, key: bytes) -> dict[str, str | None]:
    """The options that decide what Compose reads, as `option:NAME`.

    `on_change` and the like are not among them: they say what to do about a change, not what the stack is. Nor are
    `pull_images`, `remove_orphans` and others that say how the next deployment goes about it. The table of options in
    `docs/reference/catalog.md` says it of each.
    """
    options = stack.options
    values: dict[str, object] = {
        "project": stack.project,
        "docker_host": stack.docker_host,
        "directory": project_folder(stack, outside),
        "files": options.files,
        "profiles": options.profiles,
        "env_files": options.env_files,
        "watch": options.watch,
        "build": options.build,
        "allow_remote_include": stack.allow_remote_include,
    }
    return {f"option:{name}": keyed(key, repr(value).encode("utf-8", "replace")) for name, value in values.items()}


def current_inputs(stack: Stack, outside: Outside, key: bytes, names: tuple[str, ...]) -> dict[str, str | None]:
    """The present digests of inputs by name: every option, and those variables that are asked for."""
    inputs = option_inputs(stack, outside, key)
    environment = process_environment(stack, outside)
    for name in names:
        kind, _, rest = name.partition(":")
        if kind == "variable":
            inputs[name] = variable_digest(key, environment.get(rest))
    return inputs
