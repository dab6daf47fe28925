"""`tegu compose` calls Compose as the deployment did."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.records import a_record
from workers.adapters.docker.compose import Compose
from workers.adapters.state.deployed import Call
from workers.commands.compose import changes_containers, compose_call
from workers.model.errors import UserError
from workers.runtime.settings import Settings
from workers.services import Services

CATALOG = """
repos: {{r: {{url: /nowhere}}}}
stacks: {{a: {{repo: r, path: a, project: {project}, variables: {{COLOUR: {colour}}}}}}}
"""


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    (tmp_path / "tegu.yaml").write_text(CATALOG.format(project="one", colour="red"))
    settings = Settings(data_dir=tmp_path, catalog=tmp_path / "tegu.yaml", redis_url=f"unix://{tmp_path}/none")
    made = Services(settings, compose=Compose(["compose"]))
    yield made
    made.close()


def test_a_stack_without_files_here_cannot_be_called(services: Services) -> None:
    with pytest.raises(UserError, match="no files on this host"):
        compose_call(services, services.stacks.find("default/a"), ["ps"])


def test_before_its_first_good_deployment_the_catalog_says_how(services: Services) -> None:
    stack = services.stacks.find("default/a")
    live = services.live(stack)
    (live / "a").mkdir(parents=True)
    (live / "a/compose.yaml").touch()
    call = compose_call(services, stack, ["logs", "--tail", "1"])
    assert call.argv[:3] == ("compose", "-p", "one")
    assert call.argv[-3:] == ("logs", "--tail", "1")
    assert call.environment["COLOUR"] == "red"


def test_a_deployed_stack_is_called_as_it_was_deployed_whatever_the_catalog_says_by_now(services: Services) -> None:
    stack = services.stacks.find("default/a")
    live = services.live(stack)
    (live / "a").mkdir(parents=True)
    called = Call(
        project=None,
        path="a",
        files=("a/compose.yaml", "a/more.yaml"),
        env_files=("/etc/a.env",),
        profiles=("p",),
        variables={"COLOUR": "blue"},
        environment={"DOCKER_HOST": "unix:///d", "PWD": str(live / "a")},
    )
    services.state.journal.update(stack.id, record=a_record(project="before"), call=called)
    call = compose_call(services, stack, ["ps"])
    assert call.argv == (
        *("compose", "-p", "before", "--project-directory", str(live / "a")),
        *("-f", str(live / "a/compose.yaml"), "-f", str(live / "a/more.yaml")),
        *("--env-file", "/etc/a.env", "--profile=p", "ps"),
    )
    assert call.environment["COLOUR"] == "blue"
    assert call.directory == str(live / "a")


@pytest.mark.parametrize(
    ("typed", "called"),
    [
        (["--", "logs"], ("logs",)),
        (["logs", "-f", "--tail", "5"], ("logs", "-f", "--tail", "5")),
        (["exec", "-T", "a", "sh", "-c", "echo a b"], ("exec", "-T", "a", "sh", "-c", "echo a b")),
        (["run", "a", "--", "-x"], ("run", "a", "--", "-x")),
    ],
)
def test_what_is_typed_reaches_compose_but_for_a_separator_before_it(
    services: Services, typed: list[str], called: tuple[str, ...]
) -> None:
    stack = services.stacks.find("default/a")
    (services.live(stack) / "a").mkdir(parents=True)
    (services.live(stack) / "a/compose.yaml").touch()
    call = compose_call(services, stack, typed)
    file = str(services.live(stack) / "a/compose.yaml")
    assert call.arguments == called
    assert call.argv[call.argv.index(file) + 1 :] == called


@pytest.mark.parametrize(
    ("arguments", "changes"),
    [
        (["stop"], True),
        (["stop", "a"], True),
        (["--ansi=never", "up", "-d"], True),
        (["logs", "up"], False),
        (["exec", "a", "stop"], False),
        (["ps"], False),
        (["--help"], False),
    ],
)
def test_only_what_starts_or_stops_something_is_followed_by_a_look(arguments: list[str], changes: bool) -> None:
    assert changes_containers(arguments) is changes
