"""What people order: back to an earlier deployment, a deployment stopped, a running project taken over."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.deploy.house import House, compose, in_a_child, service, yaml_of
from tests.releases import THOROUGH
from workers.deploy.transaction.steps import Step
from workers.model.errors import UserError
from workers.model.words import Trigger
from workers.reconcile import requests as orders
from workers.reconcile.cancel import request_cancel

pytestmark = pytest.mark.docker

STACK = "default/a"
DB = service("sleep 2000")


def version(number: int, **others: dict[str, object]) -> dict[str, str | None]:
    web = service(f"sleep {1000 + number}", volumes=["./conf:/conf:ro"])
    return {"a/compose.yaml": compose(web=web, **others), "a/conf/app.ini": str(number)}


def roll_back(house: House, to: str | None = None, hold: orders.Hold = "until_release") -> dict[str, Any]:
    """Order it, and do what the worker's task then does."""
    run = orders.request_rollback(house.services, "a", to=to, hold=hold, who="me", trigger=Trigger.CLI)
    return house.carry_out(run)


# ---------------------------------------------------------------- rollback by hand


def test_a_rollback_by_hand_goes_to_the_last_good_deployment_and_stays_as_long_as_it_should(house: House) -> None:
    house.stack()
    first = house.push(version(1, db=DB))["commit"]
    before = house.lives()
    newest = house.push(version(2, db=DB))["commit"]

    done = roll_back(house)

    assert (done["outcome"], done["reason"], done["commit"]) == ("deployed", "rollback", first), done
    assert house.command("web") == "sleep 1001"
    assert house.seen("web", "/conf/app.ini") == "1"
    assert house.lives()["db"] == before["db"]
    (row,) = house.services.state.rows([STACK])
    assert (row["status"], row["deployed_commit"], row["latest_commit"]) == ("deployed", first, newest)
    assert (row["pinned"]["commit"], row["pinned"]["who"]) == (first, "me")

    after = house.lives()
    assert (house.look()["outcome"], house.look()["reason"]) == ("skipped", "pinned")
    done = house.push(version(3, db=DB))
    assert (done["outcome"], done["reason"]) == ("skipped", "pinned"), done
    assert "tegu resume a" in str(done["message"])
    assert (house.ask()["reason"], house.lives()) == ("pinned", after)

    assert orders.resume(house.services, house.services.stacks.find("a")) == ("pin",)
    done = house.look()
    assert (done["outcome"], house.command("web")) == ("deployed", "sleep 1003"), done
    assert house.look()["outcome"] == "unchanged"

    # One that is to last until the next push ends with one that changes the stack.
    assert roll_back(house, to=str(first)[:10], hold="until_push")["outcome"] == "deployed"
    assert house.push({"README.md": "of no stack"})["reason"] == "pinned"
    assert house.command("web") == "sleep 1001"
    done = house.push(version(4, db=DB))
    assert (done["outcome"], done["reason"]) == ("deployed", "content_changed"), done
    assert house.command("web") == "sleep 1004"
    assert house.services.state.pins.get(STACK) is None


def test_a_rollback_does_not_release_what_failed_and_one_that_fails_leaves_what_runs_and_no_pin(house: House) -> None:
    house.stack()
    house.push(version(1))
    house.push(version(2))
    bad = house.push({"a/compose.yaml": compose(web=service("exit 3"))})["commit"]
    assert roll_back(house)["outcome"] == "deployed"
    orders.resume(house.services, house.services.stacks.find("a"))
    assert house.look()["reason"] == "failed_before"
    assert house.command("web") == "sleep 1001"

    done = roll_back(house, to=str(bad))
    assert (done["outcome"], done["reason"]) == ("rolled_back", "rollback"), done
    assert house.command("web") == "sleep 1001"
    assert house.services.state.pins.get(STACK) is None
    assert house.drift() == {}
    assert house.look()["reason"] == "failed_before"


