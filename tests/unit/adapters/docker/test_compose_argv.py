"""Command lines of `docker compose` are data: what is called, and what never is."""

from __future__ import annotations

from pathlib import Path

from tests.unit.adapters.docker.made import make_stack
from workers.adapters.docker import compose_argv as argv
from workers.adapters.docker.compose_project import project_of
from workers.model.stack import Options


def test_every_call_names_project_directory_and_files(live: Path) -> None:
    (live / "services/web/compose.yaml").touch()
    (live / "services/web/docker-compose.override.yml").touch()
    options = Options(profiles=("a", "-b"), env_files=("shared.env", "/etc/tegu.env"))
    project = project_of(make_stack(options), live, live)
    assert argv.prefix(project, ["docker", "compose"]) == [
        *("docker", "compose", "-p", "web"),
        *("--project-directory", f"{live}/services/web"),
        *("-f", f"{live}/services/web/compose.yaml"),
        *("-f", f"{live}/services/web/docker-compose.override.yml"),
        *("--env-file", f"{live}/shared.env", "--env-file", "/etc/tegu.env"),
        *("--profile=a", "--profile=-b"),
    ]


def test_subcommands_never_take_a_services_name_for_an_option() -> None:
    services = ["--help", "b"]
    assert argv.build_argv(services) == ["build", "--", "--help", "b"]
    assert argv.pull_argv(services) == ["pull", "--quiet", "--ignore-buildable", "--", "--help", "b"]
    assert argv.restart_argv(services) == ["restart", "--", "--help", "b"]
    assert argv.signal_argv("HUP", services) == ["kill", "--signal=SIGHUP", "--", "--help", "b"]
    assert argv.remove_argv(services) == ["rm", "--stop", "--force", "--", "--help", "b"]
    assert argv.up_argv(services, force_recreate=True, alone=True, remove_orphans=False) == [
        *("up", "-d", "--pull", "never", "--no-build", "--force-recreate", "--no-deps", "--", "--help", "b")
    ]


def test_up_never_pulls_builds_or_answers_questions() -> None:
    assert argv.up_argv() == ["up", "-d", "--pull", "never", "--no-build", "--remove-orphans"]


def test_volumes_are_never_removed() -> None:
    commands = [argv.down_argv(), argv.remove_argv(["a"]), argv.up_argv(), argv.stop_argv()]
    assert not any(option in each for each in commands for option in ("-v", "--volumes", "-V", "-y"))
