"""`deployed` is never said of a stack in which a container runs another image than the files name."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.integration.deploy.house import House, compose, service
from tests.integration.deploy.test_naming import touched
from tests.registry import Registry
from workers.runtime.process import run
from workers.runtime.settings import inherited

pytestmark = pytest.mark.docker


@pytest.fixture
def registry(house: House) -> Iterator[Registry]:
    """A registry whose images are gone from the engine afterwards."""
    made = Registry(house.engine, "app")
    yield made
    made.close()
    client = house.engine.client
    for each in house.engine.containers(house.project()):
        client.remove_container(each.id, force=True)
    for image in client.images():
        if any(
            name.startswith(made.repository) for name in (*(image["RepoDigests"] or ()), *(image["RepoTags"] or ()))
        ):
            client.remove_image(image["Id"], force=True)


def pinned(registry: Registry, digest: str) -> str:
    return compose(web=service(image=f"{registry.repository}:1@{digest}"), db=service())


def other_image(house: House) -> str:
    """An image of another name and content."""
    client, name = house.engine.client, house.project("image")
    made = client.create_container("busybox:stable", ["true"])["Id"]
    client.commit(made, repository=name, tag="2", conf={"Env": ["SEEN=2"]})
    client.remove_container(made)
    return f"{name}:2"


def by_hand(house: House, **services: dict[str, object]) -> None:
    """Bring services up from another model than the deployed one."""
    house.live("hand.yaml").write_text(compose(**services))
    program = [*house.services.compose.program, "-p", house.project(), "--project-directory", str(house.live("a"))]
    argv = [*program, "-f", str(house.live("hand.yaml")), "up", "-d", "--no-deps", *services]
    run(argv, what="by hand", env=inherited(("PATH", "HOME", "DOCKER_CONFIG")), timeout=60)


def test_another_digest_replaces_the_container_and_nothing_else(house: House, registry: Registry) -> None:
    first, second = registry.add("SEEN=1"), registry.add("SEEN=2")
    house.stack()
    assert house.push({"a/compose.yaml": pinned(registry, first)})["outcome"] == "deployed"
    before = house.lives()

    assert house.push({"a/compose.yaml": pinned(registry, second)})["outcome"] == "deployed"

    assert touched(house, before) == {"web": "replaced"}
    assert "SEEN=2" in house.environment("web")
    assert house.drift() == {}


def test_a_digest_that_is_nowhere_fails_before_anything_is_touched(house: House, registry: Registry) -> None:
    house.stack()
    house.push({"a/compose.yaml": pinned(registry, registry.add("SEEN=1"))})
    before = house.lives()

    done = house.push({"a/compose.yaml": pinned(registry, f"sha256:{'0' * 64}")})

    assert done["outcome"] == "failed"
    assert re.match(rf"docker compose pull of \S+@sha256:{'0' * 64} ended with exit code", str(done["message"]))
    assert touched(house, before) == {}
    (row,) = house.services.state.rows(["default/a"])
    assert row["status"] == "failed"


@pytest.mark.parametrize(
    "again",
    [
        pytest.param({"x-note": "nothing that reaches a container"}, id="when the record only moves on"),
        pytest.param({"db": {"hostname": "h"}}, id="when another service is deployed"),
    ],
)
def test_what_runs_another_image_is_brought_to_the_named_one(house: House, again: dict[str, object]) -> None:
    """As a release left it that took one digest for another: the record says deployed, the old image runs."""
    house.stack(drift="ignore")
    steady = {"web": service(), "db": service(), "apart": service()}
    house.push({"a/compose.yaml": compose(**steady)})
    by_hand(house, web=service(image=other_image(house)))
    before = house.lives()
    assert "SEEN=2" in house.environment("web")
    note = f"# {again['x-note']}\n" if "x-note" in again else ""
    changed = {name: {**each, **again.get(name, {})} for name, each in steady.items()}  # type: ignore[dict-item]

    done = house.push({"a/compose.yaml": note + compose(**changed)})

    assert done["outcome"] == "deployed"
    assert touched(house, before) == dict.fromkeys(["web", *(again.keys() & steady.keys())], "replaced")
    assert "SEEN=2" not in house.environment("web")


def test_a_name_that_has_moved_on_since_is_no_difference(house: House) -> None:
    house.stack()
    named = other_image(house)
    steady = {"web": service(image=named), "db": service()}
    house.push({"a/compose.yaml": compose(**steady)})
    before = house.lives()
    house.docker("tag", "busybox:stable", named)

    assert house.push({"a/compose.yaml": "# a note\n" + compose(**steady)})["outcome"] == "unchanged"
    assert touched(house, before) == {}
    done = house.push({"a/compose.yaml": compose(**{**steady, "db": service(hostname="h")})})
    assert done["outcome"] == "deployed"
    assert touched(house, before) == {"db": "replaced"}


def test_what_compose_leaves_on_another_image_is_not_deployed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever Compose may take for no difference: here one that does nothing."""
    house.stack()
    house.push({"a/compose.yaml": compose(web=service(), db=service())})
    before = house.lives()
    named = other_image(house)
    monkeypatch.setattr("workers.deploy.transaction.up.up_argv", lambda *_, **__: ["ps"])

    done = house.push({"a/compose.yaml": compose(web=service(image=named), db=service())})

    assert done["outcome"] == "rolled_back"
    assert f"web: runs busybox:stable, not {named}" in str(done["message"])
    assert touched(house, before) == {}
