"""The program as a whole: help, version, errors, exit codes, completion."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

import pytest
from click.testing import CliRunner

from app.cli.main import COMMANDS, cli, exit_code
from app.up.token import make_token
from tests.git_server import Source
from workers.model.errors import (
    Busy,
    CatalogError,
    CommandFailed,
    EngineUnavailable,
    GitUnavailable,
    InvalidStack,
    RedisUnavailable,
    TeguError,
    UnknownName,
    UsageError,
)
from workers.model.words import Action, Decision, Outcome, Reason
from workers.runtime.process import run

from .conftest import PROGRAM, Desk


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidStack("x"), 1),
        (CatalogError("x"), 1),
        (CommandFailed("x", 9), 1),
        (Busy("x"), 1),
        (UnknownName("x"), 2),
        (UsageError("x"), 2),
        (RedisUnavailable("x"), 3),
        (GitUnavailable("x"), 3),
        (EngineUnavailable("x"), 3),
    ],
)
def test_an_error_tells_by_its_exit_code_what_happens_next(error: TeguError, code: int) -> None:
    assert exit_code(error) == code


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_that_agrees_with_the_list(name: str) -> None:
    if name == "compose":
        return  # everything after the stack is Compose's, --help too
    done = CliRunner().invoke(cli, [name, "--help"])
    assert done.exit_code == 0
    assert done.output.startswith(f"Usage: cli {name}")


def test_help_and_version_need_no_settings(desk: Desk) -> None:
    wrong = {"TEGU_CONCURRENCY": "many"}
    assert "Exit codes: 0 ok, 1 the thing failed" in desk.afresh("--help", **wrong).stdout
    assert desk.afresh("--version", **wrong).stdout.startswith("tegu ")
    done = desk.tegu("status", **wrong)
    assert (done.code, done.stderr) == (2, "error: " + done.stderr.removeprefix("error: "))
    assert "TEGU_CONCURRENCY" in done.stderr


def test_unknown_commands_and_options_are_usage_errors_that_name_what_may_be_meant(desk: Desk) -> None:
    done = desk.tegu("statsu")
    assert (done.code, "there is no command statsu; did you mean status?" in done.stderr) == (2, True)
    assert "did you mean" not in desk.tegu("xyzzy").stderr
    assert desk.tegu("status", "--jason").code == 2
    assert desk.tegu("deploy").code == 2


def test_a_redis_that_is_away_is_said_in_one_line(desk: Desk) -> None:
    desk.catalog("repos: {}\n")
    done = desk.afresh("status")
    assert done.code == 3
    assert done.stderr.startswith("error: Redis does not answer")
    assert len(done.stderr.splitlines()) == 1


def test_a_missing_catalog_says_how_to_get_one(desk: Desk) -> None:
    done = desk.tegu("plan", "--from", "a", "--to", "b")
    assert done.code == 1
    assert "`tegu init URL` writes one" in done.stderr


def test_the_catalog_may_be_named_on_the_command_line(desk: Desk) -> None:
    (desk.folder / "other.yaml").write_text("repos: {one: {url: /x}, two: {url: /y}}")
    done = desk.tegu("--catalog", "other.yaml", "plan", "--from", "a", "--to", "b")
    assert "name a repo with --repo; the catalog has one, two" in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_printed(shell: str) -> None:
    done = CliRunner().invoke(cli, ["completion", shell])
    assert done.exit_code == 0
    assert "_TEGU_COMPLETE" in done.output


def test_stack_names_are_completed_even_when_redis_is_away(desk: Desk) -> None:
    desk.catalog("repos: {homelab: {url: /x}}\nstacks: {authelia: {path: a}, adguard: {path: b}}\n")
    typed = {"_TEGU_COMPLETE": "bash_complete", "COMP_WORDS": "tegu diff a", "COMP_CWORD": "2"}
    assert desk.tegu(**typed).stdout.split() == ["plain,adguard", "plain,authelia"]
    typed["COMP_WORDS"] = "tegu diff default/au"
    assert desk.tegu(**typed).stdout.split() == ["plain,default/authelia"]
    typed["COMP_WORDS"] = "tegu pull h"
    assert desk.tegu(**typed).stdout.split() == ["plain,homelab"]


def test_commands_are_completed_without_loading_them(desk: Desk) -> None:
    typed = {"_TEGU_COMPLETE": "zsh_complete", "COMP_WORDS": "tegu dep", "COMP_CWORD": "1"}
    assert desk.tegu(**typed).stdout.split("\n")[:3] == ["plain", "deploy", COMMANDS["deploy"]]
    typed["COMP_WORDS"] = "tegu --cat"
    done = desk.afresh(**typed, PYTHONPROFILEIMPORTTIME="1")
    assert "--catalog" in done.stdout
    assert "pydantic" not in done.stderr


def test_environments_runs_and_commits_are_completed_where_they_are_meant(redis_desk: Desk) -> None:
    environments = "environments: {production: {}, staging: {}}\ndefaults: {project: '{environment}-{stack}'}\n"
    both = "authelia: {path: a}, adguard: {path: b, environments: [staging]}"
    redis_desk.catalog(f"repos: {{homelab: {{url: /x}}}}\n{environments}stacks: {{{both}}}\n")
    state, id_ = redis_desk.services.state, "production/authelia"
    made = state.runs.create("homelab", "cli", ())
    state.records.set_status(id_, None, latest_commit="c1")
    deployment = state.deployments.create(Decision(id_, Action.UP, Reason.FORCED, "c1"), made)
    state.deployments.finish(deployment, Outcome.DEPLOYED)
    for typed, found in (
        ("deploy a", ["adguard"]),
        ("deploy prod", ["production/authelia"]),
        ("deploy staging/a", ["staging/adguard", "staging/authelia"]),
        (f"log {made[:3]}", [made]),
        ("rollback production/authelia --to c", ["c1"]),
    ):
        words = {
            "_TEGU_COMPLETE": "bash_complete",
            "COMP_WORDS": f"tegu {typed}",
            "COMP_CWORD": str(len(typed.split())),
        }
        done = redis_desk.tegu(**words)
        assert (done.stdout.split(), done.stderr) == ([f"plain,{each}" for each in found], ""), typed


def test_commits_to_compare_are_completed_by_branch_tag_and_id(desk: Desk) -> None:
    source = Source(desk.folder / "repo")
    first = source.commit({"a/compose.yaml": "services: {}\n"})
    source.git("tag", "v1")
    source.git("branch", "feature/x")
    desk.catalog(f"repos: {{homelab: {{url: {source.path}}}}}\n")
    for typed, found in (("--from ma", ["main"]), ("--from main --to v", ["v1"]), ("--to fe", ["feature/x"])):
        for where in ("", f"--git-dir {source.path} "):
            words = {"_TEGU_COMPLETE": "bash_complete", "COMP_WORDS": f"tegu plan {where}{typed}"}
            done = desk.tegu(**words, COMP_CWORD=str(len(words["COMP_WORDS"].split()) - 1))
            assert (done.stdout.split(), done.stderr) == ([f"plain,{each}" for each in found], ""), typed
    words = {"_TEGU_COMPLETE": "bash_complete", "COMP_WORDS": f"tegu plan --from {first[:3]}", "COMP_CWORD": "3"}
    assert first.startswith(desk.tegu(**words).stdout.strip().removeprefix("plain,"))
    desk.catalog("repos: {homelab: {url: 'https://git.example.com/x.git'}}\n")
    assert desk.tegu(**words).stdout.strip() == ""


def test_the_catalog_is_found_from_any_folder_below_it(desk: Desk) -> None:
    desk.catalog("repos: {homelab: {url: /x}}\nstacks: {authelia: {path: a}}\n")
    (desk.folder / "below").mkdir()
    env = {"PATH": os.environ["PATH"], "TEGU_DATA_DIR": str(desk.settings.data_dir)}
    done = run(
        [PROGRAM, "status", "authelia"], what="tegu", env=env, timeout=60, cwd=desk.folder / "below", check=False
    )
    assert done.stderr.startswith("error: Redis does not answer")


def test_the_only_repo_need_not_be_named_and_of_several_one_has_to_be(redis_desk: Desk) -> None:
    redis_desk.catalog("repos: {homelab: {url: /x}}\n")
    assert redis_desk.read("pull", "--no-wait")["status"] == "queued"
    redis_desk.catalog("repos: {homelab: {url: /x}, other: {url: /y}}\n")
    done = redis_desk.tegu("pull")
    assert (done.code, done.stderr) == (2, "error: name a repo; the catalog has homelab, other\n")
    assert redis_desk.tegu("pull", "homelb").stderr.splitlines()[-1] == "Did you mean homelab?"


def test_the_schema_is_printed(desk: Desk) -> None:
    assert "repos" in json.loads(desk.tegu("schema").stdout)["properties"]
    assert desk.tegu("schema", "--json") == desk.tegu("schema")


def test_a_link_that_logs_in_is_printed_and_nothing_else_where_programs_read(desk: Desk) -> None:
    assert desk.tegu("open").stderr.startswith("error: there is no token to log in with")
    desk.settings.data_dir.mkdir(exist_ok=True)
    make_token(desk.settings.data_dir)
    done = desk.tegu("open", TEGU_PUBLIC_URL="https://tegu.example.com")
    assert done.stdout.startswith("https://tegu.example.com/login/")
    assert len(done.stdout.splitlines()) == 1


def test_a_reader_that_goes_away_is_no_error(desk: Desk) -> None:
    script = f"{os.fspath(desk.folder)}/run.sh"
    with open(script, "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write("tegu schema | head -1\n")
    env = {"PATH": f"{os.path.dirname(PROGRAM)}:{os.environ['PATH']}"}  # noqa: PTH120
    done = run(["bash", script], what="bash", env=env, timeout=30)
    assert (done.stdout, done.stderr) == ("{\n", "")


def test_starting_costs_little(desk: Desk, with_homelab: Callable[[Desk], Source]) -> None:
    """Modules that take long to import stay away from the comparison of commits."""
    with_homelab(desk)
    done = desk.afresh("plan", "--from", "HEAD", "--to", "HEAD", "--json", PYTHONPROFILEIMPORTTIME="1")
    assert done.code == 0
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    heavy = {"celery", "redis", "docker", "git", "rich", "flask", "structlog", "requests", "kombu", "jsonschema"}
    assert "workers.catalog" in imported
    assert not imported & heavy


def test_reading_costs_no_more_than_redis_and_the_catalog(redis_desk: Desk) -> None:
    """What a person waits for is mostly the loading of modules: completion and `status` load what they use."""
    redis_desk.catalog("repos: {homelab: {url: /x}}\nstacks: {authelia: {path: a}}\n")
    heavy = {"celery", "kombu", "docker", "git", "rich", "flask", "structlog", "requests", "jsonschema"}
    completing = {"_TEGU_COMPLETE": "bash_complete", "COMP_WORDS": "tegu deploy a", "COMP_CWORD": "2"}
    for arguments, env in ((("status",), {}), ((), completing)):
        done = redis_desk.afresh(*arguments, PYTHONPROFILEIMPORTTIME="1", **env)
        imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
        assert "redis" in imported
        assert not imported & heavy
