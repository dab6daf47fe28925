"""From a push to a redeployed stack: real Git over a socket, Redis, Celery, Docker and Compose."""

from __future__ import annotations

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.described import closed, mismatches
from tests.e2e.system import REPO, System, eventually
from tests.releases import THOROUGH

SERVICE = """\
services:
  app:
    image: busybox:stable
    command: {command}
    network_mode: host
    stop_signal: SIGKILL
"""
SLEEP = SERVICE.format(command="[sleep, infinity]")
MANY = 30 if THOROUGH else 10
"""Stacks of one push: more than there are slots, so that some wait."""


def _with_config(text: str) -> dict[str, str]:
    return {"compose.yaml": SLEEP + "    volumes: ['./app.conf:/app.conf:ro']\n", "app.conf": text}


def _in(folder: str, files: dict[str, str]) -> dict[str, str]:
    return {f"services/{folder}/{path}": text for path, text in files.items()}


def _disk_usage(*paths: Path) -> int:
    return int(subprocess.run(["du", "-scb", *paths], check=True, capture_output=True, text=True).stdout.split()[-2])


def _status(system: System, stack: str) -> str:
    rows = json.loads(system.tegu("status", "--json").stdout)
    return str(next(row["status"] for row in rows if row["stack"] == stack))


def test_a_push_deploys_what_changed_and_touches_nothing_else(running: System) -> None:
    """The first one, on a Tegu that knows of no other stacks yet."""
    system = running
    files: dict[str, str] = {}
    for number in range(MANY):
        files |= _in(f"s{number:02}", _with_config(f"value {number}\n"))
        # A repository has some weight of its own, beside which an empty Redis is nothing.
        files[f"services/s{number:02}/picture.svg"] = os.urandom(65536).hex()
    first = system.deploy(files, 240)
    assert {outcome["outcome"] for outcome in first["stacks"].values()} == {"deployed"}
    assert len(first["stacks"]) == MANY
    before = system.containers()
    assert len(before) == MANY

    # One clone, and no second copy of the history: together not much more than a bare clone and one checkout.
    clones = list((system.data / "repos").glob("*.git"))
    assert [clone.name for clone in clones] == [f"{REPO}.git"]
    assert _disk_usage(system.data) <= 1.1 * (_disk_usage(clones[0]) + _disk_usage(system.work / "services"))

    fetches = system.fetches
    run = system.deploy({"services/s07/app.conf": "value changed\n"})
    after = system.containers()
    assert run["status"] == "succeeded"
    assert run["stacks"]["default/s07"]["action"] == "restart"
    assert run["stacks"]["default/s07"]["outcome"] == "deployed"
    assert system.fetches == fetches + 1
    assert {name for name in after if after[name] != before[name]} == {"s07/app/1"}
    assert after["s07/app/1"].id == before["s07/app/1"].id
    assert system.inside("s07/app/1", "cat", "/app.conf") == "value changed\n"

    # A commit that no stack reads changes nothing, and says so.
    run = system.deploy({"README.md": "about\n"})
    assert {outcome["action"] for outcome in run["stacks"].values()} == {"none"}
    assert system.containers() == after

    # Everybody tells the same story: command line, Celery, Flower.
    status = json.loads(system.tegu("status", "--json").stdout)
    assert len(status) == MANY
    assert {one["status"] for one in status} == {"deployed"}
    system.celery("call", "tegu.pull", f'--args=["{REPO}"]')

    def listed() -> list[dict[str, str]]:
        found = system.ask_flower("/api/tasks?limit=1000")[1]
        return list(found.values()) if isinstance(found, dict) else []

    eventually(
        lambda: (
            [task["state"] for task in listed() if task["name"] == "tegu.pull"].count("SUCCESS") >= 4
            and [task["state"] for task in listed() if task["name"] == "tegu.deploy_if_changed"].count("SUCCESS")
            >= 4 * MANY
        ),
        "Flower's list of every pull and every decision",
    )


