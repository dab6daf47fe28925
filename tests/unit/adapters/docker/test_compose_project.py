"""How a project is named on every call; its environment holds what it must and nothing more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.adapters.docker.made import make_stack
from workers.adapters.docker.compose_project import INHERITED, command_environment, compose_files, project_of
from workers.changes.variables import process_environment
from workers.model.errors import InvalidStack
from workers.model.stack import Options
from workers.services import HostFiles


@pytest.mark.parametrize(
    ("there", "picked"),
    [
        (["docker-compose.yml", "compose.yml"], ["compose.yml"]),
        (["docker-compose.yaml", "docker-compose.yml"], ["docker-compose.yml"]),
        (["docker-compose.yaml", "compose.override.yaml", "compose.override.yml"], None),
    ],
)
def test_files_are_picked_as_compose_picks_them(there: list[str], picked: list[str] | None, live: Path) -> None:
    for name in there:
        (live / "services/web" / name).touch()
    expected = picked or ["docker-compose.yaml", "compose.override.yml"]
    found = compose_files(make_stack(), live)
    assert [Path(path).name for path in found] == expected


def test_named_files_are_taken_as_they_are_named(live: Path) -> None:
    found = compose_files(make_stack(Options(files=("a.yaml", "../b.yaml"))), live)
    assert found == (f"{live}/services/web/a.yaml", f"{live}/services/web/../b.yaml")


def test_a_folder_without_a_compose_file_is_an_error_that_says_so(live: Path) -> None:
    with pytest.raises(InvalidStack, match=r"services/web: there is no Compose file"):
        compose_files(make_stack(), live)


def test_a_staged_project_keeps_the_live_directory_for_pwd(live: Path, tmp_path: Path) -> None:
    (live / "services/web/compose.yaml").touch()
    stage = tmp_path / "stage"
    options = Options(env_files=("a.env", "/etc/b.env"))
    staged = project_of(make_stack(options), live, live).at(live, stage)
    assert staged.directory == stage / "services/web"
    assert staged.files == (f"{stage}/services/web/compose.yaml",)
    assert staged.env_files == (f"{stage}/a.env", "/etc/b.env")
    assert staged.live == live / "services/web"
    assert staged.environment["PWD"] == f"{live}/services/web"


def test_compose_sees_nothing_of_the_deployers_environment(live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*INHERITED, "TEGU_API_TOKEN", "AWS_SECRET", "COMPOSE_FILE", "DOCKER_CONTEXT"):
        monkeypatch.setenv(name, f"own {name}")
    (live / "services/web/compose.yaml").touch()
    project = project_of(make_stack(Options(variables={"DOMAIN": "example.com"})), live, live)
    assert project.environment == {
        **{name: f"own {name}" for name in INHERITED},
        "DOMAIN": "example.com",
        "PWD": f"{live}/services/web",
        "DOCKER_HOST": "unix:///run/d.sock",
        "COMPOSE_EXPERIMENTAL_GIT_REMOTE": "false",
        "COMPOSE_EXPERIMENTAL_OCI_REMOTE": "false",
    }


def test_variables_of_a_stack_replace_the_language_the_agent_and_nothing_else_that_is_set(live: Path) -> None:
    own = dict.fromkeys((*INHERITED, *command_environment(make_stack(), live, {})), "of the stack")
    base = dict.fromkeys(INHERITED, "of the worker")
    environment = command_environment(make_stack(Options(variables=own)), live, base)
    assert {name for name, value in environment.items() if value == "of the stack"} == {"LANG", "SSH_AUTH_SOCK"}


def test_what_compose_gets_is_what_counts_as_a_change(live: Path) -> None:
    stack = make_stack(Options(variables={"LANG": "de_DE.UTF-8", "SSH_AUTH_SOCK": "/agent", "DOCKER_HOST": "x"}))
    base = command_environment(make_stack(), live, {"LANG": "C.UTF-8", "SSH_AUTH_SOCK": "/own"})
    given = command_environment(stack, live, {"LANG": "C.UTF-8", "SSH_AUTH_SOCK": "/own"})
    counted = process_environment(stack, HostFiles(str(live), base))
    assert {name: counted[name] for name in given} == {**given, "PWD": f"{live}/services/web"}


def test_remote_includes_are_switched_on_only_on_request(live: Path) -> None:
    environment = command_environment(make_stack(remote=True), live, {})
    assert environment["COMPOSE_EXPERIMENTAL_GIT_REMOTE"] == "true"