def test_a_rollback_to_no_commit_fails_and_without_an_earlier_good_deployment_there_is_none(house: House) -> None:
    house.stack()
    house.push(version(1))
    before = house.lives()
    done = roll_back(house, to="0123456789")
    assert (done["outcome"], done["reason"]) == ("failed", "rollback"), done
    assert "0123456789" in str(done["message"])
    assert house.lives() == before
    assert house.look()["outcome"] == "unchanged"
    with pytest.raises(UserError, match="no earlier good deployment"):
        roll_back(house)
    assert house.services.state.pins.get(STACK) is None


def test_a_rollback_works_after_history_was_rewritten_and_redis_was_emptied(house: House) -> None:
    house.stack()
    first = house.push(version(1))["commit"]
    house.push(version(2))
    house.source.git("checkout", "-q", "--orphan", "anew")
    house.source.git("branch", "-D", "main")
    house.source.git("branch", "-m", "main")
    assert house.push(version(3))["outcome"] == "deployed"
    house.services.clone("r").collect_garbage(force=True)
    house.services.state.redis.flushall()
    house.look()
    assert roll_back(house)["outcome"] == "deployed"
    assert house.command("web") == "sleep 1002"
    assert roll_back(house, to=str(first))["outcome"] in {"deployed", "failed"}  # Git may have forgotten it by now


def test_a_rollback_of_a_paused_stack_is_not_begun_and_one_that_was_killed_goes_on_and_is_healed(house: House) -> None:
    house.stack()
    first = house.push(version(1, db=DB))["commit"]
    house.push(version(2, db=DB))
    house.services.state.pauses.pause(STACK, "me", "holidays")
    assert roll_back(house)["reason"] == "paused"
    assert (house.command("web"), house.services.state.pins.get(STACK)) == ("sleep 1002", None)
    house.services.state.pauses.resume(STACK)

    orders.request_rollback(house.services, "a", who="me", trigger=Trigger.CLI)
    done = house.look()  # not the task that was published for it
    assert (done["outcome"], done["reason"], done["commit"]) == ("deployed", "rollback", first), done

    house.docker("rm", "-f", house.lives()["web"][0])
    house.services.state.records.set_status(STACK, drift={"web": "missing"})
    done = house.look()
    assert (done["outcome"], done["reason"]) == ("deployed", "drifted"), done
    assert house.command("web") == "sleep 1001"
    assert house.services.state.pins.get(STACK) is not None


# ---------------------------------------------------------------- cancel


def cancelled_while(house: House, step: str, *, force: bool = False) -> dict[str, Any]:
    """Look, and order a stop as soon as the deployment's log shows this."""
    found: dict[str, Any] = {}

    def stop() -> None:
        services = house.fresh_services()
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            newest = services.state.deployments.list(STACK, 1)
            lines = services.state.deployments.read_log(newest[0].id) if newest else []
            if newest[0].status == "running" and any(step in line for _, line in lines):
                found.update(request_cancel(services, newest[0].id, who="me").to_json())
                break
            time.sleep(0.05)
        services.close()

    thread = threading.Thread(target=stop)
    thread.start()
    done = house.look(force=force)
    thread.join()
    assert found["deployment"] == done["deployment"]
    return done


def test_a_deployment_cancelled_before_the_switch_touches_nothing(house: House) -> None:
    house.stack()
    built = {**service("sleep 1000"), "build": "ctx"}
    del built["image"]
    docker = "FROM busybox:stable\nRUN sleep 600\n"
    house.push(version(1))
    before = house.lives()
    house.fetch({"a/compose.yaml": compose(web=built), "a/ctx/Dockerfile": docker})
    done = cancelled_while(house, "docker compose build")
    waits = "it waits for a push that changes it, or `tegu deploy a`"
    told = f"cancelled before anything was touched, by me; {waits}"
    assert (done["outcome"], done["message"]) == ("cancelled", told), done
    assert house.lives() == before
    assert house.live("a/conf/app.ini").read_text() == "1"
    again = house.look()
    assert (again["outcome"], again["reason"]) == ("skipped", "failed_before"), again
    assert "cancelled" in str(again["message"])


