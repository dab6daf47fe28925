"""A stack that gets another Docker host: its containers go along, and no data stays behind unnoticed."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.deploy.house import Files, House, compose, service, yaml_of
from tests.second_engine import SecondEngine
from workers.adapters.docker.container import Details
from workers.adapters.docker.engine import Engine

pytestmark = [
    pytest.mark.docker,
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),  # the SDK drops its sockets when an engine goes
]

FIRST = "unix:///var/run/docker.sock"
PLAIN: dict[str, str | None] = {
    "a/compose.yaml": compose(web=service("sleep 1000", volumes=["./conf:/conf:ro"])),
    "a/conf/app.ini": "1",
}
STORED: dict[str, str | None] = {
    "a/compose.yaml": yaml_of({"services": {"web": service(volumes=["store:/v"])}, "volumes": {"store": {}}})
}


class Forwarder(socketserver.BaseRequestHandler):
    """Connects whoever comes with a Unix socket."""

    path = ""

    def handle(self) -> None:
        with socket.socket(socket.AF_UNIX) as engine:
            engine.connect(self.path)
            there = threading.Thread(target=self.copy, args=(self.request, engine))
            there.start()
            self.copy(engine, self.request)
            there.join()

    @staticmethod
    def copy(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(65536):
                target.sendall(chunk)
            target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def over_the_network(path: str) -> Iterator[str]:
    """An address on this machine behind which an engine's socket is."""
    handler = type("Handler", (Forwarder,), {"path": path})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def containers(house: House, engine: Engine, project: str = "a") -> dict[str, Details]:
    found = engine.details(engine.containers(house.project(project)))
    return {each.container.service: each for each in found}


def pulled(house: House, files: Files | None = None) -> dict[str, Any]:
    found: dict[str, Any] = house.pull(files)["stacks"]["default/a"]
    return found


def deployment_log(house: House) -> str:
    return house.log(house.services.state.deployments.list("default/a", 1)[0].id)


def test_the_containers_go_to_the_new_engine_and_the_old_one_keeps_none(house: House, second: SecondEngine) -> None:
    house.stack()
    data: Files = {"a/compose.yaml": compose(web=service(volumes=["./data:/d"]), side=service("sleep 2000"))}
    pulled(house, data)
    house.live("a/data/kept").write_text("1")
    house.settle(docker_host=second.host)
    done = pulled(house)
    assert (done["outcome"], done["reason"]) == ("deployed", "options_changed"), done
    assert containers(house, house.engine) == {}
    found = containers(house, second.engine)
    assert {name: each.state for name, each in found.items()} == {"web": "running", "side": "running"}
    assert found["web"].sources == (str(house.live("a/data")),)
    assert FIRST in deployment_log(house)
    assert pulled(house)["outcome"] == "unchanged"


def test_another_address_of_the_same_engine_touches_nothing(house: House, tmp_path: Path) -> None:
    house.stack()
    pulled(house, STORED)
    before = house.lives()
    (tmp_path / "alias.sock").symlink_to("/var/run/docker.sock")
    house.settle(docker_host=f"unix://{tmp_path}/alias.sock")
    done = pulled(house)
    assert (done["outcome"], done["reason"]) == ("deployed", "options_changed"), done
    assert house.lives() == before
    assert pulled(house)["outcome"] == "unchanged"


def test_another_name_at_another_address_of_the_same_engine_is_another_name(house: House, tmp_path: Path) -> None:
    house.stack()
    pulled(house, PLAIN)
    (tmp_path / "alias.sock").symlink_to("/var/run/docker.sock")
    house.settle(docker_host=f"unix://{tmp_path}/alias.sock")
    house.stack(project=house.project("new"))
    assert pulled(house)["outcome"] == "deployed"
    assert house.containers() == {}
    assert house.containers("new")["web"].state == "running"


