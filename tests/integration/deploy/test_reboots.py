"""What ends with the engine was stopped by nobody: it runs again, whatever its restart policy and exit code.

What somebody has stopped before stays so. One engine for all: it is dear.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.deploy.house import House, compose, service, yaml_of
from tests.second_engine import SecondEngine
from tests.worker_rig import eventually
from workers.model.errors import EngineUnavailable
from workers.reconcile.watch import Watch

pytestmark = [
    pytest.mark.docker,
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),  # the SDK drops its sockets when an engine goes
]

POLICIES = ("no", "on-failure", "always", "unless-stopped")
# As a server does: it ends well when it is told to.
SERVER = "trap 'exit 0' TERM; while :; do sleep 1 & wait $$!; done"
HAND = ("stopped", "killed", "removed")


def files(share: Path) -> dict[str, str | None]:
    server = service(SERVER, init=False)
    found: dict[str, str | None] = {f"{name}/compose.yaml": compose(web=server) for name in HAND}
    for policy in POLICIES:
        more = {"db": server} if policy == "always" else {}  # beside one that the engine starts again itself
        found[f"{policy}/compose.yaml"] = compose(web=service(SERVER, init=False, restart=policy), **more)
    late = {"driver": "local", "driver_opts": {"type": "none", "o": "bind", "device": str(share)}}
    mounting = service(SERVER, init=False, restart="always", volumes=["share:/share"])
    found["late/compose.yaml"] = yaml_of({"services": {"web": mounting}, "volumes": {"share": late}})
    found["job/compose.yaml"] = compose(job=service("sleep 6"), web=service(SERVER, init=False, restart="always"))
    return found


NAMES = (*HAND, *POLICIES, "late", "job")


@pytest.fixture
def rebooted(house: House, second: SecondEngine, tmp_path: Path) -> Iterator[House]:
    """Stacks on a watched engine of their own; some were stopped by hand."""
    (tmp_path / "share").mkdir()
    house.settle(docker_host=second.host)
    for name in NAMES:
        house.stack(name)
    watch = Watch(house.fresh_services(), "local")
    watch.start()
    house.pull(files(tmp_path / "share"))
    assert {row["stack"]: row["status"] for row in rows(house)} == {f"default/{name}": "deployed" for name in NAMES}
    yield house
    watch.end()


def rows(house: House) -> list[dict[str, Any]]:
    return house.services.state.rows([f"default/{name}" for name in NAMES])


def row(house: House, name: str) -> dict[str, Any]:
    (found,) = house.services.state.rows([f"default/{name}"])
    return found


def container(second: SecondEngine, house: House, name: str) -> str:
    (found,) = second.engine.containers(house.project(name))
    return found.id


def healed(house: House, *names: str) -> None:
    """These are brought back by what is published, and run."""

    def work() -> bool:
        house.work()
        return all((row(house, name)["status"], unwell(row(house, name))) == ("deployed", {}) for name in names)

    eventually(work, f"{names} are healed", 120)


def unwell(found: dict[str, Any]) -> dict[str, str]:
    services = found["services"].items()
    return {name: each["state"] for name, each in services if each["state"] != "running" and name != "job"}


def test_what_ends_with_the_engine_runs_again_and_what_somebody_has_stopped_does_not(
    rebooted: House, second: SecondEngine, tmp_path: Path
) -> None:
    house, client = rebooted, second.engine.client
    client.stop(container(second, house, "stopped"))
    client.kill(container(second, house, "killed"))
    client.remove_container(container(second, house, "removed"), force=True)
    eventually(lambda: {row(house, name)["status"] for name in HAND} == {"stopped"}, "they are stopped", 120)
    assert [row(house, name)["stopped"]["how"] for name in HAND] == ["docker stop", "docker kill", "docker rm"]
    eventually(lambda: row(house, "job")["services"]["job"]["state"] == "exited", "its end", 120)
    assert house.published.messages == []

    others = [*POLICIES, "job"]
    second.stop()
    share = (tmp_path / "share").rename(tmp_path / "away")
    second.start()
    eventually(lambda: row(house, "late")["services"]["web"].get("why") == "the engine could not start it", "why", 120)
    assert row(house, "no")["services"]["web"]["why"] == "ended with the engine"
    share.rename(tmp_path / "share")
    healed(house, *others, "late")
    assert row(house, "job")["services"]["job"]["state"] == "exited"
    assert {row(house, name)["status"] for name in HAND} == {"stopped"}

    second.kill()
    second.start()
    healed(house, *others, "late")
    assert {row(house, name)["status"] for name in HAND} == {"stopped"}

    before = lives(house, second)
    second.freeze()
    with pytest.raises(EngineUnavailable):
        second.engine.version()
    second.thaw()
    healed(house, *others, "late")
    assert lives(house, second) == before
    assert house.published.messages == []


def lives(house: House, second: SecondEngine) -> dict[str, str]:
    found = second.engine.details(each for name in NAMES for each in second.engine.containers(house.project(name)))
    return {each.container.id: each.started_at for each in found}