@pytest.mark.parametrize(
    ("more", "step"),
    [
        ({"health": {"timeout": "60s", "settle": "8s"}}, "docker compose up"),
        ({"hooks": {"pre_deploy": [["sleep", "40"]]}}, "$ sleep 40"),
    ],
    ids=["while it waits until the stack is healthy", "in a hook"],
)
def test_a_deployment_cancelled_after_the_switch_is_taken_back(house: House, more: dict[str, Any], step: str) -> None:
    house.stack()
    first = house.push(version(1))
    house.stack(**more)
    house.fetch(version(2))
    done = cancelled_while(house, step)
    assert done["outcome"] == "cancelled", done
    assert "by me" in str(done["message"])
    assert house.command("web") == "sleep 1001"
    assert house.live("a/conf/app.ini").read_text() == "1"
    assert house.drift() == {}
    record = house.services.state.records.get(STACK)
    assert record is not None
    assert record.commit == first["commit"]


def test_what_runs_already_is_not_held_when_its_repetition_is_cancelled(house: House) -> None:
    house.stack(health={"timeout": "60s", "settle": "8s"})
    house.push(version(1))
    assert cancelled_while(house, "docker compose up", force=True)["outcome"] == "cancelled"
    assert house.services.state.holds.get(STACK) is None
    assert house.drift() == {}
    again = house.look()
    assert (again["outcome"], again["reason"]) == ("unchanged", "unchanged"), again


def test_what_waits_for_its_turn_is_cancelled_at_once_and_what_has_ended_not_at_all(house: House) -> None:
    house.stack()
    ended = house.push(version(1))
    with pytest.raises(UserError, match="not under way any more: deployed"):
        request_cancel(house.services, str(ended["deployment"]), who="me")
    house.fetch(version(2))
    state = house.services.state
    run = state.runs.create("r", Trigger.WEBHOOK, ())
    state.runs.plan(run, [(STACK, "")])
    assert request_cancel(house.services, "a", who="me").waiting == (run,)
    shown = state.runs.get(run)
    assert shown is not None
    assert (shown.status, shown.stacks[STACK].outcome) == ("succeeded", "cancelled")
    with pytest.raises(UserError, match="nothing of default/a is under way"):
        request_cancel(house.services, "a", who="me")


# ---------------------------------------------------------------- adopt

DATA = service("date > /data/seen; sleep 1000", volumes=["./data:/data"])
OWNER = 1234


def run_elsewhere(house: House, files: dict[str, str], name: str = "elsewhere") -> Path:
    """Somebody runs the project from a directory of their own, with data that belongs to somebody else."""
    folder = house.folder / name
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data/precious").write_text("everything")
    (folder / "data/precious").chmod(0o640)
    os.chown(folder / "data", OWNER, OWNER)
    os.chown(folder / "data/precious", OWNER, OWNER)
    argv = ["compose", "-p", house.project(), "--project-directory", str(folder), "-f", f"{folder}/compose.yaml"]
    house.docker(*argv, "up", "-d")
    return folder


def adopt(house: House, data: orders.Data) -> dict[str, Any]:
    run = orders.request_adoption(house.services, "a", data=data, who="me", trigger=Trigger.CLI)
    return house.carry_out(run)


def described(path: Path) -> tuple[str, int, int]:
    status = path.stat()
    return path.read_text(), status.st_uid, status.st_mode & 0o777