def test_what_is_terminated_in_flower_is_cancelled_and_brought_back(running: System) -> None:
    running.deploy(_in("halted", {"compose.yaml": SLEEP}))
    before = running.containers()["halted/app/1"]
    starting = SLEEP + "    healthcheck: {test: [CMD, 'false'], interval: 1s, retries: 100}\n"
    run = running.send_push(running.push(_in("halted", {"compose.yaml": starting})))[1]["run"]
    eventually(lambda: running.containers().get("halted/app/1", before).id != before.id, "another container")

    def started() -> str | None:
        found = running.ask_flower("/api/tasks?state=STARTED")[1]
        return next((task for task, each in found.items() if each["args"] == f"default/halted, run {run}"), None)

    task = eventually(started, "the deployment in Flower's list")
    assert running.ask(f"/api/task/revoke/{task}", b"", base=f"http://127.0.0.1:{running.flower_port}")[0] == 401
    assert running.ask_flower(f"/api/task/revoke/{task}?terminate=true", b"")[0] == 200
    ended = running.follow(run)["stacks"]["default/halted"]
    assert (ended["outcome"], "`revoke` of its task" in ended["message"]) == ("cancelled", True)
    assert running.live("halted", "services/halted/compose.yaml").read_text() == SLEEP
    assert running.containers()["halted/app/1"].state == "running"


def test_two_hundred_webhooks_for_one_commit_cost_at_most_two_pulls(running: System) -> None:
    running.deploy(_in("announced", {"compose.yaml": SLEEP}))
    commit = running.push({"README.md": "once\n"})
    fetches = running.fetches
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: running.send_push(commit), range(200)))
    assert {status for status, _ in answers} == {202}
    for run in {answer["run"] for _, answer in answers}:
        running.follow(run)
    assert 1 <= running.fetches - fetches <= 2


def test_an_env_file_that_only_the_host_has_is_used_kept_and_noticed(running: System) -> None:
    compose = SERVICE.format(command="[sh, -c, 'echo $${GREETING}; sleep infinity']") + (
        "    environment: {GREETING: '${GREETING}'}\n"
    )
    env = running.live("env", "services/env/.env")
    env.parent.mkdir(parents=True)
    env.write_text("GREETING=hello\n")
    env.chmod(0o600)
    running.deploy(_in("env", {"compose.yaml": compose}))
    first = running.containers()["env/app/1"]
    assert running.inside("env/app/1", "sh", "-c", "echo $GREETING") == "hello\n"

    running.deploy({"README.md": "x\n"})
    assert running.containers()["env/app/1"] == first
    assert env.read_text() == "GREETING=hello\n"

    env.write_text("GREETING=changed\n")
    run = running.deploy({"README.md": "y\n"})
    assert run["stacks"]["default/env"]["reason"] == "options_changed"
    assert running.inside("env/app/1", "sh", "-c", "echo $GREETING") == "changed\n"
    assert env.read_text() == "GREETING=changed\n"


def test_a_broken_compose_file_is_invalid_with_file_and_line_and_the_others_deploy(running: System) -> None:
    run = running.deploy(_in("good", {"compose.yaml": SLEEP}) | _in("bad", {"compose.yaml": "services:\n  app: [\n"}))
    assert run["status"] == "failed"
    assert run["stacks"]["default/good"]["outcome"] == "deployed"
    assert run["stacks"]["default/bad"]["outcome"] == "invalid"
    status = {one["stack"]: one for one in json.loads(running.tegu("status", "--json").stdout)}
    assert status["default/bad"]["status"] == "invalid"
    assert "services/bad/compose.yaml:" in json.dumps(status["default/bad"]["last_decision"])
    check = running.tegu("check", check=False)
    assert check.returncode == 1
    assert "services/bad/compose.yaml:" in check.stdout + check.stderr
    assert "good/app/1" in running.containers()
    assert not any(name.startswith("bad/") for name in running.containers())
    assert running.deploy({"services/bad/compose.yaml": SLEEP})["status"] == "succeeded"


