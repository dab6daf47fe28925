"""Command lines of `docker compose` are data, and its environment holds what it must and nothing more."""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.adapters.docker import compose
from workers.changes.variables import process_environment
from workers.model.errors import CommandFailed, InvalidStack
from workers.model.stack import Options, Stack
from workers.services import HostFiles


def make_stack(options: Options | None = None, *, remote: bool = False) -> Stack:
    return Stack(
        environment="production",
        name="web",
        repo="homelab",
        path="services/web",
        ref="main",
        worker="local",
        docker_host="unix:///run/d.sock",
        project="web",
        options=options or Options(),
        allow_remote_include=remote,
    )


@pytest.fixture
def live(tmp_path: Path) -> Path:
    folder = tmp_path / "live"
    (folder / "services/web").mkdir(parents=True)
    return folder


def test_every_call_names_project_directory_and_files(live: Path) -> None:
    (live / "services/web/compose.yaml").touch()
    (live / "services/web/docker-compose.override.yml").touch()
    options = Options(profiles=("a", "-b"), env_files=("shared.env", "/etc/tegu.env"))
    project = compose.project_of(make_stack(options), live, live)
    assert compose.prefix(project, ["docker", "compose"]) == [
        *("docker", "compose", "-p", "web"),
        *("--project-directory", f"{live}/services/web"),
        *("-f", f"{live}/services/web/compose.yaml"),
        *("-f", f"{live}/services/web/docker-compose.override.yml"),
        *("--env-file", f"{live}/shared.env", "--env-file", "/etc/tegu.env"),
        *("--profile=a", "--profile=-b"),
    ]


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
    found = compose.compose_files(make_stack(), live)
    assert [Path(path).name for path in found] == expected


def test_named_files_are_taken_as_they_are_named(live: Path) -> None:
    found = compose.compose_files(make_stack(Options(files=("a.yaml", "../b.yaml"))), live)
    assert found == (f"{live}/services/web/a.yaml", f"{live}/services/web/../b.yaml")


def test_a_folder_without_a_compose_file_is_an_error_that_says_so(live: Path) -> None:
    with pytest.raises(InvalidStack, match=r"services/web: there is no Compose file"):
        compose.compose_files(make_stack(), live)


def test_a_staged_project_keeps_the_live_directory_for_pwd(live: Path, tmp_path: Path) -> None:
    (live / "services/web/compose.yaml").touch()
    stage = tmp_path / "stage"
    options = Options(env_files=("a.env", "/etc/b.env"))
    staged = compose.project_of(make_stack(options), live, live).at(live, stage)
    assert staged.directory == stage / "services/web"
    assert staged.files == (f"{stage}/services/web/compose.yaml",)
    assert staged.env_files == (f"{stage}/a.env", "/etc/b.env")
    assert staged.live == live / "services/web"
    assert staged.environment["PWD"] == f"{live}/services/web"


def test_compose_sees_nothing_of_the_deployers_environment(live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*compose.INHERITED, "TEGU_API_TOKEN", "AWS_SECRET", "COMPOSE_FILE", "DOCKER_CONTEXT"):
        monkeypatch.setenv(name, f"own {name}")
    (live / "services/web/compose.yaml").touch()
    project = compose.project_of(make_stack(Options(variables={"DOMAIN": "example.com"})), live, live)
    assert project.environment == {
        **{name: f"own {name}" for name in compose.INHERITED},
        "DOMAIN": "example.com",
        "PWD": f"{live}/services/web",
        "DOCKER_HOST": "unix:///run/d.sock",
        "COMPOSE_EXPERIMENTAL_GIT_REMOTE": "false",
        "COMPOSE_EXPERIMENTAL_OCI_REMOTE": "false",
    }


def test_variables_of_a_stack_replace_the_language_the_agent_and_nothing_else_that_is_set(live: Path) -> None:
    own = dict.fromkeys((*compose.INHERITED, *compose.command_environment(make_stack(), live, {})), "of the stack")
    base = dict.fromkeys(compose.INHERITED, "of the worker")
    environment = compose.command_environment(make_stack(Options(variables=own)), live, base)
    assert {name for name, value in environment.items() if value == "of the stack"} == {"LANG", "SSH_AUTH_SOCK"}


