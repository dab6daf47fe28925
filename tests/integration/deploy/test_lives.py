"""What happens to a stack over several looks: held, asked for, forced, stopped, built, killed, pushed to again."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import replace
from typing import Any

import pytest

from tests.integration.deploy.house import House, compose, in_a_child, service, yaml_of
from tests.worker_rig import eventually
from workers.deploy.transaction.steps import Step
from workers.model.errors import Busy
from workers.model.words import Trigger

pytestmark = pytest.mark.docker

QUICK: dict[str, Any] = {"health": {"timeout": "20s", "settle": "1s"}}
GOOD: dict[str, str | None] = {"a/compose.yaml": compose(web=service("sleep 1000"))}


def better(command: str) -> dict[str, str | None]:
    return {"a/compose.yaml": compose(web=service(command))}


def test_a_failed_fingerprint_is_held_until_somebody_asks_or_content_changes(house: House) -> None:
    house.stack(**QUICK)
    house.push(GOOD)
    assert house.push(better("exit 3"))["outcome"] == "rolled_back"
    assert house.push({"README.md": "x"})["reason"] == "failed_before"
    asked = house.ask()
    assert (asked["outcome"], asked["reason"]) == ("rolled_back", "retried")
    assert house.push(better("sleep 1001"))["outcome"] == "deployed"
    assert house.services.state.holds.get("default/a") is None


def test_variables_win_over_what_compose_inherits_also_on_the_way_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "C")
    house.stack(**QUICK, variables={"LANG": "de_DE.UTF-8"})
    given = {"L": "${LANG}"}
    house.push({"a/compose.yaml": compose(web=service(environment=given))})
    assert "L=de_DE.UTF-8" in house.environment("web")
    assert house.push({"a/compose.yaml": compose(web=service("exit 3", environment=given))})["outcome"] == "rolled_back"
    assert "L=de_DE.UTF-8" in house.environment("web")


def test_a_first_deployment_that_fails_stays_and_the_next_one_mends_it(house: House) -> None:
    house.stack(**QUICK)
    assert house.push(better("exit 3"))["outcome"] == "failed"
    assert house.look()["reason"] == "failed_before"
    done = house.push(GOOD)
    assert (done["outcome"], done["reason"]) == ("deployed", "first_deploy"), done


def test_a_failure_before_the_switch_is_tried_again_when_its_time_has_come(house: House) -> None:
    house.stack(**QUICK)
    house.push(GOOD)
    image = f"{house.project()}-later:1"
    house.push({"a/compose.yaml": compose(web={**service("sleep 1000"), "image": image})})
    hold = house.services.state.holds.get("default/a")
    assert hold is not None
    assert hold.retry_at is not None
    assert house.look()["reason"] == "failed_before"

    house.docker("tag", "busybox:stable", image)
    house.services.state.holds.hold("default/a", replace(hold, retry_at="2020-01-01T00:00:00+00:00"))
    assert house.look()["outcome"] == "deployed"


def test_force_replaces_every_container(house: House) -> None:
    house.stack(**QUICK)
    house.push({"a/compose.yaml": compose(web=service("sleep 1000"), db=service("sleep 2000"))})
    before = house.lives()
    done = house.ask(force=True)
    assert (done["outcome"], done["reason"]) == ("deployed", "forced"), done
    assert not {identifier for identifier, _ in before.values()} & {each for each, _ in house.lives().values()}


def test_a_stack_stopped_by_hand_stays_stopped_until_somebody_asks(house: House) -> None:
    house.stack(**QUICK)
    house.push(GOOD)
    house.docker("stop", "-t", "0", house.lives()["web"][0])
    assert house.push({"README.md": "x"})["outcome"] == "unchanged"
    assert house.containers()["web"].state == "exited"
    assert house.ask()["outcome"] == "deployed"
    assert house.containers()["web"].state == "running"

    house.docker("stop", "-t", "0", house.lives()["web"][0])
    before = house.lives()
    done = house.push(better("sleep 1001"))
    assert (done["outcome"], done["reason"]) == ("skipped", "stopped"), done
    assert house.lives() == before
    done = house.ask()
    assert (done["outcome"], done["reason"]) == ("deployed", "retried"), done
    assert house.containers()["web"].state == "running"


def test_a_built_image_that_does_not_run_gives_its_tag_back(house: House) -> None:
    house.stack(**QUICK)
    built = {**service(), "build": "ctx", "command": ["sh", "/run"]}
    del built["image"]
    docker = "FROM busybox:stable\nCOPY run /run\n"
    house.push({"a/compose.yaml": compose(web=built), "a/ctx/Dockerfile": docker, "a/ctx/run": "sleep 1000"})
    image = house.engine.image_id(f"{house.project()}-web")
    assert house.push({"a/ctx/run": "exit 3"})["outcome"] == "rolled_back"
    assert house.engine.image_id(f"{house.project()}-web") == image
    assert house.containers()["web"].container.image_id == image
    assert house.containers()["web"].state == "running"


def test_a_changed_network_is_made_anew_and_anonymous_volumes_live_on(house: House) -> None:
    house.stack(**QUICK)

    def files(subnet: str) -> dict[str, str | None]:
        web = service("date > /keep/it; sleep 1000", volumes=["/keep"], networks=["n"])
        del web["network_mode"]
        networks = {"n": {"driver_opts": {"com.docker.network.bridge.enable_icc": subnet}}}
        model = {"services": {"web": web}, "networks": networks}
        return {"a/compose.yaml": yaml_of(model)}

    house.push(files("true"))
    volumes = house.containers()["web"].volumes
    done = house.push(files("false"))
    assert done["outcome"] == "deployed", done
    network = house.engine.client.inspect_network(f"{house.project()}_n")
    assert network["Options"]["com.docker.network.bridge.enable_icc"] == "false"
    assert len(network["Containers"]) == 1
    assert house.containers()["web"].volumes == volumes


def test_whoever_finds_the_lock_held_waits_and_the_holder_looks_again(house: House) -> None:
    house.stack(**QUICK)
    house.push(GOOD)
    house.fetch(better("sleep 1001"))
    with house.services.state.stack_lock.hold("default/a"), pytest.raises(Busy):
        house.look()
    assert house.services.state.runs.waiting("default/a")
    done = house.look()
    assert done["outcome"] == "deployed"
    assert not house.services.state.runs.waiting("default/a")


def test_a_lost_journal_and_an_empty_redis_redeploy_nothing_when_either_is_left(house: House) -> None:
    house.stack(**QUICK)
    house.push(GOOD)
    before = house.lives()
    house.services.state.redis.flushall()
    done = house.look()
    assert done["outcome"] == "unchanged", done
    assert house.lives() == before
    house.services.state.journal.delete("default/a")
    assert house.look()["outcome"] == "unchanged"
    assert house.lives() == before


def test_output_and_steps_are_told(house: House) -> None:
    house.stack(hooks={"post_deploy": [["sh", "-c", "echo $TEGU_STACK $TEGU_ACTION $PWD"]]}, **QUICK)
    done = house.push(GOOD)
    told = house.log(str(done["deployment"]))
    assert f"default/a up {house.live('a')}" in told
    assert "docker compose up -d" in told
    kept = house.services.state.deployments.get(str(done["deployment"]))
    assert kept is not None
    assert [step.name for step in kept.steps][:3] == ["stage", "validate", "remember images"]
    assert kept.outcome == "deployed"
    assert house.services.clone("r").pins() == {"deployed/default/a": done["commit"]}


def crashing_on_two() -> str:
    """A service that lives on what Git lacks, and ends when that says 2."""
    web = service('test "$X" != 2 || exit 3; sleep 1000', environment={"X": "${X:-}"})
    web["command"] = ["sh", "-c", 'test "$$X" != 2 || exit 3; sleep 1000']
    return compose(web=web)


@pytest.mark.parametrize("killed", [False, True], ids=["at once", "after a kill on the way back"])
def test_an_edit_outside_git_that_breaks_the_stack_is_kept_and_not_run(house: House, killed: bool) -> None:
    house.stack(health={"timeout": "20s", "settle": "1s"})
    house.live("a").mkdir(parents=True)
    env = house.live("a/.env")
    env.write_text("X=1\n")
    env.chmod(0o600)
    house.push({"a/compose.yaml": crashing_on_two()})
    env.write_text("X=2\n")
    if killed:
        ups: list[Step] = []

        def observer(step: Step) -> None:
            ups.extend([step] if step is Step.UP else [])
            if len(ups) == 2:
                os.kill(os.getpid(), signal.SIGKILL)

        def act() -> None:
            house.services = house.fresh_services(at_step=observer)
            house.look()

        assert in_a_child(act)
        assert env.read_text() == "X=1\n"

    done = house.look()

    assert done["outcome"] == "rolled_back", done
    assert "X=1" in house.environment("web")
    assert (env.read_text(), env.stat().st_mode & 0o777) == ("X=2\n", 0o600)
    assert house.look()["reason"] == "failed_before"
    env.write_text("X=3\n")
    assert house.look()["outcome"] == "deployed"
    assert "X=3" in house.environment("web")


def test_pushes_during_a_deployment_collapse_into_one_follow_up_at_the_newest_commit(house: House) -> None:
    house.stack(**QUICK)
    house.push(GOOD)
    house.stack(**QUICK, hooks={"pre_deploy": [["sleep", "4"]]})
    house.fetch(better("sleep 1001"))
    under_way = threading.Thread(target=house.look)
    under_way.start()
    eventually(lambda: house.services.state.facts(["default/a"])["default/a"].leased, "a deployment")
    other = house.fresh_services()
    for number in (1002, 1003):
        house.fetch(better(f"sleep {number}"))
        run = other.state.runs.create("r", Trigger.WEBHOOK, ("local",))
        other.state.runs.plan(run, [("default/a", "")])
    other.close()
    under_way.join()
    assert house.command("web") == "sleep 1001"
    assert house.published.stacks == ["default/a"]
    before = len(house.services.state.deployments.list("default/a"))
    assert house.carry_out(run)["outcome"] == "deployed"
    assert house.command("web") == "sleep 1003"
    assert len(house.services.state.deployments.list("default/a")) == before + 1
    assert not house.services.state.runs.waiting("default/a")
