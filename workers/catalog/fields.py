"""What single values of the catalog may be, each with the sentence that says what is wrong with it."""

from __future__ import annotations

import posixpath
import re
import signal
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from workers.catalog.refused_variables import STEERING
from workers.model.refs import is_ref_name
from workers.runtime.settings import parse_duration

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
NAME_RULE = "use 1 to 63 of a-z, 0-9, _ and -, beginning with a letter or digit"

_LONGEST = timedelta(days=3650)
_DURATION_PATTERN = r"^(\d{1,9}|(?=\d)(\d{1,4}d)?(\d{1,6}h)?(\d{1,7}m)?(\d{1,9}s)?)$"
_DURATION = re.compile(_DURATION_PATTERN, re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SCHEMES = ("https", "http", "ssh", "git", "file")
_SCP_LIKE = re.compile(r"(?:[^/@:\s]+@)?[^/@:\s]+:(?!//).+")
_STACK_GLOB = re.compile(r"[a-z0-9_*?\[\]!-]+/[a-z0-9_*?\[\]!-]+")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def check_name(value: str) -> str:
    """Refuse what Compose, Redis keys or file names would not take as a name."""
    if not NAME.fullmatch(value):
        message = f"{value!r} is not a valid name; {NAME_RULE}"
        raise ValueError(message)
    return value


def _duration(value: object) -> timedelta:
    if isinstance(value, str) and _DURATION.fullmatch(value):
        duration = parse_duration(value)
        if duration <= _LONGEST:
            return duration
    message = f"{value!r} is not a duration; write it like 30s, 5m or 1h30m"
    raise ValueError(message)


def _positive(value: timedelta) -> timedelta:
    if not value:
        message = "has to be longer than nothing"
        raise ValueError(message)
    return value


def check_repository_path(value: str) -> str:
    """Normalise a path relative to the repository's root; the root itself is empty.

    Raises:
        ValueError: for absolute paths and those that lead out.
    """
    if value.startswith(("/", "~")):
        message = f"{value!r} has to be relative to the repository's root"
        raise ValueError(message)
    path = posixpath.normpath(value) if value else "."
    if path == ".." or path.startswith("../"):
        message = f"{value!r} leads out of the repository"
        raise ValueError(message)
    return "" if path == "." else path


def _file(value: str) -> str:
    if not value or value.startswith(("/", "~")):
        message = f"{value!r} has to be relative to the stack's path"
        raise ValueError(message)
    return value


def _watched(value: str) -> str:
    path = check_repository_path(value)
    if not path:
        message = "the whole repository cannot be watched; name a path in it"
        raise ValueError(message)
    return path


def _env_file(value: str) -> str:
    if value.startswith("~"):
        message = f"{value!r} has to be relative to the repository's root, or absolute"
        raise ValueError(message)
    return posixpath.normpath(value) if value.startswith("/") else _watched(value)


def check_glob(value: str) -> str:
    """Refuse globs that can never match a repository path."""
    bare = value.removeprefix("!")
    if not bare.strip("/") or ".." in bare.split("/") or bare.startswith("~"):
        message = f"{value!r} has to be a pattern of paths in the repository, without .."
        raise ValueError(message)
    return value


def _variable(value: str) -> str:
    if not _VARIABLE.fullmatch(value):
        message = f"{value!r} is not a variable name"
        raise ValueError(message)
    if rule := STEERING.get(value):
        message = f"the variable {value} cannot be set here: it {rule}; call a value of your own by another name"
        raise ValueError(message)
    return value


def _url(value: str) -> str:
    if not value or value.startswith("-") or value != value.strip():
        message = "is not an address of a repository"
        raise ValueError(message)
    if "://" not in value:
        if "::" in value.partition("/")[0]:
            message = "names a remote helper; use https, ssh, git, or a local path"
            raise ValueError(message)
        return value
    try:
        parts = urlsplit(value)
        host, password, user = parts.hostname, parts.password, parts.username
    except ValueError as error:
        message = f"is not an address of a repository: {error}"
        raise ValueError(message) from None
    if parts.scheme not in _SCHEMES:
        message = f"{parts.scheme}:// is not supported; use https, ssh, git, or a local path"
        raise ValueError(message)
    if password is not None or (user is not None and parts.scheme != "ssh"):
        message = "holds credentials; write the address without them, and use username and password_file"
        raise ValueError(message)
    if not host and parts.scheme != "file":
        message = "names no host"
        raise ValueError(message)
    return value


def is_local(url: str) -> bool:
    """Whether a valid address is a plain path on this machine."""
    return "://" not in url and (url.startswith((".", "/")) or not _SCP_LIKE.fullmatch(url))


def _ref(value: str) -> str:
    if not is_ref_name(value):
        message = f"{value!r} is not the name of a branch or tag"
        raise ValueError(message)
    return value


def _docker_host(value: str) -> str:
    scheme, separator, rest = value.partition("://")
    if not separator or scheme not in {"unix", "tcp", "ssh"} or not rest:
        message = f"{value!r} is not a Docker host; write unix:///path, tcp://host:port or ssh://user@host"
        raise ValueError(message)
    if scheme == "ssh" and ":" in rest.rpartition("@")[0]:
        message = "holds a password; use an SSH key"
        raise ValueError(message)
    return value


def _project(value: str) -> str:
    for placeholder in _PLACEHOLDER.findall(value):
        if placeholder not in {"environment", "stack"}:
            message = f"{{{placeholder}}} is unknown; {{environment}} and {{stack}} are filled in"
            raise ValueError(message)
    sample = _PLACEHOLDER.sub("x", value)
    if not NAME.fullmatch(sample):
        message = f"{value!r} does not give a valid project name; {NAME_RULE}"
        raise ValueError(message)
    return value


def render_project(template: str, environment: str, stack: str) -> str:
    """Fill `{environment}` and `{stack}` in."""
    words = {"environment": environment, "stack": stack}
    return _PLACEHOLDER.sub(lambda match: words[match[1]], template)


def _rule_action(value: str) -> str:
    if value in {"restart", "recreate", "ignore"}:
        return value
    word, separator, name = value.partition(":")
    if word == "signal" and separator:
        name = name.upper().removeprefix("SIG")
        if f"SIG{name}" in signal.Signals.__members__:
            return f"signal:{name}"
        message = f"{value!r} names no signal; write it like signal:HUP"
        raise ValueError(message)
    message = f"{value!r} is not an action; use restart, recreate, signal:<NAME> or ignore"
    raise ValueError(message)


def _stack_glob(value: str) -> str:
    if not _STACK_GLOB.fullmatch(value):
        message = f"{value!r} is not a pattern of stacks; write it like production/* or */postgres"
        raise ValueError(message)
    return value


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _command(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value or not value[0]:
        message = "a hook is a list of a program and its arguments, and not empty"
        raise ValueError(message)
    return value


_DURATION_SCHEMA: dict[str, Any] = {
    "anyOf": [{"type": "string", "pattern": _DURATION_PATTERN}, {"type": "integer", "minimum": 0}],
    "description": "a number of seconds, or like 30s, 5m, 1h30m",
}
_NAME_PATTERN = rf"^{NAME.pattern}$"

Name = Annotated[str, AfterValidator(check_name), WithJsonSchema({"type": "string", "pattern": _NAME_PATTERN})]
Duration = Annotated[timedelta, BeforeValidator(_duration), WithJsonSchema(_DURATION_SCHEMA)]
PositiveDuration = Annotated[
    timedelta, BeforeValidator(_duration), AfterValidator(_positive), WithJsonSchema(_DURATION_SCHEMA)
]
RepositoryPath = Annotated[str, AfterValidator(check_repository_path)]
FilePath = Annotated[str, AfterValidator(_file)]
WatchedPath = Annotated[str, AfterValidator(_watched)]
EnvFile = Annotated[str, AfterValidator(_env_file)]
Glob = Annotated[str, AfterValidator(check_glob)]
VariableName = Annotated[
    str,
    AfterValidator(_variable),
    WithJsonSchema({"type": "string", "pattern": f"^{_VARIABLE.pattern}$", "not": {"enum": sorted(STEERING)}}),
]
VariableValue = Annotated[str, WithJsonSchema({"type": ["string", "number", "boolean"]})]
Url = Annotated[str, AfterValidator(_url)]
Ref = Annotated[str, AfterValidator(_ref)]
DockerHost = Annotated[str, AfterValidator(_docker_host), Field(json_schema_extra={"pattern": "^(unix|tcp|ssh)://"})]
Project = Annotated[str, AfterValidator(_project)]
RuleAction = Annotated[
    str,
    AfterValidator(_rule_action),
    Field(json_schema_extra={"pattern": "^(restart|recreate|ignore|signal:[A-Za-z0-9]+)$"}),
]
StackGlob = Annotated[
    str, AfterValidator(_stack_glob), Field(json_schema_extra={"pattern": f"^{_STACK_GLOB.pattern}$"})
]
Texts = Annotated[
    tuple[str, ...],
    BeforeValidator(_listed),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Command = Annotated[tuple[str, ...], AfterValidator(_command), Field(json_schema_extra={"minItems": 1})]
