"""Which names of variables are refused: those that steer a program, and no others that look like them."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from workers.adapters.docker.compose_project import INHERITED
from workers.catalog.fields import VariableName
from workers.catalog.refused_variables import STEERING

_NAME = TypeAdapter[str](VariableName)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("DOCKER_HOST", "steers the docker command"),
        ("DOCKER_CONTEXT", "steers the docker command"),
        ("DOCKER_DEFAULT_PLATFORM", "steers the docker command"),
        ("DOCKER_BUILDKIT", "steers the docker command"),
        ("COMPOSE_FILE", "steers Compose"),
        ("COMPOSE_PROJECT_NAME", "steers Compose"),
        ("COMPOSE_DISABLE_ENV_FILE", "steers Compose"),
        ("COMPOSE_EXPERIMENTAL_GIT_REMOTE", "steers Compose"),
        ("BUILDX_BUILDER", "steers the builder"),
        ("BUILDKIT_HOST", "steers the builder"),
        ("LD_PRELOAD", "steers how programs are loaded"),
        ("GODEBUG", "steers every program that is written in Go"),
        ("BASH_ENV", "steers the shell"),
        ("PATH", "steers the shell"),
    ],
)
def test_a_name_that_steers_a_program_is_refused_by_its_rule(name: str, rule: str) -> None:
    with pytest.raises(ValidationError, match=f"the variable {name} cannot be set here: it {rule}"):
        _NAME.validate_python(name)


@pytest.mark.parametrize(
    "name",
    [
        "DOCKER_VOLUME_STORAGE",
        "DOCKER_",
        "DOCKER_HOST_IP",
        "DOCKERHOST",
        "DOCKER_GID",
        "DOCKER_REGISTRY",
        "docker_host",
        "COMPOSE_HTTP_TIMEOUT",
        "COMPOSE_PROJECT",
        "COMPOSE_DATA",
        "LD_RELAY_PORT",
        "BUILDKIT_VERSION",
        "GOMEMLIMIT",
        "HTTP_PROXY",
        "ENV",
        "HOMEPAGE_VAR_KEY",
        "LANG",
        "SSH_AUTH_SOCK",
        "TZ",
    ],
)
def test_a_name_that_only_looks_like_one_is_taken(name: str) -> None:
    assert _NAME.validate_python(name) == name


def test_of_what_compose_gets_from_the_worker_a_stack_sets_its_language_and_its_agent_alone() -> None:
    assert set(INHERITED) - STEERING.keys() == {"LANG", "SSH_AUTH_SOCK"}


def test_the_schema_refuses_the_same_names() -> None:
    assert set(_NAME.json_schema()["not"]["enum"]) == set(STEERING)
