"""A stack before a push and after it: what is touched, what is not, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.integration.deploy.house import House, compose, service
from tests.worker_rig import eventually

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
    first: str = "deployed"
    between: Callable[[House], None] | None = None
    check: Callable[[House], None] | None = None


WEB = service("sleep 1000", volumes=["./conf:/conf:ro"])
DB = service("sleep 2000")
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


def no_word_of_garbage(house: House) -> None:
    found = [each for each in house.environment("web") if each.startswith(("GOGC", "X="))]
    assert {"X=none"} <= {*found} <= {"X=none", "GOGC"}, found  # Compose hands on what has no value, or leaves it out


def counted(house: House, count: int) -> None:
    assert len(house.engine.containers(house.project())) == count


def occupy(house: House) -> None:
    label = f"com.docker.compose.project={house.project('other')}"
    house.docker("run", "-d", "--label", label, "-p", "127.0.0.1:47813:80", "busybox:stable", "sleep", "1000")


def retried(house: House) -> None:
    hold = house.services.state.holds.get("default/a")
    assert hold is not None
    assert hold.retry_at


OWNING = service(
    'test -e /done || { echo "container\'s" > /conf/app.ini; chown 1234 /conf/app.ini; touch /done; }; sleep 1000',
    volumes=["./conf:/conf"],
)


def owned(text: str) -> Callable[[House], None]:
    def check(house: House) -> None:
        assert house.live("a/conf/app.ini").read_text().strip() == text
        assert house.live("a/conf/app.ini").stat().st_uid == 1234

    return check


def rewritten(house: House) -> None:
    eventually(lambda: house.live("a/conf/app.ini").stat().st_uid == 1234, "the container has its file")


def kept_and_owned(house: House) -> None:
    owned("git's next")(house)
    (kept,) = (house.folder / "data/state/default/a.kept").glob("*/a/conf/app.ini")
    assert kept.read_text().strip() == "container's"


def leads(house: House, target: str) -> None:
    assert str(house.live("a/conf/app.ini").readlink()) == target
    serves("/conf/app.ini", target[0])(house)


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

SCENARIOS = {
    "a good update replaces that service": Scenario(
        STEADY, changed("sleep 1001"), "deployed", "up", replaced=("web",), same=("db",)
    ),
    "a mounted folder's file restarts whoever mounts it": Scenario(
        STEADY,
        {"a/conf/app.ini": "2"},
        "deployed",
        "restart",
        restarted=("web",),
        same=("db",),
        check=serves("/conf/app.ini", "2"),
    ),
    "a mounted file restarts whoever mounts it": Scenario(
        {"a/compose.yaml": compose(web=service(volumes=["./app.ini:/app.ini"]), db=DB), "a/app.ini": "1"},
        {"a/app.ini": "2"},
        "deployed",
        "restart",
        restarted=("web",),
        same=("db",),
        check=serves("/app.ini", "2"),
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
    "a one-shot that ends well": Scenario(
        STEADY, {"a/compose.yaml": compose(web=WEB, db=DB, job=service("true"))}, "deployed", same=("web", "db")
    ),
    "a one-shot that fails is rolled back": Scenario(
        STEADY,
        {"a/compose.yaml": compose(web=WEB, db=DB, job=service("echo cannot; exit 4"))},
        "rolled_back",
        same=("web", "db"),
        gone=("job",),
        told="exit code 4",
    ),
    "an ended one-shot does not run again for another service's sake": Scenario(
        {"a/compose.yaml": compose(web=service(), job=service("true"))},
        {"a/compose.yaml": compose(web=service("sleep 1001"), job=service("true"))},
        "deployed",
        replaced=("web",),
        same=("job",),
    ),
    "a one-shot whose mounted script changed runs again": Scenario(
        {"a/compose.yaml": compose(job=service("sh /s/run", volumes=["./s:/s"])), "a/s/run": "true"},
        {"a/s/run": "true # two"},
        "deployed",
        "restart",
        restarted=("job",),
    ),
    "a removed service goes": Scenario(
        STEADY, {"a/compose.yaml": compose(web=WEB)}, "deployed", "up", same=("web",), gone=("db",)
    ),
    "a dropped profile's service goes": Scenario(
        {"a/compose.yaml": compose(web=service(), x=service(profiles=["p"])), "a/.env": "COMPOSE_PROFILES=p"},
        {"a/.env": "COMPOSE_PROFILES="},
        "deployed",
        same=("web",),
        gone=("x",),
    ),
    "another profile is switched on": Scenario(
        {
            "a/compose.yaml": compose(web=service(), x=service(profiles=["p"]), y=service(profiles=["q"])),
            "a/.env": "COMPOSE_PROFILES=p",
        },
        {"a/.env": "COMPOSE_PROFILES=q"},
        "deployed",
        same=("web",),
        gone=("x",),
        check=lambda house: counted(house, 2),
    ),
    "a file that its container has rewritten and given away stays while git leaves it alone": Scenario(
        {"a/compose.yaml": compose(web=OWNING, db=DB), "a/conf/app.ini": "git's"},
        {"a/compose.yaml": compose(web=OWNING, db=service("sleep 2001"))},
        "deployed",
        same=("web",),
        replaced=("db",),
        between=rewritten,
        check=owned("container's"),
    ),
    "a file that its container has rewritten and given away is git's again when git changes it": Scenario(
        {"a/compose.yaml": compose(web=OWNING, db=DB), "a/conf/app.ini": "git's"},
        {"a/conf/app.ini": "git's next"},
        "deployed",
        restarted=("web",),
        same=("db",),
        between=rewritten,
        check=kept_and_owned,
    ),
    "a mounted symlink that leads elsewhere": Scenario(
        {
            "a/compose.yaml": compose(web=service(volumes=["./conf:/conf"]), db=DB),
            "a/conf/1.ini": "1",
            "a/conf/2.ini": "2",
            "a/conf/app.ini": "-> 1.ini",
        },
        {"a/conf/app.ini": "-> 2.ini"},
        "deployed",
        "restart",
        restarted=("web",),
        same=("db",),
        check=lambda house: leads(house, "2.ini"),
    ),
    "a symlink becomes a file": Scenario(
        {
            "a/compose.yaml": compose(web=service(volumes=["./conf:/conf"]), db=DB),
            "a/conf/1.ini": "1",
            "a/conf/app.ini": "-> 1.ini",
        },
        {"a/conf/app.ini": "plain"},
        "deployed",
        "restart",
        restarted=("web",),
        same=("db",),
        check=serves("/conf/app.ini", "plain"),
    ),
    "a build that fails after another has moved its tag gives it back": Scenario(
        {"a/compose.yaml": compose(web=built("one"), db=built("two")), **docker("one", "1"), **docker("two", "1")},
        {**docker("one", "2"), "a/two/Dockerfile": "FROM busybox:stable\nRUN sleep 3; false\n"},
        "failed",
        same=("web", "db"),
        told="build",
        check=tagged_as_run,
    ),
    "what may not be built is passed over, Dockerfile and all": Scenario(
        {"a/compose.yaml": compose(web={**WEB, "build": "./gone"}, db=DB), "a/conf/app.ini": "1"},
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
        changed("sleep 1001", build="./gone", image="127.0.0.1:1/none:1"),
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
    "what a container wrote survives": Scenario(
        {"a/compose.yaml": compose(web=service("date > /data/new; sleep 1000", volumes=["./data:/data"])), "a/x": "1"},
        {"a/compose.yaml": compose(web=service("sleep 1001", volumes=["./data:/data"]))},
        "deployed",
        replaced=("web",),
        between=put("a/data/kept", "kept"),
        check=serves("/data/kept", "kept"),
    ),
    "an env file that Git lacks is used and kept": Scenario(
        {"a/compose.yaml": compose(web=service(environment={"X": "${X}"}), db=DB)},
        {"a/README.md": "a change elsewhere"},
        "deployed",
        replaced=("web",),
        same=("db",),
        between=put("a/.env", "X=from outside"),
        check=has("a/.env", "X=from outside"),
    ),
    "what makes Compose quick reaches no container that asks for a variable of that name": Scenario(
        {"a/compose.yaml": compose(web=service(environment=["GOGC", "X=${GOGC-none}"]))},
        {"a/compose.yaml": compose(web=service("sleep 1001", environment=["GOGC", "X=${GOGC-none}"]))},
        "deployed",
        replaced=("web",),
        check=no_word_of_garbage,
    ),
    "an env file in Git reaches the container": Scenario(
        {"a/compose.yaml": compose(web=service(env_file=["app.env"]), db=DB), "a/app.env": "X=1"},
        {"a/app.env": "X=2"},
        "deployed",
        "up",
        replaced=("web",),
        same=("db",),
    ),
    "a tracked file over an untracked one is blocked": Scenario(
        STEADY,
        {"a/conf/local.ini": "git's"},
        "blocked",
        between=put("a/conf/local.ini", "mine"),
        same=("web", "db"),
        told="adopt",
        check=has("a/conf/local.ini", "mine"),
    ),
    "a tracked file over an untracked one is taken over when told to": Scenario(
        STEADY,
        {"a/conf/local.ini": "git's"},
        "deployed",
        options={"adopt": True},
        between=put("a/conf/local.ini", "mine"),
        restarted=("web",),
        same=("db",),
        check=has("a/conf/local.ini", "git's"),
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
        {**changed("sleep 1001"), "a/fail": "1"},
        "rolled_back",
        options={"hooks": {"post_deploy": [["sh", "-c", 'test "$(cat fail)" = 0']]}, "watch": ["a/fail"]},
        told="post_deploy hook sh",
    ),
    "a renamed service": Scenario(
        STEADY, {"a/compose.yaml": compose(site=WEB, db=DB)}, "deployed", same=("db",), gone=("web",)
    ),
    "a scaled service keeps its first container": Scenario(
        {"a/compose.yaml": compose(web=service(scale=1), db=DB)},
        {"a/compose.yaml": compose(web=service(scale=3), db=DB)},
        "deployed",
        same=("web", "db"),
        check=lambda house: counted(house, 4),
    ),
    "a service scaled down keeps as many containers as it needs": Scenario(
        {"a/compose.yaml": compose(web=service(scale=3), db=DB)},
        {"a/compose.yaml": compose(web=service(scale=1), db=DB)},
        "deployed",
        same=("db",),
        check=lambda house: counted(house, 2),
    ),
    "a mounted file becomes a folder": Scenario(
        {**STEADY, "a/conf/x": "1"},
        {"a/conf/x": None, "a/conf/x/y": "2"},
        "deployed",
        restarted=("web",),
        check=serves("/conf/x/y", "2"),
    ),
    "a mounted folder becomes a file": Scenario(
        {**STEADY, "a/conf/x/y": "2"},
        {"a/conf/x/y": None, "a/conf/x": "1"},
        "deployed",
        restarted=("web",),
        check=serves("/conf/x", "1"),
    ),
    "a shared file outside the project folder": Scenario(
        {"a/compose.yaml": compose(web=service(volumes=["../shared:/s"]), db=DB), "shared/x": "1"},
        {"shared/x": "2"},
        "deployed",
        "restart",
        restarted=("web",),
        same=("db",),
        check=serves("/s/x", "2"),
    ),
    "a namespace's owner is replaced with whoever lives in it": Scenario(
        {
            "a/compose.yaml": compose(
                web=service(), side={**service("sleep 2001"), "network_mode": "service:web"}, db=DB
            )
        },
        {
            "a/compose.yaml": compose(
                web=service("sleep 1001"), side={**service("sleep 2001"), "network_mode": "service:web"}, db=DB
            )
        },
        "deployed",
        replaced=("web", "side"),
        same=("db",),
    ),
    "a signal reaches the process and restarts nothing": Scenario(
        {
            "a/compose.yaml": compose(
                web=service(
                    "trap 'cat /conf/x > /seen' HUP; while :; do sleep 0.1; done", volumes=["./conf:/conf"], init=False
                )
            ),
            "a/conf/x": "1",
        },
        {"a/conf/x": "2"},
        "deployed",
        "signal",
        options={"on_change": [{"paths": ["a/conf/**"], "action": "signal:HUP"}]},
        same=("web",),
        check=lambda house: eventually(
            lambda: house.seen("web", "/seen") == "2", "the process has read its file again"
        ),
    ),
    "an ignored file is written and nothing happens": Scenario(
        {**STEADY, "a/conf/x.md": "1"},
        {"a/conf/x.md": "2"},
        "unchanged",
        "none",
        options={"on_change": [{"paths": ["**/*.md"], "action": "ignore"}]},
        same=("web", "db"),
        check=has("a/conf/x.md", "2"),
    ),
    "a port that another container has fails before anything is touched": Scenario(
        STEADY,
        changed("sleep 1001", network_mode="bridge", ports=["127.0.0.1:47813:80"]),
        "failed",
        between=occupy,
        same=("web", "db"),
        told="127.0.0.1:47813/tcp is taken",
        held="obstructed",
        check=retried,
    ),
    "without rollback a failure stays": Scenario(
        STEADY, changed("exit 3"), "failed", options={"rollback": False}, same=("db",), told="exit code 3"
    ),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS.keys())
def test_a_push(scenario: Scenario, house: House) -> None:
    house.stack(**scenario.options)
    first = house.push(scenario.before)
    assert (first["outcome"], first["reason"]) == (scenario.first, "first_deploy"), first["message"]
    if scenario.between:
        scenario.between(house)
    before = house.lives()
    if scenario.outcome in {"rolled_back", "failed"}:  # what fails a moment after its start has to be waited for
        house.stack(**{"health": {"timeout": "20s", "settle": "1s"}, **scenario.options})

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
