"""The shape of `tegu.yaml`: what may stand where. The JSON Schema is made from these models.

A key that is not given stays unset, so that layers of options can be laid over each other.
"""

# Without `from __future__ import annotations`, which would have pydantic compile every annotation once more.
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from workers.catalog.fields import (
    Command,
    DockerHost,
    Duration,
    EnvFile,
    FilePath,
    Glob,
    Name,
    PositiveDuration,
    Project,
    Ref,
    RepositoryPath,
    RuleAction,
    StackGlob,
    Texts,
    Url,
    VariableName,
    VariableValue,
    WatchedPath,
)
from workers.model.words import News

Variables = dict[VariableName, VariableValue]


class Section(BaseModel):
    """A mapping of the file. A key without a value counts as not given."""

    # Validators are made when they are first used: that is once for the whole file, instead of once for every part,
    # and so `tegu plan` starts sooner. For the same reason an empty part is constructed, not validated.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, value: object) -> object:
        if isinstance(value, dict) and None in value.values():
            return {key: item for key, item in value.items() if item is not None or key not in cls.model_fields}
        return value


class RepoSection(Section):
    """A Git remote and how its pushes are recognised."""

    url: Url = Field(description="https, ssh, git, or a local path; never with credentials in it")
    ref: Ref = Field("main", description="the branch or tag that its stacks follow")
    webhook_secret: Texts | None = Field(
        None, repr=False, description="one or several; without one, webhooks are refused"
    )
    webhook_secret_file: Texts | None = Field(None, description="files with one secret each")
    username: str | None = Field(None, description="for https")
    password: str | None = Field(None, repr=False, description="for https; better in a file")
    password_file: str | None = Field(None, description="a file with the password or token")
    ssh_key_file: str | None = Field(None, description="the private key for ssh")
    known_hosts_file: str | None = Field(None, description="the servers' keys for ssh")
    allow_remote_include: bool = Field(default=False, description="let Compose files include from elsewhere")
    poll: PositiveDuration | None = Field(None, description="look this often without a webhook")
    discover: tuple[Glob, ...] = Field((), description="every matching folder with a Compose file is a stack")


class RuleSection(Section):
    """What a change of content below some paths does."""

    paths: tuple[Glob, ...] = Field(min_length=1, description="gitignore-style, from the repository's root")
    action: RuleAction = Field(description="restart, recreate, signal:<NAME> or ignore")
    services: tuple[str, ...] | None = Field(None, description="default: those that mount the path")


class HealthSection(Section):
    """How long to wait for a stack to be healthy."""

    timeout: PositiveDuration | None = Field(None, description="default 2m")
    settle: Duration | None = Field(None, description="and for how long it must then stay so; default 5s")


class LimitsSection(Section):
    """The longest each step of a deployment may take."""

    pull: PositiveDuration | None = Field(None, description="default 10m")
    build: PositiveDuration | None = Field(None, description="default 30m")
    up: PositiveDuration | None = Field(None, description="default 5m")
    hook: PositiveDuration | None = Field(None, description="default 5m")


class HooksSection(Section):
    """Programs with arguments, run in the stack's project directory."""

    pre_deploy: tuple[Command, ...] | None = None
    post_deploy: tuple[Command, ...] | None = None
    on_failure: tuple[Command, ...] | None = None


class OptionsSection(Section):
    """The options that every layer may set."""

    project: Project | None = Field(
        None, description="the Compose project's name; {environment} and {stack} are filled in"
    )
    files: tuple[FilePath, ...] | None = Field(
        None, min_length=1, description="relative to path; default: as Compose picks"
    )
    profiles: tuple[str, ...] | None = Field(None, description="empty: COMPOSE_PROFILES of .env decides")
    env_files: tuple[EnvFile, ...] | None = Field(
        None, description="paths in the repository, or absolute on the worker"
    )
    variables: Variables | None = Field(None, description="win over env files and the environment's variables")
    on_change: tuple[RuleSection, ...] | None = Field(None, description="for content; the first match wins")
    watch: tuple[WatchedPath, ...] | None = Field(None, description="more repository paths that count as content")
    after: tuple[Name, ...] | None = Field(None, description="stacks of the same environment to deploy first")
    health: HealthSection | None = None
    limits: LimitsSection | None = None
    rollback: bool | None = Field(None, description="default true")
    pull_images: Literal["missing", "always", "never"] | None = Field(None, description="default missing")
    build: bool | None = Field(None, description="default true")
    remove_orphans: bool | None = Field(None, description="default true")
    prune_images: bool | None = Field(None, description="default false")
    hooks: HooksSection | None = None
    drift: Literal["heal", "report", "ignore"] | None = Field(None, description="default heal")
    when_stopped: Literal["leave", "start"] | None = Field(None, description="default leave")
    when_removed: Literal["keep", "stop", "down"] | None = Field(None, description="default keep")
    adopt: bool | None = Field(None, description="take over files that are in the way; default false")
    paused: bool | None = Field(None, description="default false")