def test_what_runs_can_be_triggered_from_a_shell_and_shows_in_a_run(running: System) -> None:
    running.push(_in("shell", _with_config("one\n")))
    running.celery("call", "tegu.pull", f'--args=["{REPO}"]')
    eventually(lambda: "shell/app/1" in running.containers(), "the first deployment")
    eventually(
        lambda: running.ask("/api/v1/stacks/default/shell")[1].get("status") == "deployed", "the deployed status"
    )
    assert _status(running, "default/shell") == "deployed"
    before = running.containers()["shell/app/1"]
    running.tegu("pull", REPO)
    assert running.containers()["shell/app/1"] == before
    running.tegu("deploy", "shell", "--force")
    assert running.containers()["shell/app/1"].id != before.id
    newest = json.loads(running.tegu("runs", "--json").stdout)[0]
    assert (newest["trigger"], newest["status"]) == ("cli", "succeeded")
    assert newest["stacks"]["default/shell"]["reason"] == "forced"
    listed = running.tegu("compose", "shell", "ps", "--format", "json").stdout
    assert "running" in listed
    _see_that_all_is_told_as_described(running)


def _see_that_all_is_told_as_described(running: System) -> None:
    """What has really happened by now: its metrics, and its shapes in the API."""
    metrics = running.ask("/metrics")[1]
    for counted in (
        'tegu_deployment_step_seconds_count{step="wait until healthy"}',
        'tegu_deployment_seconds_count{outcome="deployed"}',
        f'tegu_pull_seconds_count{{repo="{REPO}"}}',
        'tegu_queue_wait_seconds_count{task="pull"}',
        'tegu_queue_wait_seconds_count{task="deploy_if_changed"}',
    ):
        assert f"\n{counted} " in metrics
    document = running.ask("/api/v1/openapi.json")[1]
    for name in ("stacks", "runs", "deployments", "repos", "deliveries"):
        status, answer = running.ask(f"/api/v1/{name}")
        said = document["paths"][f"/api/v1/{name}"]["get"]["responses"]["200"]["content"]["application/json"]
        assert (status, mismatches(closed(document), said["schema"], answer)) == (200, [])
        assert answer["items"] or name == "deliveries"


def test_slow_deployments_do_not_hold_up_the_next_decisions(running: System) -> None:
    flag = running.folder / "flag"
    flag.mkdir()
    slow = SLEEP + (
        f"    volumes: ['{flag}:/flag:ro']\n"
        "    healthcheck: {test: [CMD, test, -e, /flag/ready], interval: 1s, retries: 600}\n"
    )
    files: dict[str, str] = {}
    for number in range(4):
        files |= _in(f"slow{number}", {"compose.yaml": slow})
    running.deploy(_in("quick", {"compose.yaml": SLEEP}) | _in("fifth", {"compose.yaml": SLEEP}))
    answer = running.send_push(running.push(files))[1]

    def under_way() -> bool:
        stacks = [running.ask(f"/api/v1/stacks/default/slow{number}")[1] for number in range(4)]
        return all(stack.get("status") == "deploying" for stack in stacks)

    eventually(under_way, "the start of four slow deployments")
    fifth = {"compose.yaml": SERVICE.format(command="[sleep, '1000']")}
    second = running.send_push(running.push(_in("fifth", fifth)))[1]["run"]

    def decided(stack: str) -> dict[str, str] | None:
        found = running.ask(f"/api/v1/runs/{second}")[1]["stacks"].get(f"default/{stack}", {})
        return found if found.get("reason") else None

    changed = eventually(lambda: decided("fifth"), "the decision of the changed stack")
    assert (changed["action"], changed["reason"]) == ("up", "content_changed")
    eventually(lambda: (decided("fifth") or {}).get("outcome") == "deployed", "its end: no other has a slot")
    assert eventually(lambda: decided("quick"), "that of the other")["outcome"] == "unchanged"
    last = running.ask("/api/v1/stacks/default/fifth")[1]["last_decision"]
    assert last["paths"] == ["services/fifth/compose.yaml"]
    assert running.ask(f"/api/v1/runs/{answer['run']}")[1]["status"] == "running"
    (flag / "ready").touch()
    assert running.follow(second)["status"] == "succeeded"
    assert running.follow(answer["run"])["status"] == "succeeded"