# `test_foreseen.py` copies, and so does somebody in `tests/e2e/test_page.py`.
@pytest.mark.parametrize("data", ["move", pytest.param("copy", marks=pytest.mark.thorough)])
def test_a_running_project_is_adopted_with_its_data(house: House, data: orders.Data) -> None:
    house.stack()
    file = compose(web=DATA, db=DB)
    folder = run_elsewhere(house, {"compose.yaml": file})
    before = house.lives()
    blocked = house.push({"a/compose.yaml": file})
    assert (blocked["outcome"], blocked["reason"]) == ("blocked", "moved"), blocked
    assert f"{folder}/data" in str(blocked["message"])

    done = adopt(house, data)

    assert done["outcome"] == "deployed", done
    assert house.lives()["db"] == before["db"]
    assert house.lives()["web"][0] != before["web"][0]
    assert house.seen("web", "/data/precious") == "everything"
    assert described(house.live("a/data/precious")) == ("everything", OWNER, 0o640)
    assert house.live("a/data").stat().st_uid == OWNER
    assert (folder / "data").exists() is (data == "copy")
    assert house.services.state.adoptions.get(STACK) is None
    assert house.look()["outcome"] == "unchanged"
    assert not list((house.folder / "data/state/default").glob("*.arriving"))


@contextlib.contextmanager
def in_a_container(house: House, *folders: Path) -> Iterator[None]:
    """As if Tegu ran in a container that sees these folders of the host."""
    mounts = [part for folder in folders for part in ("--volume", f"{folder}:{folder}")]
    name = house.project("itself")
    identifier = house.docker("create", "--name", name, *mounts, "busybox:stable", "true").strip()
    house.run_in(identifier)
    try:
        yield
    finally:
        house.run_in(None)
        house.docker("rm", "--force", identifier)


def test_data_that_cannot_be_seen_from_here_is_not_taken_for_absent(house: House) -> None:
    house.stack()
    file = compose(web=DATA)
    folder = run_elsewhere(house, {"compose.yaml": file})
    before, live = house.lives(), house.folder / "data"
    with in_a_container(house, live):
        for told in (house.push({"a/compose.yaml": file}), adopt(house, "move"), adopt(house, "copy")):
            assert (told["outcome"], told["reason"]) == ("blocked", "moved"), told
            assert f"which this worker cannot see: {folder}/data;" in str(told["message"])
            assert f"\n  - {folder}:{folder}\n" in str(told["message"])
        assert house.lives() == before
    with in_a_container(house, live, folder):
        assert adopt(house, "move")["outcome"] == "deployed"
    assert house.seen("web", "/data/precious") == "everything"


def test_an_env_file_that_cannot_be_seen_from_here_may_be_there(house: House) -> None:
    """The engine does not say which env files a container was made with, so only what is the same without is let be."""
    house.stack()
    envs = [{"path": "more.env", "required": False}]
    file = compose(web=service(env_file=envs, environment={"X": "${X:-none}"}))
    folder = run_elsewhere(house, {"compose.yaml": file, ".env": "X=1\n", "more.env": "Y=2\n"})
    before, live = house.lives(), house.folder / "data"
    with in_a_container(house, live):
        told = house.push({"a/compose.yaml": file})
        assert (told["outcome"], told["reason"], house.lives()) == ("blocked", "moved", before), told
        assert f"which this worker cannot see: {folder}/.env, {folder}/more.env;" in str(told["message"])
    with in_a_container(house, live, folder):
        assert f"{folder}/.env, {folder}/more.env;" in str(house.look()["message"])
        assert adopt(house, "move")["outcome"] == "deployed"
    assert {"X=1", "Y=2"} <= {*house.environment("web")}


def test_a_project_that_was_made_without_any_env_file_is_taken_over_untouched(house: House) -> None:
    house.stack()
    file = compose(web=service(environment={"X": "${X:-none}"}))
    run_elsewhere(house, {"compose.yaml": file})
    before = house.lives()
    with in_a_container(house, house.folder / "data"):
        assert house.push({"a/compose.yaml": file})["outcome"] == "deployed"
    assert house.lives() == before


