"""status, runs, log, locks, explain, diff, plan, pause and resume: on a real Redis, without workers."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable

import pytest

from tests import warm
from tests.git_server import Source
from tests.records import a_record, record_at
from tests.terminal import typed
from workers.adapters.state.marks import Hold, Removed
from workers.adapters.state.results import StackResult
from workers.adapters.state.status import DecisionNote, DeploymentNote, StatusFields
from workers.model.words import Action, Decision, Outcome, Reason

from .conftest import PROGRAM, Desk, compose


@pytest.fixture
def deployed(redis_desk: Desk, with_homelab: Callable[[Desk], Source]) -> Source:
    """Both stacks count as deployed."""
    source = with_homelab(redis_desk)
    services = redis_desk.services
    commit = services.clone("homelab").fetch(["main"])["main"]
    names = ("adguard", "authelia")
    services.state.discovered.replace(
        "homelab",
        ["default"],
        {f"default/{name}": f"services/{name}" for name in names},
    )
    for name in names:
        stack = services.stacks.find(name)
        record = record_at(services, stack, commit)
        services.state.records.put(stack.id, record, None, deployed_commit=commit, latest_commit=commit)
    return source


@pytest.mark.usefixtures("deployed")
def test_status_lists_every_stack_with_the_fields_of_the_contract(redis_desk: Desk) -> None:
    rows = redis_desk.read("status")
    assert [row["stack"] for row in rows] == ["default/adguard", "default/authelia"]
    fields = {"status", "deployed_commit", "verified_commit", "latest_commit", "last_decision", "last_deployment"}
    assert {*fields, "drift"} <= set(rows[0])
    lines = redis_desk.tegu("status", "authelia").stdout.splitlines()
    assert lines[0].split() == ["STACK", "STATUS", "COMMIT", "WHY"]
    assert [line.split()[:2] for line in lines[1:]] == [["authelia", "waits"]]
    assert redis_desk.tegu("status").stdout.splitlines()[-1].endswith("stacks run the newest commit. 2 wait.")
    assert redis_desk.tegu("status", "nobody").code == 2


@pytest.mark.usefixtures("deployed")
def test_a_stack_that_is_gone_is_counted_apart_and_shown_with_all_of_them_or_by_name(redis_desk: Desk) -> None:
    redis_desk.services.state.records.put("default/gone", a_record(project="gone"), None, removed=Removed("gone"))
    shown = redis_desk.tegu("status").stdout
    assert "1 stack gone" in shown
    assert "gone  gone" not in shown
    for arguments in (("--all",), ("gone",)):
        block = redis_desk.tegu("status", *arguments).stdout
        assert block[block.index("GONE") :].splitlines()[1].split()[:2] == ["gone", "gone"]
    assert {row["stack"]: row["removed"] for row in redis_desk.read("status")}["default/gone"]["why"] == "gone"
    assert redis_desk.read("explain", "gone")["project"] == "gone"
    assert "has not been deployed yet" in redis_desk.tegu("log", "gone").stderr
    assert "has no files on this host" in redis_desk.tegu("compose", "gone", "ps").stderr


@pytest.mark.usefixtures("deployed")
def test_a_stack_whose_deployment_was_cancelled_says_what_it_waits_for(redis_desk: Desk) -> None:
    state, told = redis_desk.services.state, "cancelled, by me; it waits for a push that changes it"
    last = DeploymentNote("d1", Outcome.CANCELLED, "c2", "2026-11-23T12:00:00.000Z", told)
    decided = DecisionNote(Action.UP, Reason.CONTENT_CHANGED, "c2", "2026-11-23T12:00:00.000Z")
    fields: StatusFields = {"latest_commit": "c2", "last_deployment": last, "last_decision": decided}
    state.records.set_status("default/authelia", None, **fields)
    state.holds.hold("default/authelia", Hold("f2", told, outcome=Outcome.CANCELLED))
    assert told in redis_desk.tegu("status", "authelia").stdout.replace("\n", " ")
    state.holds.release("default/authelia")
    assert told not in redis_desk.tegu("status", "authelia").stdout


@pytest.mark.usefixtures("deployed")
def test_a_pause_names_who_and_why_until_it_is_resumed(redis_desk: Desk) -> None:
    assert redis_desk.tegu("pause", "authelia", "--reason", "migrating").code == 0
    (row,) = redis_desk.read("status", "authelia")
    assert (row["status"], row["paused"]["why"]) == ("paused", "migrating")
    assert "@" in row["paused"]["who"]
    assert redis_desk.read("plan")[1]["reason"] == "paused"
    assert "is resumed" in redis_desk.tegu("resume", "default/authelia", "--no-wait").stdout
    assert "is not paused" in redis_desk.tegu("resume", "authelia").stdout
    assert redis_desk.tegu("pause", "nobody").code == 2


def test_plan_diff_and_explain_agree_on_a_change(redis_desk: Desk, deployed: Source) -> None:
    assert [row["reason"] for row in redis_desk.read("plan")] == ["unchanged", "unchanged"]
    commit = deployed.commit({"services/authelia/config/app.yml": "a: 2\npassword: hunter2\n"})
    rows = redis_desk.read("plan", "--repo", "homelab")
    assert [(row["stack"], row["action"]) for row in rows] == [
        ("default/adguard", "none"),
        ("default/authelia", "restart"),
    ]
    assert rows[1]["objects"]["services/authelia/config/app.yml"].keys() == {"old", "new"}
    found = redis_desk.read("diff", "authelia")
    assert (found["to"], [file["path"] for file in found["files"]]) == (commit, ["services/authelia/config/app.yml"])
    shown = redis_desk.tegu("diff", "authelia").stdout
    assert "-a: 1\n+a: 2\n" in shown
    assert "hunter2" not in shown
    explained = redis_desk.read("explain", "authelia")
    assert (explained["project"], explained["path"]) == ("authelia", "services/authelia")
    assert "services/authelia/compose.yaml" in explained["closure"]["paths"]
    assert "no decision yet" in redis_desk.tegu("explain", "authelia").stdout


def test_what_tegu_wrote_itself_is_no_file_that_git_lacks(redis_desk: Desk, deployed: Source) -> None:
    services, file = redis_desk.services, "services/authelia/.env"
    commit = deployed.commit({file: "TAG=1\n"})
    services.clone("homelab").fetch(["main"])
    stack = services.stacks.find("authelia")
    services.state.records.put(stack.id, record_at(services, stack, commit), None)
    live = services.live(stack) / file
    live.parent.mkdir(parents=True)
    live.write_text("TAG=1\n")
    deployed.commit({file: None})
    services.clone("homelab").fetch(["main"])
    found = redis_desk.read("diff", "authelia")
    assert [(each["path"], each["new"]) for each in found["files"]] == [(file, None)]
    assert found["inputs"] == []


def test_a_stack_that_is_gone_is_planned_to_be_removed(redis_desk: Desk, deployed: Source) -> None:
    deployed.commit({"services/adguard/compose.yaml": None, "services/adguard/config/app.yml": None})
    row = redis_desk.read("plan")[0]
    assert (row["stack"], row["action"], row["reason"]) == ("default/adguard", "remove", "removed")


def test_runs_and_logs_are_shown(redis_desk: Desk, deployed: Source) -> None:
    state, commit = redis_desk.services.state, deployed.git("rev-parse", "HEAD")
    run = state.runs.create("homelab", "cli", ())
    state.runs.plan(run, [("default/authelia", commit)])
    decision = Decision("default/authelia", Action.UP, Reason.CONTENT_CHANGED, commit)
    deployment = state.deployments.create(decision, run)
    state.deployments.tell(deployment, ["Container authelia Starting", "Container authelia Started"])
    state.deployments.finish(deployment, Outcome.FAILED, "it fell over")
    state.runs.finish([run], StackResult.of(decision, Outcome.FAILED, deployment, "it fell over"))
    (listed,) = redis_desk.read("runs", "--stack", "authelia")
    assert (listed["id"], listed["status"]) == (run, "failed")
    assert run in redis_desk.tegu("runs").stdout
    refused = redis_desk.tegu("runs", "--repo", "nope")
    assert refused.code == 2
    assert "there is no repo 'nope'" in refused.stderr
    for name in (run, deployment, "authelia"):
        shown = redis_desk.tegu("log", name).stdout
        assert "Container authelia Starting\nContainer authelia Started\n" in shown
        assert "it fell over" in shown
    assert redis_desk.tegu("log", run, "-f").code == 1
    assert redis_desk.read("log", deployment)["log"][-1] == "Container authelia Started"
    assert redis_desk.read("log", run)["logs"][deployment][0] == "Container authelia Starting"
    assert redis_desk.tegu("log", "nobody").code == 2


def test_at_a_terminal_of_eighty_columns_words_are_coloured_and_ids_are_whole(
    redis_desk: Desk, deployed: Source
) -> None:
    state, commit = redis_desk.services.state, deployed.git("rev-parse", "HEAD")
    run = state.runs.create("homelab", "cli", (), who="ada@example")
    state.runs.plan(run, [("default/authelia", commit)])
    decision = Decision("default/authelia", Action.UP, Reason.CONTENT_CHANGED, commit)
    deployment = state.deployments.create(decision, run)
    state.deployments.tell(deployment, ["Container authelia Starting"])
    seen: dict[str, str] = {}
    for command in ("status", "runs", "explain authelia", f"log {run}", "plan"):
        settings = redis_desk.settings
        env = {"PATH": os.environ["PATH"], "TEGU_DATA_DIR": str(settings.data_dir)}
        env |= {"TEGU_REDIS_URL": str(settings.redis_url), "TEGU_CATALOG": str(settings.catalog)}
        code, seen[command] = typed([PROGRAM, *command.split()], env=env, cwd=redis_desk.folder, begin=warm.start)
        assert code == 0, seen[command]
        plain = re.sub(r"\x1b\[[0-9;]*m", "", seen[command])
        assert [line for line in plain.splitlines() if line != line.rstrip()] == []
        assert "\\u001b" not in plain
    assert commit[:10] in seen["status"]
    assert "\x1b[36mwaits" in seen["status"]
    assert f"{run}  \x1b[36mqueued" in seen["runs"]
    assert "Container authelia Starting" in seen[f"log {run}"]  # which is under way


@pytest.mark.usefixtures("deployed")
def test_a_repo_that_cannot_be_pulled_stands_above_the_stacks(redis_desk: Desk) -> None:
    repos = redis_desk.services.state.repos
    repos.note_failed_try("homelab", "local", "the server refused the key")
    with repos.asking("homelab", "local", "git.example.com", 60):
        for command in ("status", "runs"):
            failed, asking = redis_desk.tegu(command).stdout.splitlines()[:2]
            assert failed.startswith("repo homelab: the last pull failed ")
            assert failed.endswith(": the server refused the key")
            assert asking.startswith("repo homelab: asking git.example.com since ")
        assert isinstance(redis_desk.read("status"), list)
    checks = json.loads(redis_desk.tegu("doctor", "--json").stdout)["checks"]
    (found,) = [each for each in checks if each["name"] == "repo homelab"]
    assert (found["status"], found["found"].endswith("the server refused the key")) == ("failed", True)


def test_nothing_that_a_container_wrote_steers_a_terminal(redis_desk: Desk, deployed: Source) -> None:
    state, commit = redis_desk.services.state, deployed.git("rev-parse", "HEAD")
    evil = "\x1b]0;owned\x07\x9b2J"
    run = state.runs.create("homelab", "cli", ())
    state.runs.plan(run, [("default/authelia", commit)])
    decision = Decision("default/authelia", Action.NONE, Reason.INVALID, commit, message=evil)
    deployment = state.deployments.create(decision, run)
    state.deployments.tell(deployment, [evil])
    state.deployments.finish(deployment, Outcome.FAILED, evil)
    state.quick.finish_unchanged([run], decision, Outcome.INVALID)
    for command in (("status",), ("runs",), ("log", run), ("log", deployment), ("explain", "authelia")):
        for form in ((), ("--json",)):
            shown = redis_desk.tegu(*command, *form).stdout
            assert not {"\x1b", "\x07", "\x9b"}.intersection(shown), (command, form)
            assert "owned" in shown or command == ("runs",)


def test_locks_are_listed_and_released(redis_desk: Desk) -> None:
    redis_desk.catalog("repos: {}\n")
    lease = redis_desk.services.state.leases.acquire("stack:default/a", "deployment 1")
    assert lease is not None
    with lease:
        (held,) = redis_desk.read("locks")
        assert (held["name"], held["holder"]) == ("stack:default/a", "deployment 1")
        assert "deployment 1" in redis_desk.tegu("locks", "--release", "stack:default/a").stdout
        assert redis_desk.read("locks") == []
        assert redis_desk.tegu("locks", "--release", "stack:default/a").code == 2


def test_what_nobody_waits_for_returns_a_run_at_once(redis_desk: Desk, deployed: Source) -> None:
    assert deployed.path.is_dir()
    queued = redis_desk.read("pull", "homelab", "--no-wait")
    assert queued["status"] == "queued"
    assert redis_desk.tegu("pull", "homelab", "--no-wait").stdout.strip() == queued["run"]
    run = redis_desk.tegu("deploy", "authelia", "--no-wait").stdout.strip()
    assert run in {listed["id"] for listed in redis_desk.read("runs")}
    assert redis_desk.tegu("deploy", "nobody").code == 2
    assert redis_desk.tegu("pull", "nobody").code == 2


@pytest.mark.usefixtures("deployed")
def test_compose_runs_where_the_stack_lives_and_only_when_it_does(redis_desk: Desk) -> None:
    done = redis_desk.tegu("compose", "authelia", "ps")
    assert done.code == 1
    assert "has no files on this host yet; `tegu deploy authelia` brings them" in done.stderr
    live = redis_desk.settings.data_dir / "stacks/default/authelia/services/authelia"
    live.mkdir(parents=True)
    (live / "compose.yaml").write_text(compose("authelia"))
    # A Compose of our own tells what it was called with.
    plugins = redis_desk.folder / ".docker/cli-plugins"
    plugins.mkdir(parents=True)
    (plugins / "docker-compose").write_text('#!/bin/sh\necho "$PWD" "$@"\n[ "$8" = "a b" ] && echo whole\nexit 7\n')
    (plugins / "docker-compose").chmod(0o755)
    done = redis_desk.tegu("compose", "authelia", "logs", "--tail", "5", "--help", "-f")
    file = f"-f {live}/compose.yaml"
    assert done.code == 7
    assert done.stdout.split(" ", 1)[0] == str(live)
    assert f"-p authelia --project-directory {live} {file} logs --tail 5 --help -f\n" in done.stdout
    assert redis_desk.tegu("compose", "authelia", "--", "logs").stdout.endswith(f"{file} logs\n")
    done = redis_desk.tegu("compose", "authelia", "stop", "a b")
    assert (done.code, done.stderr) == (7, "")
    assert done.stdout.endswith("stop a b\nwhole\n")


def test_compose_stops_what_it_is_told_to_while_redis_is_away(
    desk: Desk, with_homelab: Callable[[Desk], Source]
) -> None:
    with_homelab(desk)
    desk.catalog(desk.settings.catalog.read_text() + "stacks: {authelia: {path: services/authelia}}\n")
    live = desk.settings.data_dir / "stacks/default/authelia/services/authelia"
    live.mkdir(parents=True)
    (live / "compose.yaml").write_text(compose("authelia"))
    plugins = desk.folder / ".docker/cli-plugins"
    plugins.mkdir(parents=True)
    (plugins / "docker-compose").write_text("#!/bin/sh\nexit 7\n")
    (plugins / "docker-compose").chmod(0o755)
    done = desk.tegu("compose", "default/authelia", "stop")
    assert (done.code, done.stdout, done.stderr) == (7, "", "")
