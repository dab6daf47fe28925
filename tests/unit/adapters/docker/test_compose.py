"""How Compose is found, and what is told of what it says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.adapters.docker.made import make_stack
from workers.adapters.docker.compose import Compose, plugin
from workers.adapters.docker.compose_project import project_of
from workers.model.errors import CommandFailed, InvalidStack
from workers.model.stack import Options


def test_the_plugin_is_called_directly_where_it_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert plugin([str(tmp_path)]) == ("docker", "compose")
    binary = tmp_path / "docker-compose"
    binary.touch(mode=0o755)
    assert plugin([str(tmp_path)]) == (str(binary),)
    own = tmp_path / "home/.docker/cli-plugins/docker-compose"
    own.parent.mkdir(parents=True)
    own.touch(mode=0o755)
    assert plugin([str(tmp_path)]) == (str(own),)


def test_what_compose_quotes_of_env_files_and_of_variables_is_masked(live: Path) -> None:
    """`sh` says what Compose would: an error that quotes values, with words that are its own."""
    (live / "services/web/compose.yaml").write_text("services: {web: {image: 'x:${TAG}'}}")
    (live / "services/web/.env").write_text("TAG=EXAMPLE-TAG\n")
    (live / "other.env").write_text("# true\nOTHER='EXAMPLE OTHER'\n")
    project = project_of(make_stack(Options(variables={"PORT": "EXAMPLEPORT"})), live, live)
    said = f"{live}/services/web/compose.yaml: web: true is no port: x:EXAMPLE-TAG, EXAMPLEPORT, EXAMPLE OTHER"
    script = f"echo '{said}' >&2; exit 1"
    with pytest.raises(InvalidStack) as caught:
        Compose(["sh", "-c", script]).config(project, private=[str(live / "other.env")])
    assert str(caught.value) == "compose.yaml: web: true is no port: x:********, ********, ********"


@pytest.mark.parametrize("argv", [["up"], ["config"]])
def test_lines_and_errors_of_compose_quote_no_env_file(argv: list[str], live: Path) -> None:
    (live / "services/web/compose.yaml").write_text("services: {web: {image: 'x:${TAG}'}}")
    project = project_of(make_stack(), live, live)
    script = (
        "echo 'The \"TAG\" variable is not set' >&2; echo 'The \"EXAMPLE\" variable is not set' >&2;"
        "printf 'line 2: unterminated quoted value EXAMPLE%05000d' 0 >&2; exit 1"
    )
    lines: list[str] = []
    with pytest.raises(CommandFailed) as caught:
        Compose(["sh", "-c", script]).run(project, argv, timeout=30, on_line=lines.append)
    told = ['The "TAG" variable is not set', "A variable is not set", "line 2: unterminated quoted value"]
    assert (lines, caught.value.output.splitlines()) == (told, told)


@pytest.mark.parametrize(
    ("asks_for", "command", "seen"),
    [
        (frozenset({"TAG"}), "up", "400"),
        (frozenset({"TAG", "GOGC"}), "up", "none"),
        (None, "up", "none"),
        (frozenset[str](), "build", "none"),
    ],
    ids=["nobody asks", "a file asks", "nobody knows", "a build"],
)
def test_compose_collects_garbage_rarely_where_no_file_can_see_that(
    asks_for: frozenset[str] | None, command: str, seen: str, live: Path
) -> None:
    (live / "services/web/compose.yaml").write_text("services: {}")
    project = replace(project_of(make_stack(), live, live), asks_for=asks_for)
    program = ["sh", "-c", "echo ${GOGC:-none}"]
    assert Compose(program).run(project, [command], timeout=30).stdout.strip() == seen


def test_a_stack_may_say_itself_how_often(live: Path) -> None:
    (live / "services/web/compose.yaml").write_text("services: {}")
    project = project_of(make_stack(Options(variables={"GOGC": "50"})), live, live)
    program = ["sh", "-c", "echo $GOGC"]
    assert Compose(program).run(replace(project, asks_for=frozenset()), ["up"], timeout=30).stdout.strip() == "50"
