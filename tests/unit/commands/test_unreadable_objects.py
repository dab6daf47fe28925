"""An object that cannot be read concerns the stacks that need it, and nobody else; the next fetch mends the clone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from redis import Redis

from app.cli.commands.plan import plan as plan_command
from app.cli.session import Session
from tests.git_server import GIT_ENV, Source
from tests.published import Published
from tests.redis_server import RedisServer
from workers.adapters.git import GitTree
from workers.adapters.git.clone import Clone
from workers.catalog import load_catalog
from workers.commands.check import check
from workers.commands.plan import plan
from workers.commands.plan_commits import preview
from workers.model.errors import GitUnavailable
from workers.model.stack import Repo
from workers.model.words import Decision, Reason, Trigger
from workers.reconcile.pull import pull
from workers.reconcile.requests import request_pull
from workers.runtime.process import run
from workers.runtime.settings import Settings
from workers.services import Services

pytestmark = pytest.mark.redis

CATALOG = """
repos: {homelab: {url: %s, discover: ["services/*"]}}
stacks: {named: {repo: homelab, path: edge/named}}
"""
COMPOSE = "services: {web: {image: busybox, command: %s, volumes: ['./conf:/conf:ro']}}\n"
STACKS = ("a", "b", "c")


@pytest.fixture
def source(tmp_path: Path) -> Source:
    made = Source(tmp_path / "source")
    _change(made, "one")
    return made


def _change(source: Source, word: str) -> str:
    """New content in every stack, and other objects than those of any other test: what was read is remembered."""
    word = f"{word}-{source.path.parent.name}-{os.getpid()}"
    files: dict[str, str | None] = {}
    for folder in (*(f"services/{name}" for name in STACKS), "edge/named"):
        files |= {f"{folder}/compose.yaml": COMPOSE % f"{word}-{folder[-1]}", f"{folder}/conf/x": f"{word} {folder}"}
    return source.commit(files)


@pytest.fixture
def services(tmp_path: Path, source: Source, redis_server: RedisServer, redis: Redis) -> Iterator[Services]:
    assert redis.ping()
    catalog = tmp_path / "tegu.yaml"
    catalog.write_text(CATALOG % source.path)
    settings = Settings(catalog=catalog, data_dir=tmp_path / "data", redis_url=redis_server.url)
    made = Services(settings, queue=Published())
    yield made
    made.close()


def _missing(file: Path) -> None:
    file.unlink()


def _corrupt(file: Path) -> None:
    file.chmod(0o644)
    file.write_bytes(b"not zlib at all")


def _damage(clone: Clone, name: str, how: Callable[[Path], None]) -> str:
    """Make one object unreadable that nobody has read yet."""
    packs = clone.path / "objects" / "pack"
    for pack in packs.glob("*.pack"):
        moved = pack.rename(clone.path / "aside.pack")
        pack.with_suffix(".idx").unlink()
        argv = ["git", f"--git-dir={clone.path}", "unpack-objects", "-q"]
        run(argv, what="git", env=GIT_ENV, timeout=60, cwd="/", input=moved.read_bytes())
        moved.unlink()
    argv = ["git", f"--git-dir={clone.path}", "rev-parse", f"refs/heads/main:{name}"]
    oid = run(argv, what="git", env=GIT_ENV, timeout=60, cwd="/").stdout.strip()
    how(clone.path / "objects" / oid[:2] / oid[2:])
    clone.close()  # its reader has the pack in hand
    return oid


def _by_reason(decisions: list[Decision]) -> dict[str, Reason]:
    return {each.stack.removeprefix("default/"): each.reason for each in decisions}


OTHERS = dict.fromkeys(("b", "c", "named"), Reason.FIRST_DEPLOY)

unreadable = pytest.mark.parametrize("how", [_missing, _corrupt])
every_kind = pytest.mark.parametrize("name", ["services/a", "services/a/compose.yaml"])


@unreadable
@every_kind
def test_the_plan_blocks_that_stack_and_decides_the_others(
    services: Services, how: Callable[[Path], None], name: str
) -> None:
    clone = services.clone("homelab")
    clone.fetch(["main"])
    oid = _damage(clone, name, how)
    decisions = plan(services, fetch=False)
    assert _by_reason(decisions) == {"a": Reason.BLOCKED, **OTHERS}
    assert decisions[0].message.endswith(f"object {oid} cannot be read; the next pull mends the clone")
    assert _by_reason(plan(services)) == {"a": Reason.FIRST_DEPLOY, **OTHERS}


@unreadable
@every_kind
def test_check_tells_of_that_stack_and_examines_the_others(
    services: Services, source: Source, how: Callable[[Path], None], name: str
) -> None:
    source.commit({"services/b/compose.yaml": "services: []\n"})
    services.clone("homelab").fetch(["main"])
    oid = _damage(services.clone("homelab"), name, how)
    found = {each.stack: each.message for each in check(services, fetch=False) if each.error}
    assert set(found) == {"default/a", "default/b"}
    assert oid in found["default/a"]


@unreadable
@every_kind
def test_a_pull_has_the_others_deployed_and_its_next_try_mends_the_clone(
    services: Services, how: Callable[[Path], None], name: str
) -> None:
    clone = services.clone("homelab")
    clone.fetch(["main"])
    oid = _damage(clone, name, how)
    started, _ = request_pull(services, "homelab", Trigger.CLI)
    with pytest.raises(GitUnavailable, match=f"repo homelab: object {oid} cannot be read"):
        pull(services, "homelab", started, "local", last_try=False)
    everybody = {"default/a", "default/b", "default/c", "default/named"}
    assert set(services.queue.stacks) == everybody  # type: ignore[attr-defined]
    pull(services, "homelab", started, "local")
    shown = services.state.runs.get(started)
    assert shown is not None
    assert shown.pulls["local"].status == "succeeded"
    assert set(shown.stacks) == everybody
    assert Reason.BLOCKED not in _by_reason(plan(services, fetch=False)).values()


@unreadable
@pytest.mark.parametrize("name", ["services/a", "services/a/compose.yaml", "edge/named", "edge/named/conf"])
def test_two_commits_are_compared_for_all_other_stacks(
    services: Services, source: Source, how: Callable[[Path], None], name: str
) -> None:
    before = source.git("rev-parse", "HEAD")
    after = _change(source, "two")
    clone = services.clone("homelab")
    clone.fetch(["main"])
    _damage(clone, name, how)
    catalog = load_catalog(services.settings.catalog, {}, secrets=False)
    found = _by_reason(preview(catalog, "homelab", clone.tree(before), clone.tree(after)))
    blocked = name.split("/")[1]
    assert found == {each: Reason.BLOCKED if each == blocked else Reason.CONTENT_CHANGED for each in (*STACKS, "named")}


def test_the_command_prints_every_stack_and_its_exit_code_tells(services: Services) -> None:
    services.clone("homelab").fetch(["main"])
    oid = _damage(services.clone("homelab"), "services/a", _missing)
    session = Session(services=services)
    done = CliRunner().invoke(plan_command, ["--no-fetch", "--changed"], obj=session)
    assert done.exit_code == 1
    assert {line.split(" ")[0] for line in done.output.splitlines()} >= {*STACKS, "named"}
    assert "blocked" in done.output
    assert oid[:8] in done.output.replace("\n", "")
    assert CliRunner().invoke(plan_command, [], obj=session).exit_code == 0


def test_a_repo_that_is_away_blocks_its_own_stacks_alone(services: Services, tmp_path: Path) -> None:
    text = services.settings.catalog.read_text()
    text = text.replace("repos: {", f"repos: {{away: {{url: {tmp_path}/away}}, ")
    services.settings.catalog.write_text(text.replace("stacks: {", "stacks: {far: {repo: away, path: x}, "))
    decisions = plan(services)
    assert _by_reason(decisions) == {"a": Reason.FIRST_DEPLOY, "far": Reason.BLOCKED, **OTHERS}
    with pytest.raises(GitUnavailable):
        plan(services, "away")


def test_reading_ahead_passes_over_what_cannot_be_read(source: Source, tmp_path: Path) -> None:
    with Clone(Repo("homelab", str(source.path), "main"), tmp_path / "data") as clone:
        tree: GitTree = clone.tree(clone.fetch(["main"])["main"])
        names = [f"services/{name}/conf/x" for name in STACKS]
        oids = [entry.oid for name in names if (entry := tree.entry(name))]
        _damage(clone, names[1], _corrupt)
        clone.close()
        tree.prefetch(oids)
        clone.path.rename(tmp_path / "elsewhere")
        assert [tree.blob(oid) for oid in (oids[0], oids[2])] == [
            (source.path / names[place]).read_bytes() for place in (0, 2)
        ]