class OverridesSection(OptionsSection):
    """A stack's options in one environment."""

    path: RepositoryPath | None = Field(None, description="the project directory")


def _by_environment(value: object) -> object:
    """A list of environments is a map without overrides."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return {item: {} for item in value}
    if isinstance(value, dict):
        return {key: {} if item is None else item for key, item in value.items()}
    return value


def _empty_allowed(value: object) -> object:
    if isinstance(value, dict):
        return {key: {} if item is None else item for key, item in value.items()}
    return value


Names = tuple[Name, ...]
ByEnvironment = Annotated[
    dict[Name, OverridesSection],
    BeforeValidator(_by_environment, json_schema_input_type=Names | dict[Name, OverridesSection | None]),
]


class DefaultsSection(OptionsSection):
    """Options for all stacks."""

    repo: Name | None = Field(None, description="the repo of stacks that name none")
    environments: Names | None = Field(
        None, min_length=1, description="the environments of stacks that name none; default: all"
    )


class StackSection(OptionsSection):
    """A stack."""

    repo: Name | None = Field(None, description="may be left out where there is one repo only")
    path: RepositoryPath = Field(description="the project directory, from the repository's root")
    environments: ByEnvironment | None = Field(
        None,
        description="default: all; or a map from environment to options that differ there",
    )


class EnvironmentSection(Section):
    """Where stacks run and with what."""

    worker: Name = Field("local", description="the worker that deploys there")
    docker_host: DockerHost = Field("unix:///var/run/docker.sock", description="as that worker sees it")
    ref: Ref | None = Field(None, description="instead of the repo's")
    variables: Variables = Field(default_factory=dict)
    defaults: OptionsSection = Field(default_factory=OptionsSection.model_construct)


class ReceiverSection(Section):
    """Somebody who is told how stacks end."""

    url: str | None = Field(None, repr=False, description="an address as Apprise has them; a secret, better in a file")
    url_file: str | None = Field(None, description="a file with the address")
    on: tuple[News, ...] = Field(
        (News.FAILED, News.ROLLED_BACK, News.BLOCKED, News.INVALID, News.RECOVERED),
        min_length=1,
        description="what to tell; default: everything but deployed",
    )
    stacks: tuple[StackGlob, ...] | None = Field(None, min_length=1, description="patterns of ids; default: all")


class CatalogSection(Section):
    """The whole file."""

    repos: dict[Name, RepoSection] = Field(default_factory=dict)
    environments: Annotated[
        dict[Name, EnvironmentSection],
        BeforeValidator(_empty_allowed, json_schema_input_type=dict[Name, EnvironmentSection | None]),
    ] = Field(
        default_factory=dict,
        description='without any, there is one, named "default"',
    )
    defaults: DefaultsSection = Field(default_factory=DefaultsSection.model_construct)
    stacks: dict[Name, StackSection] = Field(default_factory=dict)
    notify: tuple[ReceiverSection, ...] = Field((), description="who is told how stacks end")


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the catalog, for editors and other programs."""
    schema = CatalogSection.model_json_schema(mode="validation")
    _close(schema)
    _allow_nulls(schema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema | {"title": "Tegu's catalog"}


def _close(schema: object) -> None:
    """Where names have a pattern, let no others pass."""
    if isinstance(schema, dict):
        if "patternProperties" in schema:
            schema["additionalProperties"] = False
        for part in schema.values():
            _close(part)
    elif isinstance(schema, list):
        for part in schema:
            _close(part)


def _allow_nulls(schema: object) -> None:
    """A key without a value counts as not given, wherever it may be left out."""
    if isinstance(schema, list):
        for part in schema:
            _allow_nulls(part)
    elif isinstance(schema, dict):
        for part in schema.values():
            _allow_nulls(part)
        for name, part in schema.get("properties", {}).items():
            if name not in schema.get("required", ()) and {"type": "null"} not in part.get("anyOf", ()):
                kept = {key: part.pop(key) for key in ("default", "description", "title") if key in part}
                schema["properties"][name] = {"anyOf": [part, {"type": "null"}], **kept}