def test_what_fails_on_the_new_engine_goes_back_to_the_old_one(house: House, second: SecondEngine) -> None:
    house.stack()
    pulled(house, PLAIN)
    house.settle(docker_host=second.host)
    bad: Files = {"a/compose.yaml": compose(web=service("exit 3")), "a/conf/app.ini": "2"}
    done = pulled(house, bad)
    assert done["outcome"] == "rolled_back", done
    assert containers(house, second.engine) == {}
    assert house.containers()["web"].state == "running"
    assert house.command("web") == "sleep 1000"
    assert house.seen("web", "/conf/app.ini") == "1"
    assert house.drift() == {}


def test_volumes_that_would_stay_on_the_old_engine_block_it_until_somebody_decides(
    house: House, second: SecondEngine
) -> None:
    house.stack()
    pulled(house, STORED)
    before = house.lives()
    house.settle(docker_host=second.host)
    done = pulled(house)
    assert (done["outcome"], done["reason"]) == ("blocked", "moved"), done
    assert f"{house.project()}_store" in done["message"]
    house.services.state.adoptions.adopt("default/a", "move", "me")
    assert house.ask()["outcome"] == "blocked"
    assert house.lives() == before
    assert containers(house, second.engine) == {}

    house.services.state.adoptions.adopt("default/a", "leave", "me")
    assert house.ask()["outcome"] == "deployed"
    assert house.containers() == {}
    assert containers(house, second.engine)["web"].state == "running"
    volumes = [each["Name"] for each in house.engine.client.volumes()["Volumes"]]
    assert f"{house.project()}_store" in volumes


def test_relative_mounts_that_git_lacks_do_not_reach_an_engine_over_the_network(
    house: House, second: SecondEngine
) -> None:
    house.stack()
    mounts = ["./data:/d", "./conf:/conf", "./conf/app.ini:/app.ini"]
    pulled(house, {**PLAIN, "a/compose.yaml": compose(web=service(volumes=mounts))})
    house.live("a/conf/grown").write_text("1")
    with over_the_network(second.host.removeprefix("unix://")) as address:
        house.settle(docker_host=address)
        done = pulled(house)
    assert (done["outcome"], done["reason"]) == ("blocked", "moved"), done
    assert "there: a/conf/grown, a/data;" in done["message"]


def test_an_old_engine_that_is_away_is_left_as_it_is(house: House, second: SecondEngine) -> None:
    house.stack()
    house.settle(docker_host=second.host)
    pulled(house, PLAIN)
    second.stop()
    house.settle(docker_host=FIRST)
    failed = pulled(house, {"a/compose.yaml": compose(web=service("exit 3"))})
    assert failed["outcome"] == "failed", failed
    assert "no way back" in failed["message"]
    done = pulled(house, PLAIN)
    assert done["outcome"] == "deployed", done
    assert "cannot be reached" in deployment_log(house)
    assert house.containers()["web"].state == "running"
    assert pulled(house)["outcome"] == "unchanged"


def test_data_on_an_old_engine_that_is_away_blocks_it_too(house: House, second: SecondEngine) -> None:
    house.stack()
    house.settle(docker_host=second.host)
    pulled(house, STORED)
    second.stop()
    house.settle(docker_host=FIRST)
    done = pulled(house)
    assert (done["outcome"], done["reason"]) == ("blocked", "moved"), done
    assert f"{house.project()}_store" in done["message"]
    assert house.containers() == {}


@pytest.mark.thorough  # as on its own engine: `test_lives.py`
def test_a_stack_that_was_stopped_by_hand_stays_so_until_somebody_asks(house: House, second: SecondEngine) -> None:
    house.stack()
    pulled(house, PLAIN)
    house.engine.stop(house.containers()["web"].container.id)
    house.settle(docker_host=second.host)
    assert pulled(house)["reason"] == "stopped"
    assert containers(house, second.engine) == {}
    assert house.ask()["outcome"] == "deployed"
    assert house.containers() == {}
    assert containers(house, second.engine)["web"].state == "running"
