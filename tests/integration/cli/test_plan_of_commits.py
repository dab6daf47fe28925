"""`tegu plan --from A --to B`: with neither Redis nor Docker, through the console script."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.git_server import Source

from .conftest import Desk, compose

NO_DOCKER = {"DOCKER_HOST": "unix:///nowhere.sock"}


def test_a_changed_mount_restarts_its_stack_and_leaves_the_other(
    desk: Desk,
    with_homelab: Callable[[Desk], Source],
) -> None:
    source = with_homelab(desk)
    source.commit({"services/authelia/config/app.yml": "a: 2\n"})
    done = desk.tegu("plan", "--from", "HEAD~1", "--to", "HEAD", "--repo", "homelab", "--json", **NO_DOCKER)
    assert (done.code, done.stderr) == (0, "")
    assert json.loads(done.stdout) == [
        {"stack": "default/adguard", "action": "none", "reason": "unchanged", "paths": [], "services": {}},
        {
            "stack": "default/authelia",
            "action": "restart",
            "reason": "content_changed",
            "paths": ["services/authelia/config/app.yml"],
            "services": {"authelia": {"action": "restart", "paths": ["services/authelia/config/app.yml"]}},
        },
    ]
    assert not desk.settings.data_dir.exists(), "a local repository is read where it is"


def test_object_ids_are_named_for_whoever_wants_them(desk: Desk, with_homelab: Callable[[Desk], Source]) -> None:
    source = with_homelab(desk)
    path = "services/authelia/config/app.yml"
    source.commit({path: "a: 2\n"})
    old, new = (source.git("rev-parse", f"{commit}:{path}") for commit in ("HEAD~1", "HEAD"))
    wanted = ("plan", "--from", "HEAD~1", "--to", "HEAD", "--changed", "--objects")
    (row,) = desk.read(*wanted)
    assert row["objects"] == {path: {"old": old, "new": new}}
    for shape in ("table", "markdown"):
        shown = " ".join(desk.tegu(*wanted, "--format", shape, COLUMNS="300").stdout.split())
        assert f"{path} ({old[:10]} to {new[:10]})" in shown


def test_a_folder_that_goes_alone_takes_its_stack_along(desk: Desk, homelab: Source) -> None:
    desk.catalog(f"repos: {{homelab: {{url: '{homelab.path}'}}}}\nstacks: {{adguard: {{path: services/adguard}}}}\n")
    homelab.commit({"services/adguard/compose.yaml": None, "services/adguard/config/app.yml": None})
    (row,) = desk.read("plan", "--from", "HEAD~1", "--to", "HEAD")
    assert (row["stack"], row["action"], row["reason"]) == ("default/adguard", "remove", "removed")
    (row,) = desk.read("plan", "--from", "HEAD", "--to", "HEAD~1")
    assert (row["action"], row["reason"]) == ("up", "first_deploy")


def test_a_folder_may_lie_behind_a_symlink(desk: Desk, homelab: Source) -> None:
    desk.catalog(f"repos: {{homelab: {{url: '{homelab.path}'}}}}\nstacks: {{adguard: {{path: apps/adguard}}}}\n")
    (homelab.path / "apps").symlink_to("services")
    homelab.commit({"README.md": "apps are services"})
    homelab.commit({"services/adguard/compose.yaml": compose("adguard", "sleep 2")})
    (row,) = desk.read("plan", "--from", "HEAD~1", "--to", "HEAD")
    assert (row["action"], row["paths"]) == ("up", ["services/adguard/compose.yaml"])


def test_new_gone_and_broken_stacks_are_told_apart(desk: Desk, with_homelab: Callable[[Desk], Source]) -> None:
    source = with_homelab(desk)
    source.commit(
        {
            "services/new/compose.yaml": compose("new"),
            "services/adguard/compose.yaml": None,
            "services/adguard/config/app.yml": None,
            "services/authelia/compose.yaml": "services: [\n",
            "services/Nope/compose.yaml": compose("nope"),
        },
    )
    rows = {row["stack"]: row for row in desk.read("plan", "--from", "HEAD~1", "--to", "HEAD")}
    assert {name: (row["action"], row["reason"]) for name, row in rows.items()} == {
        "default/Nope": ("none", "invalid"),
        "default/adguard": ("remove", "removed"),
        "default/authelia": ("none", "invalid"),
        "default/new": ("up", "first_deploy"),
    }
    assert "services/authelia/compose.yaml" in rows["default/authelia"]["message"]


def test_what_was_broken_before_is_not_the_change_s_fault(desk: Desk, with_homelab: Callable[[Desk], Source]) -> None:
    source = with_homelab(desk)
    source.commit({"services/authelia/compose.yaml": "services: [\n", "services/Nope/compose.yaml": compose("nope")})
    source.commit({"README.md": "hi\n", "services/new/compose.yaml": compose("new")})
    rows = {row["stack"]: row["reason"] for row in desk.read("plan", "--from", "HEAD~1", "--to", "HEAD")}
    assert rows == {
        "default/Nope": "unchanged",
        "default/adguard": "unchanged",
        "default/authelia": "unchanged",
        "default/new": "first_deploy",
    }


def test_a_readme_changes_nothing_and_branches_and_tags_name_commits(
    desk: Desk,
    with_homelab: Callable[[Desk], Source],
) -> None:
    source = with_homelab(desk)
    source.git("tag", "v1")
    source.commit({"README.md": "hi\n"})
    assert [row["action"] for row in desk.read("plan", "--from", "v1", "--to", "main")] == ["none", "none"]
    assert desk.read("plan", "--from", "v1", "--to", "main", "--changed") == []


def test_every_environment_of_a_stack_is_compared(desk: Desk, homelab: Source) -> None:
    homelab.commit({"services/authelia/config/app.yml": "a: 2\n"})
    desk.catalog(
        f"repos: {{homelab: {{url: '{homelab.path}'}}}}\n"
        "environments: {production: {}, staging: {worker: nas}}\n"
        "stacks: {authelia: {path: services/authelia}, ghost: {path: services/ghost}}\n",
    )
    rows = desk.read("plan", "--from", "HEAD~1", "--to", "HEAD")
    assert [(row["stack"], row["action"]) for row in rows] == [
        ("production/authelia", "restart"),
        ("staging/authelia", "restart"),
    ]


def test_a_pull_request_gets_markdown_from_its_own_checkout_without_secrets(desk: Desk, homelab: Source) -> None:
    homelab.commit({"services/authelia/compose.yaml": compose("authelia", "sleep 2000")})
    desk.catalog(
        "repos:\n  homelab:\n    url: https://git.invalid/homelab.git\n    discover: ['services/*']\n"
        "    webhook_secret: ${WEBHOOK_SECRET}\n    password_file: /run/secrets/nowhere\n",
    )
    arguments = ["--from", "HEAD~1", "--to", "HEAD", "--git-dir", str(homelab.path), "--format", "markdown"]
    done = desk.tegu("plan", *arguments)
    assert done.stdout.splitlines() == [
        "**Tegu**: 1 of 2 stacks would change.",
        "",
        "| stack | action | reason | services | because of |",
        "|---|---|---|---|---|",
        "| default/authelia | up | content\\_changed | authelia: up | services/authelia/compose.yaml |",
        "",
        "1 left alone.",
    ]


def test_people_get_a_table(desk: Desk, with_homelab: Callable[[Desk], Source]) -> None:
    source = with_homelab(desk)
    source.commit({"services/authelia/config/app.yml": "a: 2\n"})
    assert desk.tegu("plan", "--from", "HEAD~1", "--to", "HEAD").stdout.splitlines() == [
        "STACK     TO DO             WHY",
        "authelia  restart authelia  its files changed: services/authelia/config/app.yml",
        "",
        "1 stack would change, 1 needs nothing.",
    ]
    nothing = desk.tegu("plan", "--from", "HEAD", "--to", "HEAD").stdout
    assert nothing == "Nothing would be done: 2 stacks need nothing.\n"


def test_a_repository_elsewhere_is_cloned_once_and_read_from_then_on(
    desk: Desk,
    homelab: Source,
) -> None:
    first = homelab.git("rev-parse", "HEAD")
    second = homelab.commit({"services/authelia/config/app.yml": "a: 2\n"})
    # Not a plain path, as far as Tegu can tell.
    desk.catalog(f"repos: {{homelab: {{url: 'file://localhost{homelab.path}', discover: ['services/*']}}}}\n")
    rows = desk.read("plan", "--from", first, "--to", second)
    assert [row["action"] for row in rows] == ["none", "restart"]
    assert (desk.settings.data_dir / "repos" / "homelab.git").is_dir()
    homelab.path.rename(homelab.path.with_name("moved"))
    assert desk.read("plan", "--from", first, "--to", second) == rows


def test_a_newer_commit_than_the_clone_has_is_fetched(desk: Desk, homelab: Source) -> None:
    desk.catalog(f"repos: {{homelab: {{url: 'file://localhost{homelab.path}', discover: ['services/*']}}}}\n")
    first = homelab.git("rev-parse", "HEAD")
    desk.read("plan", "--from", first, "--to", first)
    second = homelab.commit({"README.md": "new\n"})
    assert [row["action"] for row in desk.read("plan", "--from", first, "--to", second)] == ["none", "none"]


def test_mistakes_end_without_a_traceback(desk: Desk, with_homelab: Callable[[Desk], Source], tmp_path: Path) -> None:
    with_homelab(desk)
    for arguments, code, words in (
        (["--from", "HEAD", "--to", "nowhere"], 2, "names no commit"),
        (["--from", "HEAD"], 2, "go together"),
        (["--from", "HEAD", "--to", "HEAD", "--repo", "x"], 2, "there is no repo 'x'; the catalog has homelab"),
        (["--from", "HEAD", "--to", "HEAD", "--git-dir", str(tmp_path)], 2, "is not in a Git repository"),
    ):
        done = desk.tegu("plan", *arguments)
        assert (done.code, done.stdout) == (code, "")
        assert words in done.stderr
        assert "Traceback" not in done.stderr
