"""A push touches the containers of the services that its decision names, and no other, whatever Compose sees there."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.deploy.house import House, compose, service, yaml_of
from tests.releases import INSTALLED, NAMES, PINNED, examples, release
from workers.commands.plan import plan
from workers.model.words import Action
from workers.runtime.process import run
from workers.runtime.settings import inherited

pytestmark = pytest.mark.docker

Services = dict[str, dict[str, Any]]


def chain(**changed: dict[str, Any]) -> Services:
    """`web` depends on `api` and that on `db`; `side` lives in `api`'s namespaces, `copy` has `db`'s volumes."""
    made: Services = {
        "db": service(healthcheck={"test": ["CMD", "true"], "interval": "1s"}, volumes=["/data"]),
        "api": service(depends_on={"db": {"condition": "service_healthy"}}),
        "side": service(network_mode="service:api"),
        "web": service(depends_on={"api": {"condition": "service_started", "restart": True}}),
        "copy": service(volumes_from=["db"]),
        "apart": service(),
    }
    for name, more in changed.items():
        made[name] = {**made[name], **more}
    return made


def differs_for_compose(house: House, *names: str) -> None:
    """Bring services up by hand from a model that Compose tells from the deployed one, and Tegu is not asked about."""
    house.live("hand.yaml").write_text(compose(**chain(**{name: {"hostname": "by-hand"} for name in names})))
    program = [*house.services.compose.program, "-p", house.project(), "--project-directory", str(house.live("a"))]
    argv = [*program, "-f", str(house.live("hand.yaml")), "up", "-d", "--no-deps", *names]
    run(argv, what="by hand", env=inherited(("PATH", "HOME", "DOCKER_CONFIG")), timeout=60)


def touched(house: House, before: dict[str, tuple[str, str]]) -> dict[str, str]:
    """What became of each service's container: `replaced` or `restarted`."""
    after = house.lives()
    assert after.keys() == before.keys()
    return {
        name: "restarted" if after[name][0] == before[name][0] else "replaced"
        for name in before
        if after[name] != before[name]
    }


def named(house: House) -> dict[str, Action]:
    """What the decision about the newest commit names, as `tegu plan` has it."""
    (decision,) = plan(house.services)
    return {name: each.action for name, each in decision.services.items()}


CASES: dict[str, list[tuple[str, tuple[str, ...], dict[str, str]]]] = {
    PINNED: [
        # One that has nothing to do with others, and one that others live in and depend on.
        ("apart", ("db", "api", "web"), {"apart": "replaced"}),
        ("api", ("db", "apart", "copy"), {"api": "replaced", "side": "replaced", "web": "restarted"}),
    ],
    INSTALLED: [
        # One that depends on others, and one whose volumes another has.
        ("web", ("db", "apart"), {"web": "replaced"}),
        ("db", ("web", "apart"), {"db": "replaced", "copy": "replaced"}),
    ],
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", CASES)
def test_what_is_named_is_touched_and_nothing_else(house: House, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By pushes to one project, one after the other."""
    release(name).choose(monkeypatch)
    house.stack(drift="ignore")
    assert house.push({"a/compose.yaml": compose(**chain())})["outcome"] == "deployed"
    pushed = _beside_what_differs_for_compose_only(house, name)
    _on_the_way_back(house, pushed)
    _whatever_is_edited(house, chain(**pushed), random.Random(NAMES.index(name) if name in NAMES else 0))


def _beside_what_differs_for_compose_only(house: House, name: str) -> Services:
    pushed: Services = {}
    for changed, by_hand, expected in CASES[name]:
        differs_for_compose(house, *by_hand)
        before = house.lives()

        pushed[changed] = {"environment": {"NEW": "1"}}
        house.fetch({"a/compose.yaml": compose(**chain(**pushed))})
        decided = named(house)
        assert house.look()["outcome"] == "deployed"

        assert touched(house, before) == expected
        assert decided.keys() == expected.keys()
        assert "NEW=1" in house.environment(changed)
    return pushed


def _on_the_way_back(house: House, pushed: Services) -> None:
    before = house.lives()
    fails = {**pushed.get("web", {}), "command": ["sh", "-c", "exit 3"]}
    assert house.push({"a/compose.yaml": compose(**chain(**(pushed | {"web": fails})))})["outcome"] == "rolled_back"
    assert touched(house, before) == {"web": "replaced"}
    assert house.command("web") == "sleep 1000"


def test_what_it_depends_on_is_started_and_waited_for_where_it_does_not_run(house: House) -> None:
    """An ended one-shot is run again before what waits for its end, as Compose does."""
    house.stack()
    job = service("cat /proc/uptime > /seen/ran", volumes=["./seen:/seen"])
    web = service("cp /seen/ran /copy; sleep 1000", volumes=["./seen:/seen"])
    needs = {"job": {"condition": "service_completed_successfully"}}
    house.push({"a/compose.yaml": compose(job=job, web={**web, "depends_on": needs}, apart=service())})
    before, ran = house.lives(), house.seen("web", "/copy")

    house.push({"a/compose.yaml": compose(job=job, web={**web, "depends_on": needs, "tty": True}, apart=service())})

    assert touched(house, before).keys() == {"job", "web"}
    assert house.seen("web", "/copy") != ran


def hashes(house: House) -> dict[str, str]:
    """Compose's own digest of each service, by the live files."""
    directory = house.live("a")
    program = [*house.services.compose.program, "-p", house.project(), "--project-directory", str(directory)]
    argv = [*program, "-f", str(directory / "compose.yaml"), "config", "--hash", "*"]
    env = inherited(("PATH", "HOME", "DOCKER_CONFIG"))
    return dict(line.split() for line in run(argv, what="hash", env=env, timeout=60).stdout.splitlines())


Edit = Callable[[dict[str, Any], int], object]
EDITS: dict[str, Edit] = {
    "environment": lambda found, count: found.setdefault("environment", {}).update(N=str(count)),
    "label": lambda found, count: found.setdefault("labels", {}).update(n=str(count)),
    "hostname": lambda found, count: found.update(hostname=f"h{count}"),
    "command": lambda found, count: found.update(command=["sh", "-c", f"sleep {1000 + count}"]),
    "tty": lambda found, _: found.update(tty=not found.get("tty")),
    "extension": lambda found, count: found.update({"x-note": str(count)}),
    "dependency": lambda found, count: found.get("depends_on", {}).pop("x" if count % 2 else "api", None),
}
REFERS = {"side": "api", "copy": "db"}  # whose digest on the container has the id of another one


def _whatever_is_edited(house: House, services: Services, chance: random.Random) -> None:
    """By Compose's digests, by the decision, and by the engine the same services change."""
    assert house.push({"a/compose.yaml": compose(**services)})["outcome"] == "unchanged"
    for count in range(examples(2, 3)):
        for name in chance.sample(sorted(services), chance.randint(1, 2)):
            EDITS[chance.choice(sorted(EDITS))](services[name], count)
        before, known = house.lives(), hashes(house)
        house.fetch({"a/compose.yaml": yaml_of({"services": services})})
        decided = {name for name, action in named(house).items() if action.strength >= Action.UP.strength}
        done = house.look()
        after = hashes(house)
        differing = {name for name in after if after[name] != known[name]}
        differing |= {name for name, lender in REFERS.items() if lender in differing}
        found = touched(house, before)
        replaced = {name for name, what in found.items() if what == "replaced"}
        told = {"services": services, "log": house.log(str(done["deployment"]))}
        assert done["outcome"] in {"deployed", "unchanged"}, told
        assert replaced == differing == decided, told
