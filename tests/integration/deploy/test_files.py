"""Files in a stack's directory that somebody else has a hand in, too: containers, people, an earlier commit."""

from __future__ import annotations

import shutil

import pytest

from tests.git_server import Source
from tests.integration.deploy.house import House, compose, service
from workers.reconcile.reconcile import reconcile

pytestmark = pytest.mark.docker

MOUNTING = service(volumes=["./app.ini:/app.ini", "./conf:/conf"])


def mounting(command: str = "sleep 1000", **more: str | None) -> dict[str, str | None]:
    return {"a/compose.yaml": compose(web={**MOUNTING, "command": ["sh", "-c", command]}), "a/conf/x": "x", **more}


def test_a_mounted_file_that_git_drops_stays_and_is_git_s_again_when_it_comes_back(house: House) -> None:
    house.stack()
    house.push(mounting() | {"a/app.ini": "1"})
    assert house.push({"a/app.ini": None})["outcome"] == "deployed"
    assert house.seen("web", "/app.ini") == "1"
    assert house.push(mounting("sleep 1001"))["outcome"] == "deployed"  # the next one knows of it, too
    done = house.push({"a/app.ini": "2"})
    assert done["outcome"] == "deployed", done
    assert house.seen("web", "/app.ini") == "2"


def test_a_file_that_git_has_dropped_goes_once_nothing_mounts_it(house: House) -> None:
    house.stack()
    house.push(mounting() | {"a/app.ini": "1"})
    house.push({"a/app.ini": None})
    assert house.push({"a/compose.yaml": compose(web=service())})["outcome"] == "deployed"
    assert not house.live("a/app.ini").exists()


def test_what_compose_reads_is_as_git_has_it_whatever_was_edited_here(house: House) -> None:
    house.stack()
    web = {**MOUNTING, "environment": {"X": "${X}"}}
    house.push({"a/compose.yaml": compose(web=web), "a/.env": "X=git\n", "a/conf/x": "x", "a/app.ini": "1"})
    file = house.live("a/compose.yaml")
    file.write_text(compose(web={**web, "command": ["sleep", "4000"]}))
    house.live("a/.env").write_text("X=edited\n")
    house.live("a/conf/x").write_text("mine")
    done = house.ask(force=True)
    assert done["outcome"] == "deployed", done
    assert (house.command("web"), "X=git" in house.environment("web")) == ("sleep 1000", True)
    assert house.seen("web", "/conf/x") == "mine"
    kept = house.folder / "data/state/default/a.kept" / str(done["deployment"]) / "a"
    assert "sleep 4000" not in file.read_text()
    assert ((kept / ".env").read_text(), (kept / "compose.yaml").exists()) == ("X=edited\n", True)
    assert f"a/.env was changed on this host; Git's version counts, a copy stays in {kept}/.env" in house.log(
        str(done["deployment"])
    )


def test_the_way_back_uses_what_compose_read_last_and_not_what_was_edited(house: House) -> None:
    house.stack()
    house.push(mounting() | {"a/app.ini": "1"})
    house.live("a/compose.yaml").write_text(compose(web={**MOUNTING, "command": ["sleep", "4000"]}))
    done = house.push(mounting("exit 3"))
    assert done["outcome"] == "rolled_back", done
    assert (house.command("web"), house.containers()["web"].state) == ("sleep 1000", "running")
    assert "sleep 4000" not in house.live("a/compose.yaml").read_text()
    assert house.push(mounting("sleep 1001"))["outcome"] == "deployed"


# ---------------------------------------------------------------- state that was lost


def lose_state(house: House, *, redis: bool = True) -> None:
    """What is left is the clone, the live directories and the key."""
    shutil.rmtree(house.folder / "data/state")
    if redis:
        house.services.state.redis.flushall()


def test_state_that_was_lost_is_found_again_in_the_pinned_commit_and_the_containers(house: House) -> None:
    house.stack()
    job = service("exit 0")
    web = {**MOUNTING, "environment": {"X": "${X}"}}
    house.push({"a/compose.yaml": compose(web=web, job=job), "a/conf/x": "x", "a/app.ini": "1", "a/.env": "X=1\n"})
    house.live("a/conf/x").write_text("the container's")
    before = house.lives()
    lose_state(house)
    reconcile(house.services, "local")
    house.work()
    assert (house.look()["outcome"], house.lives()) == ("unchanged", before)
    record = house.services.state.records.get("default/a")
    assert record is not None
    assert house.services.state.journal.load("default/a").record == record
    assert house.drift() == {}

    lose_state(house)
    done = house.push({"a/app.ini": "2"})
    assert (done["outcome"], done["reason"], done["action"]) == ("deployed", "content_changed", "restart"), done
    assert (house.seen("web", "/app.ini"), house.seen("web", "/conf/x")) == ("2", "the container's")
    assert house.lives()["job"] == before["job"]

    lose_state(house)
    before = house.lives()
    bad = house.push({"a/compose.yaml": compose(web={**web, "command": ["sh", "-c", "exit 3"]}, job=job)})
    assert bad["outcome"] == "rolled_back", bad
    assert house.containers()["web"].state == "running"
    assert house.drift() == {}


def test_a_stack_that_is_not_quite_as_pinned_is_deployed_as_a_whole_after_a_loss(house: House) -> None:
    house.stack()
    house.push(mounting() | {"a/app.ini": "1"})
    house.live("a/compose.yaml").write_text(compose(web=service("sleep 4000")))
    lose_state(house)
    done = house.push({"a/app.ini": "2"})
    assert (done["outcome"], done["reason"]) == ("deployed", "interrupted"), done
    assert (house.command("web"), house.seen("web", "/app.ini")) == ("sleep 1000", "2")


def test_files_are_known_again_where_redis_alone_was_spared(house: House) -> None:
    house.stack()
    house.push(mounting() | {"a/app.ini": "1"})
    lose_state(house, redis=False)
    assert house.push({"a/app.ini": "2"})["outcome"] == "deployed"
    assert house.seen("web", "/app.ini") == "2"


def test_a_project_from_elsewhere_is_no_lost_deployment(house: House) -> None:
    house.stack()
    house.push(mounting() | {"a/app.ini": "1"})
    house.docker("rm", "-f", house.lives()["web"][0])
    lose_state(house)
    done = house.push({"a/app.ini": "2"})
    assert (done["outcome"], done["reason"]) == ("blocked", "blocked"), done


def test_a_repository_whose_ids_are_sha256_is_deployed_rolled_back_and_found_again(house: House) -> None:
    house.source = Source(house.folder / "sha256", "sha256")
    house.stack()
    good = house.push(mounting() | {"a/app.ini": "1"})
    assert (good["outcome"], len(good["commit"])) == ("deployed", 64)
    done = house.push({"a/app.ini": "2"})
    assert (done["outcome"], house.seen("web", "/app.ini")) == ("deployed", "2")
    assert house.push(mounting("exit 3") | {"a/app.ini": "3"})["outcome"] == "rolled_back"
    before = house.lives()
    assert house.seen("web", "/app.ini") == "2"
    lose_state(house)
    assert house.push(mounting() | {"a/app.ini": "2"})["outcome"] == "unchanged"
    assert house.lives() == before