def test_the_data_of_a_volume_that_binds_a_folder_of_the_old_directory_comes_along(house: House) -> None:
    house.stack()
    bound = {"driver": "local", "driver_opts": {"type": "none", "o": "bind", "device": "./data"}}
    model = {"services": {"web": service(volumes=["bound:/data"])}, "volumes": {"bound": bound}}
    folder = run_elsewhere(house, {"compose.yaml": yaml_of(model), "data/precious": "everything"})
    before = house.lives()
    with in_a_container(house, house.folder / "data"):
        told = house.push({"a/compose.yaml": yaml_of(model)})
        assert (told["reason"], house.lives()) == ("moved", before), told
        assert f"which this worker cannot see: {folder}/data;" in str(told["message"])
    told = house.look()
    assert (told["reason"], house.lives()) == ("moved", before), told
    assert f"would stay behind: {folder}/data;" in str(told["message"])
    done = adopt(house, "move")
    assert done["outcome"] == "deployed", done["message"]
    assert house.seen("web", "/data/precious") == "everything"
    assert not (folder / "data").exists()


def test_data_that_cannot_be_seen_from_here_stays_when_that_is_wanted(house: House) -> None:
    house.stack()
    file = compose(web=DATA)
    folder = run_elsewhere(house, {"compose.yaml": file})
    with in_a_container(house, house.folder / "data"):
        assert house.push({"a/compose.yaml": file})["outcome"] == "blocked"
        assert adopt(house, "leave")["outcome"] == "deployed"
        assert house.look()["outcome"] == "unchanged"
    assert (folder / "data/precious").exists()
    assert not house.live("a/data/precious").exists()


@pytest.mark.thorough  # as what cannot be seen stays where that is wanted, above
def test_a_running_project_is_adopted_without_its_data_when_that_is_wanted(house: House) -> None:
    house.stack()
    file = compose(web=DATA)
    folder = run_elsewhere(house, {"compose.yaml": file})
    house.push({"a/compose.yaml": file})
    assert adopt(house, "leave")["outcome"] == "deployed"
    assert not house.live("a/data/precious").exists()
    assert (folder / "data/precious").exists()


def test_data_that_is_mounted_by_its_absolute_path_stays_where_it_is(house: House) -> None:
    house.stack()
    there = house.folder / "elsewhere/data"
    file = compose(web=service(volumes=[f"{there}:/data"]))
    run_elsewhere(house, {"compose.yaml": file})
    before = house.lives()
    done = house.push({"a/compose.yaml": file})
    assert done["outcome"] == "deployed", done
    assert (house.lives(), house.seen("web", "/data/precious")) == (before, "everything")

    # What a relative path means comes along, and what an absolute one means does not.
    both = compose(web=service(volumes=[f"{there}:/data", "./more:/more"]))
    (house.folder / "elsewhere/more").mkdir()
    (house.folder / "elsewhere/more/x").write_text("x")
    house.docker("rm", "-f", *(identifier for identifier, _ in house.lives().values()))
    run_elsewhere(house, {"compose.yaml": both})
    blocked = house.push({"a/compose.yaml": both})
    assert (blocked["reason"], str(there) in str(blocked["message"])) == ("moved", False), blocked
    assert adopt(house, "move")["outcome"] == "deployed"
    assert (house.seen("web", "/data/precious"), house.seen("web", "/more/x")) == ("everything", "x")
    assert (there / "precious").exists()


def test_what_git_lacks_in_a_folder_that_git_has_comes_along_and_nothing_is_overwritten(house: House) -> None:
    house.stack()
    file = compose(web=service(volumes=["./conf:/conf"], environment={"X": "${X}"}))
    files = {"compose.yaml": file, "conf/app.ini": "old", "conf/users.db": "users", "conf/deep/x": "x", ".env": "X=1\n"}
    folder = run_elsewhere(house, files)
    tracked: dict[str, str | None] = {"a/compose.yaml": file, "a/conf/app.ini": "git's", "a/conf/deep/y": "y"}
    blocked = house.push(tracked)
    assert blocked["reason"] == "moved", blocked
    for path in (".env", "conf/users.db", "conf/deep/x"):
        assert f"{folder}/{path}" in str(blocked["message"])
    assert "app.ini" not in str(blocked["message"])
    assert adopt(house, "move")["outcome"] == "deployed"
    assert house.seen("web", "/conf/users.db") == "users"
    assert house.seen("web", "/conf/app.ini") == "git's"
    assert house.seen("web", "/conf/deep/x") == "x"
    assert (folder / "conf/app.ini").read_text() == "old"
    assert "X=1" in house.environment("web")
    assert house.look()["outcome"] == "unchanged"


