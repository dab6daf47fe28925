"""After an upgrade of Compose a push touches what it is about, and what else will be replaced is known before."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner

from app.cli.commands.doctor import doctor
from app.cli.commands.plan import plan
from app.cli.session import Session
from tests.integration.deploy.house import House, compose, service
from tests.releases import INSTALLED, NAMES, PINNED, release
from workers.adapters.docker.releases import numbers, written
from workers.commands.upgrade import upgrades
from workers.deploy.transaction.call import project_from

pytestmark = [
    pytest.mark.docker,
    pytest.mark.skipif(len(NAMES) < 2, reason="it needs two releases"),
]

BIND = "./seen:/seen"  # since 5.0 the short form of a bind counts otherwise


def model(**changed: dict[str, Any]) -> str:
    services = {
        "web": service(volumes=[BIND], depends_on=["db"]),
        "db": service(volumes=[BIND]),
        "side": service(network_mode="service:db"),
        "apart": service(volumes=[BIND]),
    }
    return compose(**{name: {**each, **changed.get(name, {})} for name, each in services.items()})


def use(house: House, name: str, patch: pytest.MonkeyPatch) -> str:
    """Let another release be the installed one, as after an upgrade; its version."""
    patch.delenv("DOCKER_CONFIG", raising=False)
    found = release(name)
    found.choose(patch)
    house.services.close()
    house.services = house.fresh_services()
    return found.version


def told(house: House) -> tuple[str, str]:
    """What `tegu plan` and `tegu doctor` print."""
    session = Session(services=house.services)
    shown = CliRunner().invoke(plan, [], obj=session)
    assert shown.exit_code == 0, shown.output
    return shown.output, CliRunner().invoke(doctor, [], obj=session).output


@pytest.mark.timeout(300)
def test_an_unrelated_push_leaves_the_others_alone_and_they_are_told_of(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = written(numbers(use(house, INSTALLED, monkeypatch)))  # without the distribution's own number
    house.stack()
    assert house.push({"a/compose.yaml": model()})["outcome"] == "deployed"
    assert list(upgrades(house.services)) == []
    new = use(house, PINNED, monkeypatch)
    before = house.lives()

    (found,) = upgrades(house.services)
    assert (found.installed, found.made_with) == (new, (old,))
    assert (found.recreated, found.maybe) == (("apart", "db", "web"), ("side",))
    says = f"Compose {new} is installed; a was deployed with {old}: its services apart, db, web will be recreated"
    assert all(says in output for output in told(house))

    assert house.push({"a/compose.yaml": model(apart={"environment": {"NEW": "1"}})})["outcome"] == "deployed"
    after = house.lives()
    assert {name for name in after if after[name] != before[name]} == {"apart"}
    (found,) = upgrades(house.services)
    assert (found.recreated, found.maybe) == (("db", "web"), ("side",))

    changed = {name: {"environment": {"NEW": "1"}} for name in ("apart", "db", "web")}
    assert house.push({"a/compose.yaml": model(**changed)})["outcome"] == "deployed"
    assert list(upgrades(house.services)) == []
    assert not any("is installed" in output for output in told(house))
    assert house.look()["outcome"] == "unchanged"


def test_the_digest_that_is_foretold_is_the_one_on_the_container(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    use(house, PINNED, monkeypatch)
    house.stack()
    files = {"a/compose.yaml": compose(web=service(env_file="a.env", volumes=[BIND])), "a/a.env": "A=1"}
    assert house.push(files)["outcome"] == "deployed"
    stack = house.services.stacks.find("default/a")
    call = house.services.state.journal.load(stack.id).call
    assert call is not None
    project = project_from(call, stack, house.live())
    container = house.containers()["web"].container
    assert house.services.compose.hashes(project) == {"web": container.config_hash}
