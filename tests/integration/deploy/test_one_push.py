"""One push that changes many things: each service becomes what its own change asks for, whatever becomes of others.

Two deployments for all of it; of each kind of change alone is `tests/integration/effects`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tests.integration.deploy.house import LINK, Files, House, service, yaml_of
from tests.worker_rig import eventually

pytestmark = pytest.mark.docker

# Containers by the service they belong to; what is there after the push and was not there before is `new`.
# Of a service that needs `fewer` Compose picks those that go, by their age in whole seconds.
SAME, RESTARTED, REPLACED, NEW, GONE, FEWER = "same", "restarted", "replaced", "new", "gone", "fewer"


@dataclass
class Part:
    """What is in the project for one sentence, before and after the push, and what becomes of each service.

    `between` happens on the host before the push; `seen` are files as a service's container then has them.
    """

    before: dict[str, dict[str, object]]
    becomes: dict[str, str]
    after: dict[str, dict[str, object]] = field(default_factory=dict)
    files: Files = field(default_factory=dict)
    pushed: Files = field(default_factory=dict)
    between: Callable[[House], None] = lambda _: None
    seen: dict[tuple[str, str], str] = field(default_factory=dict)
    check: Callable[[House], None] = lambda _: None


def mounts(folder: str, command: str = "sleep 1000", **more: object) -> dict[str, object]:
    return service(command, volumes=[f"./{folder}:/{folder}"], **more)


def owning(folder: str) -> dict[str, object]:
    """It rewrites its file and gives it away, once."""
    file = f"/{folder}/app.ini"
    command = f'test -e /done || {{ echo "container\'s" > {file}; chown 1234 {file}; touch /done; }}; sleep 1000'
    return mounts(folder, command)


def rewritten(folder: str) -> Callable[[House], None]:
    def check(house: House) -> None:
        eventually(lambda: house.live(f"a/{folder}/app.ini").stat().st_uid == 1234, "the container has its file")

    return check


def put(path: str, text: str) -> Callable[[House], None]:
    def write(house: House) -> None:
        house.live(path).parent.mkdir(parents=True, exist_ok=True)
        house.live(path).write_text(text)

    return write


def kept_and_owned(house: House) -> None:
    assert house.live("a/taken/app.ini").stat().st_uid == 1234
    (kept,) = (house.folder / "data/state/default/a.kept").glob("*/a/taken/app.ini")
    assert kept.read_text().strip() == "container's"


def still_owned(house: House) -> None:
    assert house.live("a/owned/app.ini").stat().st_uid == 1234


def leads(house: House) -> None:
    assert str(house.live("a/linked/app.ini").readlink()) == "2.ini"


def read_again(house: House) -> None:
    eventually(lambda: house.seen("told", "/seen") == "2", "the process has read its file again")


def no_word_of_garbage(house: House) -> None:
    found = [each for each in house.environment("quick") if each.startswith(("GOGC", "X="))]
    assert {"X=none"} <= {*found} <= {"X=none", "GOGC"}, found  # Compose hands on what has no value, or leaves it out


def knows_what_git_lacks(house: House) -> None:
    assert "X=from outside" in house.environment("outside")
    assert house.live("a/.more.env").read_text() == "X=from outside"


def counted(house: House) -> None:
    found = [each.service for each in house.engine.containers(house.project())]
    assert (found.count("wider"), found.count("narrower")) == (2, 1)


ASKING = ["GOGC", "X=${GOGC-none}"]
OUTSIDE = service(env_file=[{"path": ".more.env", "required": False}])
TENANT = {**service("sleep 2001"), "network_mode": "service:landlord"}
PARTS = {
    "what nobody has changed is not touched": Part({"steady": service()}, {"steady": SAME}),
    "a one-shot that has ended does not run again": Part({"ended": service("true")}, {"ended": SAME}),
    "a one-shot whose mounted script changed runs again": Part(
        {"job": mounts("script", "sh /script/run")},
        {"job": RESTARTED},
        files={"a/script/run": "true"},
        pushed={"a/script/run": "true # two"},
    ),
    "a file that its container has rewritten and given away stays while git leaves it alone": Part(
        {"owner": owning("owned")},
        {"owner": SAME},
        files={"a/owned/app.ini": "git's"},
        between=rewritten("owned"),
        seen={("owner", "/owned/app.ini"): "container's"},
        check=still_owned,
    ),
    "a file that its container has rewritten and given away is git's again when git changes it": Part(
        {"taker": owning("taken")},
        {"taker": RESTARTED},
        files={"a/taken/app.ini": "git's"},
        pushed={"a/taken/app.ini": "git's next"},
        between=rewritten("taken"),
        seen={("taker", "/taken/app.ini"): "git's next"},
        check=kept_and_owned,
    ),
    "a mounted symlink that leads elsewhere": Part(
        {"follows": mounts("linked")},
        {"follows": RESTARTED},
        files={"a/linked/1.ini": "1", "a/linked/2.ini": "2", "a/linked/app.ini": f"{LINK}1.ini"},
        pushed={"a/linked/app.ini": f"{LINK}2.ini"},
        seen={("follows", "/linked/app.ini"): "2"},
        check=leads,
    ),
    "a symlink becomes a file": Part(
        {"unfollows": mounts("plain")},
        {"unfollows": RESTARTED},
        files={"a/plain/1.ini": "1", "a/plain/app.ini": f"{LINK}1.ini"},
        pushed={"a/plain/app.ini": "plain"},
        seen={("unfollows", "/plain/app.ini"): "plain"},
    ),
    "a mounted file becomes a folder, and another folder a file": Part(
        {"turns": mounts("turning")},
        {"turns": RESTARTED},
        files={"a/turning/x": "1", "a/turning/y/z": "1"},
        pushed={"a/turning/x": None, "a/turning/x/z": "2", "a/turning/y/z": None, "a/turning/y": "2"},
        seen={("turns", "/turning/x/z"): "2", ("turns", "/turning/y"): "2"},
    ),
    "a shared file outside the project folder": Part(
        {"shares": service(volumes=["../shared:/s"])},
        {"shares": RESTARTED},
        files={"shared/x": "1"},
        pushed={"shared/x": "2"},
        seen={("shares", "/s/x"): "2"},
    ),
    "what a container wrote survives": Part(
        {"writer": mounts("data", "date > /data/new; sleep 1000")},
        {"writer": REPLACED},
        {"writer": mounts("data", "sleep 1001")},
        between=put("a/data/kept", "kept"),
        seen={("writer", "/data/kept"): "kept"},
    ),
    "an env file that Git lacks is used and kept": Part(
        {"outside": OUTSIDE},
        {"outside": REPLACED},
        between=put("a/.more.env", "X=from outside"),
        check=knows_what_git_lacks,
    ),
    "what makes Compose quick reaches no container that asks for a variable of that name": Part(
        {"quick": service(environment=ASKING)},
        {"quick": REPLACED},
        {"quick": service("sleep 1001", environment=ASKING)},
        check=no_word_of_garbage,
    ),
    "a scaled service keeps its first container, or as many as it needs": Part(
        {"wider": service(scale=1), "narrower": service(scale=2)},
        {"wider": SAME, "narrower": FEWER},
        {"wider": service(scale=2), "narrower": service(scale=1)},
        check=counted,
    ),
    "a namespace's owner is replaced with whoever lives in it": Part(
        {"landlord": service(), "tenant": TENANT},
        {"landlord": REPLACED, "tenant": REPLACED},
        {"landlord": service("sleep 1001")},
    ),
    "another profile is switched on": Part(
        {"first": service(profiles=["p"]), "second": service(profiles=["q"])},
        {"first": GONE, "second": NEW},
        files={"a/.env": "COMPOSE_PROFILES=p"},
        pushed={"a/.env": "COMPOSE_PROFILES=q"},
    ),
    "a signal reaches the process and restarts nothing": Part(
        {"told": mounts("heard", "trap 'cat /heard/x > /seen' HUP; while :; do sleep 0.1; done", init=False)},
        {"told": SAME},
        files={"a/heard/x": "1"},
        pushed={"a/heard/x": "2"},
        check=read_again,
    ),
    "an ignored file is written and nothing happens": Part(
        {"ignores": mounts("notes")},
        {"ignores": SAME},
        files={"a/notes/x.md": "1"},
        pushed={"a/notes/x.md": "2"},
        seen={("ignores", "/notes/x.md"): "2"},
    ),
}
ON_CHANGE = [{"paths": ["a/heard/**"], "action": "signal:HUP"}, {"paths": ["**/*.md"], "action": "ignore"}]


def became(before: dict[str, tuple[str, str]], after: dict[str, tuple[str, str]]) -> dict[str, str]:
    """What became of each service's oldest container."""
    found = dict.fromkeys(before.keys() - after.keys(), GONE) | dict.fromkeys(after.keys() - before.keys(), NEW)
    for name in before.keys() & after.keys():
        is_same = before[name] == after[name]
        found[name] = SAME if is_same else RESTARTED if before[name][0] == after[name][0] else REPLACED
    return found