def test_an_env_file_that_only_the_old_directory_has_comes_along(house: House) -> None:
    house.stack()
    file = compose(web=service(env_file=["secret.env"]))
    run_elsewhere(house, {"compose.yaml": file, "secret.env": "X=hush\n"})
    assert house.push({"a/compose.yaml": file})["outcome"] == "invalid"
    assert adopt(house, "copy")["outcome"] == "deployed"
    assert "X=hush" in house.environment("web")
    assert house.live("a/secret.env").read_text() == "X=hush\n"


def test_an_adoption_that_fails_before_it_is_begun_leaves_everything_where_it_was(house: House) -> None:
    house.stack()
    file = compose(web=DATA)
    folder = run_elsewhere(house, {"compose.yaml": file})
    before = house.lives()
    house.push({"a/compose.yaml": compose(web={**DATA, "image": "localhost:1/none:1"})})
    done = adopt(house, "move")
    assert (done["outcome"], house.lives()) == ("failed", before), done
    assert described(folder / "data/precious")[0] == "everything"
    assert house.push({"a/compose.yaml": file})["outcome"] == "deployed"
    assert house.seen("web", "/data/precious") == "everything"


def test_data_comes_along_when_the_path_changes_and_goes_back_with_a_rollback(house: House) -> None:
    house.stack()
    house.push({"a/compose.yaml": compose(web=DATA)})
    house.live("a/data/precious").write_text("everything")
    before = house.lives()
    house.source.git("mv", "a", "b")
    house.stack(path="b", health={"timeout": "20s", "settle": "1s"})
    blocked = house.push({"README.md": "moved"})
    assert (blocked["reason"], house.lives()) == ("moved", before), blocked

    bad = {"b/compose.yaml": compose(web={**DATA, "command": ["sh", "-c", "exit 3"]})}
    house.fetch(bad)
    done = adopt(house, "move")
    assert done["outcome"] == "rolled_back", done
    assert house.seen("web", "/data/precious") == "everything"
    assert house.live("a/data/precious").read_text() == "everything"

    done = house.push({"b/compose.yaml": compose(web=DATA)})
    assert done["outcome"] == "deployed", done
    assert house.seen("web", "/data/precious") == "everything"
    assert house.live("b/data/precious").read_text() == "everything"
    assert not house.live("a/data").exists()


# A kill at every step is in `test_interruptions.py`; these are those that have to do with data.
ADOPTING = [Step.BRING, Step.UP, Step.CLEAR]
if THOROUGH:
    ADOPTING += [Step.SWITCH, Step.SWITCHED, Step.HEALTH]


def test_an_adoption_that_was_killed_goes_on_at_the_next_look(house: House) -> None:
    file = compose(web=DATA)
    house.stack()
    house.fetch({"a/compose.yaml": file})
    for step in ADOPTING:
        run_elsewhere(house, {"compose.yaml": file}, name=f"elsewhere-{step.name}")
        orders.request_adoption(house.services, "a", data="move", who="me", trigger=Trigger.CLI)

        def act(at: Step = step) -> None:
            house.services = house.fresh_services(
                at_step=lambda begun: os.kill(os.getpid(), signal.SIGKILL) if begun is at else None
            )
            house.look()

        assert in_a_child(act), step
        done = house.look()
        assert done["outcome"] in {"deployed", "unchanged"}, (step, done)
        assert house.seen("web", "/data/precious") == "everything", step
        assert house.look()["outcome"] == "unchanged", step
        house.docker("rm", "-f", *(identifier for identifier, _ in house.lives().values()))
        shutil.rmtree(house.live())
        house.services.state.journal.delete(STACK)
        house.services.state.forget(STACK)
        (house.folder / "data/state/default/a.files").unlink()
