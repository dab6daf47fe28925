"""Where `${NAME}` finds its value, and what depended on it.

Compose's precedence: its own environment (the stack's variables, `PWD`, …) first, then env files. An included
project adds its own env files at the end. Every lookup is noted, so that an unused variable is no input.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from workers.changes import dotenv
from workers.changes.digest import keyed
from workers.changes.trace import NO_LIVE, Content, Trace
from workers.changes.tree import Outside
from workers.model.stack import Stack


@dataclass(slots=True)
class Usage:
    """What went into a part of the model: closure paths, inputs outside Git, variables without a value."""

    paths: dict[str, None] = field(default_factory=dict)
    inputs: dict[str, None] = field(default_factory=dict)

    def add(self, other: Usage | Content) -> None:
        """Add what went into something that this depends on."""
        self.paths.update(dict.fromkeys(other.paths))
        self.inputs.update(dict.fromkeys(other.inputs))


@dataclass(frozen=True, slots=True)
class EnvFile:
    """An env file's values and what they came from; a missing file has no values but was still looked for."""

    values: Mapping[str, str]
    usage: Usage


def project_folder(stack: Stack, outside: Outside) -> str:
    """The location of the stack's project directory."""
    return posixpath.normpath(posixpath.join(outside.live or NO_LIVE, stack.path))


_REPLACEABLE = frozenset({"LANG", "SSH_AUTH_SOCK"})
"""What a stack may have its own of: a language, and keys for its builds."""


def with_variables(base: Mapping[str, str], variables: Mapping[str, str]) -> dict[str, str]:
    """An environment with a stack's variables in it, which replace nothing of it but the language and the SSH agent.

    Args:
        base: what Compose is started with anyway.
        variables: the stack's own.
    """
    return {**base, **variables, **{name: value for name, value in base.items() if name not in _REPLACEABLE}}


def process_environment(stack: Stack, outside: Outside) -> dict[str, str]:
    """The environment in which Compose runs for a stack: clean but for these."""
    return {
        **with_variables(outside.environ, stack.options.variables),
        "PWD": project_folder(stack, outside),
        "COMPOSE_PROJECT_NAME": stack.project,
    }


class Variables:
    """The values that one Compose project, or one that it includes, sees.

    Args:
        process: Compose's own environment.
        inputs: where lookups in it are noted by name, with a keyed digest.
        key: for those digests.
        files: env files, the first that has a name wins.
    """

    def __init__(
        self,
        process: Mapping[str, str],
        inputs: dict[str, str | None],
        key: bytes,
        files: tuple[EnvFile, ...] = (),
    ) -> None:
        self._process = process
        self._inputs = inputs
        self._key = key
        self.files = files

    def reader(self, usage: Usage) -> Callable[[str], str | None]:
        """A lookup that notes in `usage` what each answer depends on."""

        def lookup(name: str) -> str | None:
            value = self._process.get(name)
            label = f"variable:{name}"
            self._inputs[label] = variable_digest(self._key, value)
            usage.inputs[label] = None
            if value is not None:
                return value
            for file in self.files:
                usage.add(file.usage)
                if name in file.values:
                    return file.values[name]
            return None

        return lookup

    def with_files(self, trace: Trace, locations: list[str], what: str, *, required: bool = True) -> Variables:
        """The same with further env files below those there are; among them, later ones win.

        Args:
            trace: reads them.
            locations: absolute.
            what: who names them, for messages.
            required: whether they must exist.
        """
        values: dict[str, str] = {}
        usage = Usage()
        own = self.reader(usage)

        def lookup(name: str) -> str | None:
            value = own(name)
            return values.get(name) if value is None else value

        for location in locations:
            content = trace.read(location, what, required=required)
            usage.add(content)
            if content.content is not None:
                values.update(dotenv.parse(content.content, content.name, lookup, trace.note_unset))
        return Variables(self._process, self._inputs, self._key, (*self.files, EnvFile(values, usage)))


def variable_digest(key: bytes, value: str | None) -> str | None:
    """What is kept of a variable's value."""
    return None if value is None else keyed(key, value.encode("utf-8", "surrogatepass"))
