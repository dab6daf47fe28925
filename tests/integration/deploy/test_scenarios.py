"""A stack before a push and after it: what is touched, what is not, and how it ends.

What becomes of each kind of change alone is in `tests/integration/effects`, of more of them in `test_one_push.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.integration.deploy.house import House, compose, service
from workers.commands.demo import free_port

pytestmark = pytest.mark.docker


@dataclass
class Scenario:
    """Files before and after, and what is expected of the second push.

    `same` are services whose container is untouched, `restarted` those whose container lives on with a new start,
    `replaced` those with another container, `gone` those without one. `told` stands in the message, `held` is the
    reason for leaving it alone after a failure.
    """

    before: Mapping[str, str | None]
    after: Mapping[str, str | None]
    outcome: str
    action: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    same: tuple[str, ...] = ()
    restarted: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    told: str = ""
    held: str = "failed_before"
    between: Callable[[House], None] | None = None
    check: Callable[[House], None] | None = None


WEB = service("sleep 1000", volumes=["./conf:/conf:ro"])
DB = service("sleep 2000")
PORT = free_port()
STEADY = {"a/compose.yaml": compose(web=WEB, db=DB), "a/conf/app.ini": "1"}


def changed(command: str, **more: object) -> dict[str, str | None]:
    return {"a/compose.yaml": compose(web={**WEB, "command": ["sh", "-c", command], **more}, db=DB)}


def serves(path: str, text: str) -> Callable[[House], None]:
    def check(house: House) -> None:
        assert house.seen("web", path) == text

    return check


def put(path: str, text: str) -> Callable[[House], None]:
    def write(house: House) -> None:
        target = house.live(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    return write


def has(path: str, text: str | None) -> Callable[[House], None]:
    def check(house: House) -> None:
        found = house.live(path).read_text() if house.live(path).exists() else None
        assert found == text

    return check


def taken_away(text: str) -> Callable[[House], None]:
    """It is as it should be, and in nobody's way any more."""

    def check(house: House) -> None:
        has("a/conf/local.ini", text)(house)
        house.live("a/conf/local.ini").unlink()

    return check


def occupy(house: House) -> None:
    name = house.project("other")
    options = ("--name", name, "--label", f"com.docker.compose.project={name}", "-p", f"127.0.0.1:{PORT}:80")
    house.docker("run", "-d", *options, "busybox:stable", "sleep", "1000")


def freed(house: House) -> None:
    house.docker("rm", "-f", house.project("other"))
    retried(house)


def retried(house: House) -> None:
    hold = house.services.state.holds.get("default/a")
    assert hold is not None
    assert hold.retry_at


def built(context: str) -> dict[str, object]:
    made = {**service("sleep 1000"), "build": context}
    del made["image"]
    return made


def docker(context: str, text: str) -> dict[str, str | None]:
    return {f"a/{context}/Dockerfile": "FROM busybox:stable\nCOPY text /text\n", f"a/{context}/text": text}


def tagged_as_run(house: House) -> None:
    for name, each in house.containers().items():
        assert house.engine.image_id(f"{house.project()}-{name}") == each.container.image_id


HEALTHCHECK = {"interval": "300ms", "timeout": "1s", "retries": 2, "start_period": "0s"}

