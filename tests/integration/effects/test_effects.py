"""Every kind of change on running containers: exactly the right ones change, and each sees what is new."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain

import pytest

from tests.integration.effects.street import Street, seccomp, service
from tests.releases import NAMES, THOROUGH
from workers.model.words import Action

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

Ask = Callable[[Street], object]
of_each = chain.from_iterable


@dataclass
class Change:
    """An edit of one stack, what becomes of its containers, and what is then seen from inside.

    Attributes:
        edit: changes the street's files.
        stack: the stack that is looked at.
        action: what the decision says.
        replaced: the services with another container.
        restarted: those with the same container and another start.
        new: those that were not there.
        gone: those that are no more.
        asks: each what is asked and answered.
        outcome: how it ends.
        undo: takes back an edit that nobody accepts, for the changes that follow.
        comment: stands at the top of the Compose file.
    """

    edit: Callable[[Street], object]
    stack: str = "plain"
    action: str = "up"
    replaced: tuple[str, ...] = ()
    restarted: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    asks: list[tuple[Ask, object]] = field(default_factory=list)
    outcome: str = "deployed"
    undo: Callable[[Street], object] = lambda _: None
    comment: str = ""


def sets(name: str, stack: str = "plain", **changed: object) -> Callable[[Street], None]:
    return lambda street: street.service(stack, name).update(changed)


def writes(path: str, text: str) -> Callable[[Street], None]:
    return lambda street: street.files.update({path: text})


def turns(old: str, new: str) -> Callable[[Street], None]:
    def edit(street: Street) -> None:
        street.files |= {old: None, new: "2"}

    return edit


def section(stack: str, *keys: str, **changed: object) -> Callable[[Street], None]:
    def edit(street: Street) -> None:
        found = street.models[stack]
        for key in keys:
            found = found[key]
        found.update(changed)

    return edit


def rename(street: Street) -> None:
    services = street.models["plain"]["services"]
    services["other-name"] = services.pop("renamed")


def file(name: str, path: str, stack: str = "plain") -> Ask:
    return lambda street: street.file(stack, name, path)


def variable(name: str, stack: str = "plain") -> Ask:
    return lambda street: street.variable(stack, name)


CHANGES = {
    "image": Change(
        lambda street: street.service("plain", "image").update(image=street.image),
        replaced=("image",),
        asks=[(variable("image"), "2")],
    ),
    "command": Change(
        sets("command", command=["sleep", "2000"]),
        replaced=("command",),
        asks=[(lambda street: street.command("plain", "command"), "sleep\x002000\x00")],
    ),
    "environment": Change(
        sets("environment", environment={"SEEN": "2"}),
        replaced=("environment",),
        asks=[(variable("environment"), "2")],
    ),
    "env_file": Change(writes("plain/app.env", "SEEN=2\n"), replaced=("env-file",), asks=[(variable("env-file"), "2")]),
    ".env": Change(
        lambda street: street.replace("plain/.env", "DOTENV=1", "DOTENV=2"),
        replaced=("dotenv",),
        asks=[(variable("dotenv"), "2")],
    ),
    "a hand-placed .env": Change(
        lambda street: street.put_by_hand("hand", "BY_HAND=2\n"),
        "hand",
        replaced=("hand",),
        asks=[(variable("hand", "hand"), "2")],
    ),
    "bind file": Change(
        writes("plain/file.conf", "2"), action="restart", restarted=("file",), asks=[(file("file", "/seen"), "2")]
    ),
    "bind file of a service whose volumes another one has": Change(
        writes("plain/lent.conf", "2"),
        action="restart",
        restarted=("lender", "borrower"),
        asks=[(file("lender", "/lent"), "2"), (file("borrower", "/lent"), "2")],
    ),
    "bind directory": Change(
        writes("plain/folder/a.conf", "2"),
        action="restart",
        restarted=("folder",),
        asks=[(file("folder", "/folder/a.conf"), "2")],
    ),
    "a new file in a bind directory": Change(
        writes("plain/folder/deep/b.conf", "2"),
        action="restart",
        restarted=("folder",),
        asks=[(file("folder", "/folder/deep/b.conf"), "2")],
    ),
    "a bind file that Git lacked": Change(
        writes("plain/late.conf", "2"), action="recreate", replaced=("late",), asks=[(file("late", "/seen"), "2")]
    ),
    "a folder where a bind file was": Change(
        turns("plain/grows", "plain/grows/a.conf"),
        action="recreate",
        replaced=("to-folder",),
        asks=[(file("to-folder", "/seen/a.conf"), "2")],
    ),
    "a file where a bind directory was": Change(
        turns("plain/shrinks/a.conf", "plain/shrinks"),
        action="recreate",
        replaced=("to-file",),
        asks=[(file("to-file", "/seen"), "2")],
    ),
    "config": Change(
        writes("plain/config.txt", "2"), action="restart", restarted=("config",), asks=[(file("config", "/seen"), "2")]
    ),
    "secret": Change(
        writes("plain/secret.txt", "2"),
        action="restart",
        restarted=("secret",),
        asks=[(file("secret", "/run/secrets/secret"), "2")],
    ),
    "inline config": Change(
        section("plain", "configs", "inline", content="two"),
        action="recreate",
        replaced=("inline",),
        asks=[(file("inline", "/seen"), "two")],
    ),
    "secret from the environment": Change(
        lambda street: street.replace("plain/.env", "SECRET=1", "SECRET=2"),
        action="recreate",
        replaced=("secret-env",),
        asks=[(file("secret-env", "/run/secrets/secret-env"), "2")],
    ),
    "seccomp profile": Change(
        writes("plain/seccomp.json", seccomp("mkdir", "mkdirat")),
        action="recreate",
        replaced=("seccomp",),
        asks=[(lambda street: street.may_make_folders("plain", "seccomp"), False)],
    ),
    "label": Change(
        sets("label", labels={"seen": "2"}),
        replaced=("label",),
        asks=[(lambda street: street.label("plain", "label"), "2")],
    ),
    "added service": Change(
        section("plain", "services", added=service(environment={"SEEN": "new"})),
        new=("added",),
        asks=[(variable("added"), "new")],
    ),
    "removed service": Change(lambda street: street.models["plain"]["services"].pop("removed"), gone=("removed",)),
    "renamed service": Change(rename, new=("other-name",), gone=("renamed",)),
    "a dropped profile": Change(
        lambda street: street.replace("plain/.env", "PROFILES=extra", "PROFILES="), gone=("dropped",)
    ),
    "volume definition": Change(
        section("plain", "volumes", "volume", labels={"seen": "2"}),
        action="none",
        outcome="invalid",
        undo=section("plain", "volumes", "volume", labels={"seen": "1"}),
    ),
    "another spelling of a volume": Change(
        section("plain", "volumes", "volume", labels=["seen=1"], driver="local"), action="none", outcome="unchanged"
    ),
    "another spelling of a network": Change(
        section("net", "networks", "net", labels=["seen=1"], internal=False), "net", action="none", outcome="unchanged"
    ),
    "comment": Change(lambda _: None, action="none", outcome="unchanged", comment="for whoever reads it"),
    "README": Change(writes("plain/README.md", "2"), action="none", outcome="unchanged"),
    "another stack's file": Change(writes("other/compose.yaml", "services: ["), action="none", outcome="unchanged"),
    "network definition": Change(
        section("net", "networks", "net", labels={"seen": "2"}),
        "net",
        replaced=("inside",),
        asks=[(lambda street: street.network_label("net", "inside"), "2")],
    ),
    "build arguments": Change(
        section("build", "services", "args", "build", args={"SEEN": "2"}),
        "build",
        "build",
        replaced=("args",),
        asks=[(file("args", "/seen", "build"), "2")],
    ),
    "inline Dockerfile": Change(
        section("build", "services", "inline", "build", dockerfile_inline="FROM busybox:stable\nRUN echo 2 > /seen\n"),
        "build",
        "build",
        replaced=("inline",),
        asks=[(file("inline", "/seen", "build"), "2")],
    ),
    "a base image built in the same stack": Change(
        lambda street: street.replace("build/base/Dockerfile", "echo 1", "echo 2"),
        "build",
        "build",
        replaced=("base", "derived"),
        asks=[(file("base", "/seen", "build"), "2"), (file("derived", "/derived", "build"), "2")],
    ),
    "Dockerfile": Change(
        lambda street: street.replace("build/dockerfile/Dockerfile", "echo 1", "echo 2"),
        "build",
        "build",
        replaced=("dockerfile",),
        asks=[(file("dockerfile", "/seen", "build"), "2")],
    ),
    "file in the build context": Change(
        writes("build/context/seen", "2"),
        "build",
        "build",
        replaced=("context",),
        asks=[(file("context", "/app/seen", "build"), "2")],
    ),
    "ignored file in the build context": Change(
        writes("build/context/ignored", "2"), "build", "none", outcome="unchanged"
    ),
}


def alone() -> dict[str, list[Change]]:
    return {name: [change] for name, change in CHANGES.items()}


def together(*by: str) -> dict[str, list[Change]]:
    """As few pushes as can hold all changes: those of a stack that end alike, and are alike in some more."""
    found: dict[str, list[Change]] = {}
    for change in CHANGES.values():
        found.setdefault(f"all of {', '.join(getattr(change, each) for each in by)}", []).append(change)
    return found


def pushes_of(place: int) -> dict[str, list[Change]]:
    """What the release at this place of `NAMES` is asked.

    What differs between releases, and between a change alone and one beside others, differs in such a push, too: a
    container that changes must be named by its own change. `make test-releases` tries each alone, with each release.
    """
    if THOROUGH:
        return alone()
    return together("stack", "outcome") if place else together("stack", "outcome", "action")


PUSHES = {
    f"{release}-{name}": (release, changes)
    for place, release in enumerate(NAMES)
    for name, changes in pushes_of(place).items()
}


@pytest.mark.parametrize(("street", "changes"), PUSHES.values(), ids=PUSHES.keys(), indirect=["street"], scope="module")
def test_exactly_the_right_containers_change_and_see_it(changes: list[Change], street: Street) -> None:
    stack, comment = changes[0].stack, " ".join(change.comment for change in changes).strip()
    before = street.lives(stack)
    for ask, answer in of_each(change.asks for change in changes if not change.new):
        assert ask(street) != answer, "it is like that before the change"

    for change in changes:
        change.edit(street)
    done = street.push(stack, comment)

    action = max((Action(change.action) for change in changes), key=lambda action: action.strength)
    assert (done["outcome"], done["action"]) == (changes[0].outcome, action), done
    after = street.lives(stack)
    new, gone = (set(of_each(names)) for names in ((each.new for each in changes), (each.gone for each in changes)))
    assert set(after) == (set(before) | new) - gone
    touched = {name for name in before.keys() & after if before[name] != after[name]}
    replaced = set(of_each(change.replaced for change in changes))
    assert touched == replaced | set(of_each(change.restarted for change in changes))
    assert {name for name in touched if before[name][0] != after[name][0]} == replaced
    for ask, answer in of_each(change.asks for change in changes):
        assert ask(street) == answer
    for change in changes:
        change.undo(street)
    assert street.push(stack, comment)["outcome"] == "unchanged"
    assert street.lives(stack) == after