def test_every_service_becomes_what_its_own_change_asks_for(house: House) -> None:
    house.stack(on_change=ON_CHANGE)
    old = {name: each for part in PARTS.values() for name, each in part.before.items()}
    new = old | {name: each for part in PARTS.values() for name, each in part.after.items()}
    files = {path: text for part in PARTS.values() for path, text in part.files.items()}
    pushed = {path: text for part in PARTS.values() for path, text in part.pushed.items()}
    first = house.push({"a/compose.yaml": yaml_of({"services": old}), **files})
    assert (first["outcome"], first["reason"]) == ("deployed", "first_deploy"), first["message"]
    for part in PARTS.values():
        part.between(house)
    before = house.lives()

    done = house.push({"a/compose.yaml": yaml_of({"services": new}), **pushed})

    assert done["outcome"] == "deployed", done["message"]
    after, wanted = house.lives(), {name: what for part in PARTS.values() for name, what in part.becomes.items()}
    fewer = {name: FEWER for name, what in wanted.items() if what == FEWER}
    assert became(before, after) | fewer == wanted
    seen = {place: text for part in PARTS.values() for place, text in part.seen.items()}
    assert {place: house.seen(*place) for place in seen} == seen
    for part in PARTS.values():
        part.check(house)
    again = house.look()
    assert (again["outcome"], again["action"]) == ("unchanged", "none"), again
    assert house.lives() == after