PUSHES = {
    "a good update replaces that service": Scenario(
        STEADY, changed("sleep 1001"), "deployed", "up", replaced=("web",), same=("db",)
    ),
    "a comment touches nothing": Scenario(
        {"a/compose.yaml": f"# one\n{STEADY['a/compose.yaml']}", "a/conf/app.ini": "1"},
        {"a/compose.yaml": f"# two\n{STEADY['a/compose.yaml']}"},
        "unchanged",
        "none",
        same=("web", "db"),
        check=has("a/compose.yaml", f"# two\n{STEADY['a/compose.yaml']}"),
    ),
    "another folder's file touches nothing": Scenario(
        STEADY, {"README.md": "x", "b/compose.yaml": "broken: ["}, "unchanged", same=("web", "db")
    ),
    "a syntax error leaves everything as it is": Scenario(
        STEADY,
        {"a/compose.yaml": "services: {web: [}"},
        "invalid",
        same=("web", "db"),
        check=has("a/compose.yaml", STEADY["a/compose.yaml"]),
    ),
    "an unknown key is for compose to refuse": Scenario(
        STEADY,
        {"a/compose.yaml": compose(web={**WEB, "imgae": "x"}, db=DB)},
        "invalid",
        same=("web", "db"),
        check=has("a/compose.yaml", STEADY["a/compose.yaml"]),
    ),
    "an unknown image fails before anything is touched": Scenario(
        STEADY,
        {"a/compose.yaml": compose(web={**WEB, "image": "localhost:1/none:1"}, db=DB)},
        "failed",
        same=("web", "db"),
        told="pull",
        check=has("a/compose.yaml", STEADY["a/compose.yaml"]),
    ),
    "a crash loop is rolled back": Scenario(
        STEADY,
        changed("echo no good; exit 3", restart="always"),
        "rolled_back",
        same=("db",),
        told="no good",
        check=serves("/conf/app.ini", "1"),
    ),
    "a crash loop with a healthcheck is rolled back": Scenario(
        STEADY,
        changed(
            "echo no good; exit 3",
            restart="always",
            healthcheck={**HEALTHCHECK, "retries": 100, "test": ["CMD", "true"]},
        ),
        "rolled_back",
        same=("db",),
        told="no good",
        check=serves("/conf/app.ini", "1"),
    ),
    "a crash without a restart policy is rolled back": Scenario(
        STEADY, changed("sleep 0.3; exit 3"), "rolled_back", same=("db",), told="exit code 3"
    ),
    "an unhealthy service is rolled back": Scenario(
        STEADY,
        changed("sleep 1003", healthcheck={**HEALTHCHECK, "test": ["CMD", "false"]}),
        "rolled_back",
        same=("db",),
        told="unhealthy",
    ),
    "a service that becomes healthy in time": Scenario(
        STEADY,
        changed(
            "sleep 1; touch /ok; sleep 1000",
            healthcheck={**HEALTHCHECK, "retries": 30, "test": ["CMD", "test", "-e", "/ok"]},
        ),
        "deployed",
        replaced=("web",),
        same=("db",),
    ),
    "a service that is not healthy in time is rolled back": Scenario(
        STEADY,
        changed("sleep 1000", healthcheck={**HEALTHCHECK, "retries": 100, "test": ["CMD", "false"]}),
        "rolled_back",
        options={"health": {"timeout": "3s", "settle": "1s"}},
        same=("db",),
        told="not healthy yet",
    ),
    "a one-shot that fails is rolled back": Scenario(
        STEADY,
        {"a/compose.yaml": compose(web=WEB, db=DB, job=service("echo cannot; exit 4"))},
        "rolled_back",
        same=("web", "db"),
        gone=("job",),
        told="exit code 4",
    ),
    "what may not be built is passed over, Dockerfile and all": Scenario(
        STEADY,
        {"a/compose.yaml": compose(web={**WEB, "build": "./lost"}, db=DB)},
        "unchanged",
        "none",
        options={"build": False},
        same=("web", "db"),
    ),
    "what may not be built is pulled": Scenario(
        STEADY,
        changed("sleep 1001", build="./gone", image="127.0.0.1:1/none:1"),
        "failed",
        options={"build": False},
        same=("web", "db"),
        told="docker compose pull",
        check=retried,
    ),
    "what may neither be built nor pulled fails before anything is touched": Scenario(
        STEADY,
        changed("sleep 1001", build="./gone", image="127.0.0.1:1/none:2"),
        "failed",
        options={"build": False, "pull_images": "never"},
        same=("web", "db"),
        told="the option build is false",
        check=retried,
    ),
    "an image that may not be pulled and is not there fails before anything is touched": Scenario(
        STEADY,
        changed("sleep 1001", image="127.0.0.1:1/none:1"),
        "failed",
        options={"pull_images": "never"},
        same=("web", "db"),
        told="the image 127.0.0.1:1/none:1, which the service web needs, is not there",
        check=retried,
    ),
    "an image that its service never pulls fails before anything is touched": Scenario(
        STEADY,
        changed("sleep 1001", image="127.0.0.1:1/none:1", pull_policy="never"),
        "failed",
        same=("web", "db"),
        told="by the service's pull_policy",
        check=retried,
    ),
    "a tracked file over an untracked one is blocked": Scenario(
        STEADY,
        {"a/conf/local.ini": "git's"},
        "blocked",
        between=put("a/conf/local.ini", "mine"),
        same=("web", "db"),
        told="adopt",
        check=taken_away("mine"),
    ),
    "a tracked file over an untracked one is taken over when told to": Scenario(
        STEADY,
        {"a/conf/local.ini": "git's"},
        "deployed",
        options={"adopt": True},
        between=put("a/conf/local.ini", "mine"),
        restarted=("web",),
        same=("db",),
        check=taken_away("git's"),
    ),
    "a failing pre-deploy hook is rolled back": Scenario(
        {**STEADY, "a/fail": "0"},
        {**changed("sleep 1001"), "a/fail": "1"},
        "rolled_back",
        options={
            "hooks": {"pre_deploy": [["sh", "-c", 'test "$(cat fail)" = 0 || { echo refused; exit 5; }']]},
            "watch": ["a/fail"],
        },
        same=("web", "db"),
        told="refused",
        check=has("a/fail", "0"),
    ),
    "a failing post-deploy hook is rolled back": Scenario(
        {**STEADY, "a/fail": "0"},
        {**changed("sleep 1002"), "a/fail": "1"},
        "rolled_back",
        options={"hooks": {"post_deploy": [["sh", "-c", 'test "$(cat fail)" = 0']]}, "watch": ["a/fail"]},
        told="post_deploy hook sh",
    ),
    "a port that another container has fails before anything is touched": Scenario(
        STEADY,
        changed("sleep 1001", network_mode="bridge", ports=[f"127.0.0.1:{PORT}:80"]),
        "failed",
        between=occupy,
        same=("web", "db"),
        told=f"127.0.0.1:{PORT}/tcp is taken",
        held="obstructed",
        check=freed,
    ),
}