def test_what_compose_gets_is_what_counts_as_a_change(live: Path) -> None:
    stack = make_stack(Options(variables={"LANG": "de_DE.UTF-8", "SSH_AUTH_SOCK": "/agent", "DOCKER_HOST": "x"}))
    base = compose.command_environment(make_stack(), live, {"LANG": "C.UTF-8", "SSH_AUTH_SOCK": "/own"})
    given = compose.command_environment(stack, live, {"LANG": "C.UTF-8", "SSH_AUTH_SOCK": "/own"})
    counted = process_environment(stack, HostFiles(str(live), base))
    assert {name: counted[name] for name in given} == {**given, "PWD": f"{live}/services/web"}


def test_remote_includes_are_switched_on_only_on_request(live: Path) -> None:
    environment = compose.command_environment(make_stack(remote=True), live, {})
    assert environment["COMPOSE_EXPERIMENTAL_GIT_REMOTE"] == "true"


def test_subcommands_never_take_a_services_name_for_an_option() -> None:
    services = ["--help", "b"]
    assert compose.build_argv(services) == ["build", "--", "--help", "b"]
    assert compose.pull_argv(services) == ["pull", "--quiet", "--ignore-buildable", "--", "--help", "b"]
    assert compose.restart_argv(services) == ["restart", "--", "--help", "b"]
    assert compose.signal_argv("HUP", services) == ["kill", "--signal=SIGHUP", "--", "--help", "b"]
    assert compose.remove_argv(services) == ["rm", "--stop", "--force", "--", "--help", "b"]
    assert compose.up_argv(services, force_recreate=True, alone=True, remove_orphans=False) == [
        *("up", "-d", "--pull", "never", "--no-build", "--force-recreate", "--no-deps", "--", "--help", "b")
    ]


def test_up_never_pulls_builds_or_answers_questions() -> None:
    assert compose.up_argv() == ["up", "-d", "--pull", "never", "--no-build", "--remove-orphans"]


def test_volumes_are_never_removed() -> None:
    commands = [compose.down_argv(), compose.remove_argv(["a"]), compose.up_argv(), compose.stop_argv()]
    assert not any(option in argv for argv in commands for option in ("-v", "--volumes", "-V", "-y"))


def test_the_plugin_is_called_directly_where_it_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert compose.plugin([str(tmp_path)]) == ("docker", "compose")
    binary = tmp_path / "docker-compose"
    binary.touch(mode=0o755)
    assert compose.plugin([str(tmp_path)]) == (str(binary),)
    own = tmp_path / "home/.docker/cli-plugins/docker-compose"
    own.parent.mkdir(parents=True)
    own.touch(mode=0o755)
    assert compose.plugin([str(tmp_path)]) == (str(own),)


def test_what_compose_quotes_of_env_files_and_of_variables_is_masked(live: Path) -> None:
    """`sh` says what Compose would: an error that quotes values, with words that are its own."""
    (live / "services/web/compose.yaml").write_text("services: {web: {image: 'x:${TAG}'}}")
    (live / "services/web/.env").write_text("TAG=EXAMPLE-TAG\n")
    (live / "other.env").write_text("# true\nOTHER='EXAMPLE OTHER'\n")
    project = compose.project_of(make_stack(Options(variables={"PORT": "EXAMPLEPORT"})), live, live)
    said = f"{live}/services/web/compose.yaml: web: true is no port: x:EXAMPLE-TAG, EXAMPLEPORT, EXAMPLE OTHER"
    script = f"echo '{said}' >&2; exit 1"
    with pytest.raises(InvalidStack) as caught:
        compose.Compose(["sh", "-c", script]).config(project, private=[str(live / "other.env")])
    assert str(caught.value) == "compose.yaml: web: true is no port: x:********, ********, ********"


@pytest.mark.parametrize("argv", [["up"], ["config"]])
def test_lines_and_errors_of_compose_quote_no_env_file(argv: list[str], live: Path) -> None:
    (live / "services/web/compose.yaml").write_text("services: {web: {image: 'x:${TAG}'}}")
    project = compose.project_of(make_stack(), live, live)
    script = (
        "echo 'The \"TAG\" variable is not set' >&2; echo 'The \"EXAMPLE\" variable is not set' >&2;"
        "printf 'line 2: unterminated quoted value EXAMPLE%05000d' 0 >&2; exit 1"
    )
    lines: list[str] = []
    with pytest.raises(CommandFailed) as caught:
        compose.Compose(["sh", "-c", script]).run(project, argv, timeout=30, on_line=lines.append)
    told = ['The "TAG" variable is not set', "A variable is not set", "line 2: unterminated quoted value"]
    assert (lines, caught.value.output.splitlines()) == (told, told)
