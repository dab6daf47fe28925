"""A network that Compose takes for another one is made anew once, by Tegu, with all the services that are connected."""

from __future__ import annotations

import pytest

from tests.integration.deploy.house import House, service, yaml_of
from tests.releases import NAMES, release
from workers.model.errors import CommandFailed
from workers.runtime.process import run
from workers.runtime.settings import inherited

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("newest")]

ICC = "com.docker.network.bridge.enable_icc"


def model(icc: str = "true", **environment: str) -> str:
    """`web` and `db` share a network, `apart` has none; each may have a variable of its own."""
    services = {name: service(networks=["n"]) for name in ("web", "db")} | {"apart": service()}
    for name, text in environment.items():
        services[name]["environment"] = {"NEW": text}
    for name in ("web", "db"):
        del services[name]["network_mode"]
    return yaml_of({"services": services, "networks": {"n": {"driver_opts": {ICC: icc}}}})


def by_hand(house: House, text: str, *names: str) -> None:
    """`docker compose up` of these services by another file."""
    file = house.live("hand.yaml")
    file.write_text(text)
    program = [*house.services.compose.program, "-p", house.project(), "--project-directory", str(house.live("a"))]
    argv = [*program, "-f", str(file), "up", "-d", *names]
    run(argv, what="by hand", env=inherited(("PATH", "HOME", "DOCKER_CONFIG")), timeout=60)


def touched(house: House, before: dict[str, tuple[str, str]]) -> set[str]:
    after = house.lives()
    return {name for name in after if after[name] != before[name]}


def connected(house: House) -> tuple[str, int]:
    """An option of the network, and how many containers are connected to it."""
    found = house.engine.client.inspect_network(f"{house.project()}_n")
    return found["Options"][ICC], len(found["Containers"])


def test_one_that_somebody_has_changed_waits_for_a_push_to_a_service_on_it(house: House) -> None:
    house.stack(drift="ignore")
    assert house.push({"a/compose.yaml": model()})["outcome"] == "deployed"
    by_hand(house, model("false"))
    before = house.lives()

    assert house.push({"a/compose.yaml": model(apart="1")})["outcome"] == "deployed"
    assert touched(house, before) == {"apart"}
    assert connected(house) == ("false", 2)

    assert house.push({"a/compose.yaml": model(apart="1", web="1")})["outcome"] == "deployed"
    assert touched(house, before) == {"apart", "web", "db"}
    assert connected(house) == ("true", 2)


def test_one_that_compose_could_not_make_anew_is_mended_by_the_next_push(house: House) -> None:
    """Told of one of two services only, Compose cuts it off and fails, and so does whoever tries again."""
    house.stack(drift="ignore")
    assert house.push({"a/compose.yaml": model()})["outcome"] == "deployed"
    for _ in range(2):
        with pytest.raises(CommandFailed, match=r"active endpoints|not connected"):
            by_hand(house, model("false"), "web")
    before = house.lives()

    done = house.push({"a/compose.yaml": model("false", apart="1")})

    assert done["outcome"] == "deployed", done
    assert touched(house, before) == {"apart", "web", "db"}
    assert connected(house) == ("false", 2)


@pytest.mark.thorough  # what Compose has cut off is found as above
def test_one_that_is_as_it_was_before_such_a_failure_is_mended_too(house: House) -> None:
    house.stack(drift="ignore")
    assert house.push({"a/compose.yaml": model()})["outcome"] == "deployed"
    with pytest.raises(CommandFailed, match="active endpoints"):
        by_hand(house, model("false"), "web")

    assert house.push({"a/compose.yaml": model(web="1")})["outcome"] == "deployed"
    assert connected(house) == ("true", 2)


@pytest.mark.parametrize("name", NAMES)
def test_a_service_that_rests_joins_the_new_one(house: House, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    release(name).choose(monkeypatch)
    house.stack(drift="ignore")
    assert house.push({"a/compose.yaml": model()})["outcome"] == "deployed"
    house.docker("stop", house.containers()["db"].container.id)
    before = house.lives()

    assert house.push({"a/compose.yaml": model("false")})["outcome"] == "deployed"

    assert touched(house, before) == {"web", "db"}
    assert connected(house) == ("false", 2)