OTHERS = {
    "a build that fails after another has moved its tag gives it back": Scenario(
        {"a/compose.yaml": compose(web=built("one"), db=built("two")), **docker("one", "1"), **docker("two", "1")},
        {**docker("one", "2"), "a/two/Dockerfile": "FROM busybox:stable\nRUN sleep 3; false\n"},
        "failed",
        same=("web", "db"),
        told="build",
        check=tagged_as_run,
    ),
    "without rollback a failure stays": Scenario(
        {"a/compose.yaml": compose(web=service())},
        {"a/compose.yaml": compose(web=service("exit 3"))},
        "failed",
        options={"rollback": False},
        told="exit code 3",
    ),
}


@pytest.fixture(scope="module")
def steady(lasting: House) -> House:
    """`STEADY`, which runs for all the pushes that begin with it; so do two containers, and not two for each."""
    lasting.stack()
    assert lasting.push(STEADY)["outcome"] == "deployed"
    return lasting


@pytest.mark.parametrize("scenario", PUSHES.values(), ids=PUSHES.keys())
def test_a_push(scenario: Scenario, steady: House) -> None:
    seen = {path for each in PUSHES.values() for path in (*each.before, *each.after)} - STEADY.keys()
    gone: dict[str, str | None] = dict.fromkeys(seen)
    steady.stack(**scenario.options)
    back = steady.push({**gone, **scenario.before})  # to what runs as a rule: most scenarios leave it so
    assert back["outcome"] in {"unchanged", "deployed"}, back
    tried(steady, scenario)


@pytest.mark.parametrize("scenario", OTHERS.values(), ids=OTHERS.keys())
def test_a_push_to_another_stack(scenario: Scenario, house: House) -> None:
    house.stack(**scenario.options)
    first = house.push(scenario.before)
    assert (first["outcome"], first["reason"]) == ("deployed", "first_deploy"), first["message"]
    tried(house, scenario)


def tried(house: House, scenario: Scenario) -> None:
    """The second push, and what it has done."""
    if scenario.between:
        scenario.between(house)
    before = house.lives()

    done = house.push(scenario.after)

    assert done["outcome"] == scenario.outcome, done["message"]
    assert scenario.action in {None, done["action"]}
    assert scenario.told in str(done["message"])
    after = house.lives()
    assert {name: after.get(name) for name in scenario.same} == {name: before[name] for name in scenario.same}
    for name in scenario.restarted:
        assert after[name][0] == before[name][0]
        assert after[name][1] != before[name][1]
    for name in scenario.replaced:
        assert after[name][0] != before[name][0]
    assert not set(scenario.gone) & set(after)
    if scenario.check:
        scenario.check(house)

    assert not list((house.folder / "data/state/default").glob("*.undo"))
    assert not list((house.folder / "data/state/default").glob("*.stage"))
    if scenario.outcome in {"deployed", "unchanged"}:
        again = house.look()
        assert (again["outcome"], again["action"]) == ("unchanged", "none"), again
        assert house.lives() == after
    if scenario.outcome in {"rolled_back", "failed"} and scenario.options.get("rollback", True):
        again = house.look()
        assert (again["outcome"], again["reason"]) == ("skipped", scenario.held), again
        assert house.lives() == after
