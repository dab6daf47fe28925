"""The one clone: made once, fetched exactly, healed when it is broken, and never waiting for ever."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.git_server import Source
from workers.adapters.git.clone import Clone
from workers.model.errors import Busy, GitUnavailable, UnknownName
from workers.runtime.file_lock import flock
from workers.runtime.process import run

MakeClone = Callable[..., Clone]


@pytest.fixture
def fetches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with a line for every git command that is run from now on."""
    real = shutil.which("git")
    log = tmp_path / "commands"
    log.touch()
    folder = tmp_path / "path"
    folder.mkdir()
    wrapper = folder / "git"
    wrapper.write_text(f'#!/bin/sh\necho "$1" >> {log}\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return log


def test_the_first_fetch_makes_a_bare_clone(source: Source, clone: Clone) -> None:
    head = source.git("rev-parse", "HEAD")
    assert clone.fetch(["main"]) == {"main": head}
    assert (clone.path / "HEAD").is_file()
    assert not (clone.path / ".git").exists()
    assert sorted(path.name for path in clone.path.parent.iterdir()) == ["homelab.git", "homelab.lock"]


def test_a_fetch_brings_what_was_pushed_since(source: Source, clone: Clone) -> None:
    clone.fetch(["main"])
    commit = source.commit({"new": "file\n"})
    assert clone.fetch(["main"]) == {"main": commit}
    entry = clone.tree(commit).entry("new")
    assert entry is not None
    assert clone.tree(commit).blob(entry.oid) == b"file\n"


def test_every_fetch_is_one_git_fetch(source: Source, clone: Clone, fetches: Path) -> None:
    source.git("branch", "develop")
    source.git("tag", "v1")
    for _ in range(3):
        fetches.write_text("")
        assert set(clone.fetch(["main", "develop", "refs/tags/v1"])) == {"main", "develop", "refs/tags/v1"}
        assert fetches.read_text().split().count("fetch") == 1
    assert "ls-remote" not in fetches.read_text()
    source.commit({"a": "b"})
    fetches.write_text("")
    clone.fetch(["main", "develop", "refs/tags/v1"])
    assert fetches.read_text().split().count("fetch") == 1


def test_only_followed_refs_are_fetched_and_kept(source: Source, clone: Clone) -> None:
    source.git("branch", "other")
    source.git("tag", "v1")
    clone.fetch(["main"])
    assert set(clone.heads(["main", "other", "v1"])) == {"main"}
    clone.fetch(["main", "other", "refs/tags/v1"])
    assert set(clone.heads(["main", "other", "v1"])) == {"main", "other", "v1"}
    clone.fetch(["main"])
    assert set(clone.heads(["main", "other", "v1"])) == {"main"}


def test_a_moved_tag_and_a_force_push_are_followed(source: Source, clone: Clone) -> None:
    source.git("tag", "stable")
    source.commit()
    clone.fetch(["main", "stable"])
    source.git("commit", "-q", "--amend", "--allow-empty", "-m", "rewritten")
    source.git("tag", "-f", "stable")
    head = source.git("rev-parse", "HEAD")
    assert clone.fetch(["main", "stable"]) == {"main": head, "stable": head}


def test_a_deleted_branch_is_left_out_and_the_others_go_on(source: Source, clone: Clone) -> None:
    source.git("branch", "develop")
    clone.fetch(["main", "develop"])
    source.git("branch", "-D", "develop")
    head = source.commit()
    for _ in range(2):
        assert clone.fetch(["main", "develop"]) == {"main": head}
    assert clone.heads(["main", "develop"]) == {"main": head}
    with pytest.raises(UnknownName):
        clone.resolve("develop")
    source.git("tag", "develop")
    assert clone.fetch(["main", "develop"]) == {"main": head, "develop": head}


def test_a_branch_may_give_way_to_one_below_its_name(source: Source, clone: Clone) -> None:
    source.git("branch", "release")
    clone.fetch(["main", "release"])
    source.git("branch", "-D", "release")
    source.git("branch", "release/1")
    assert set(clone.fetch(["main", "release/1"])) == {"main", "release/1"}


def test_a_repository_without_commits_has_no_refs_yet(tmp_path: Path, make_clone: MakeClone) -> None:
    empty = Source(tmp_path / "empty")
    clone = make_clone(empty.path)
    assert clone.fetch(["main"]) == {}
    head = empty.commit()
    assert clone.fetch(["main"]) == {"main": head}


@pytest.mark.parametrize("ref", ["", "-x", "--upload-pack=x", "a b", "a..b", "a:b", "x.lock", "a\nb", "/a", "a/", "@"])
def test_what_cannot_be_a_ref_is_refused(clone: Clone, ref: str) -> None:
    with pytest.raises(UnknownName):
        clone.fetch([ref])


@pytest.mark.parametrize("url", ["ext::sh -c touch% pwned", "fd::17", "--upload-pack=touch pwned"])
def test_a_url_that_is_a_command_is_refused(make_clone: MakeClone, url: str, tmp_path: Path) -> None:
    with pytest.raises(GitUnavailable):
        make_clone(url).fetch(["main"])
    assert not list(tmp_path.rglob("pwned"))


def test_a_failed_first_fetch_leaves_nothing_half_made(tmp_path: Path, make_clone: MakeClone) -> None:
    clone = make_clone(tmp_path / "nowhere")
    with pytest.raises(GitUnavailable, match=r"repo homelab: there is no such repository"):
        clone.fetch(["main"])
    assert [path.name for path in clone.path.parent.iterdir()] == ["homelab.lock"]
    with pytest.raises(UnknownName, match="has not been fetched yet"):
        clone.resolve("main")
    assert clone.heads(["main"]) == {}


def test_the_hooks_and_configuration_of_others_are_not_used(
    source: Source, clone: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone.fetch(["main"])
    hook = clone.path / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hooked\n")
    hook.chmod(0o755)
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    head = source.commit()
    assert clone.fetch(["main"]) == {"main": head}
    assert not (tmp_path / "hooked").exists()
    assert not (tmp_path / "trace").exists()


def test_a_remote_that_somebody_else_owns_is_read(source: Source, clone: Clone) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    run(["chown", "-R", "65534", str(source.path)], what="chown", env={"PATH": os.defpath}, timeout=10)
    assert set(clone.fetch(["main"])) == {"main"}


def test_a_second_fetch_waits_for_the_first(clone: Clone) -> None:
    clone.fetch(["main"])
    with flock(clone.path.with_name("homelab.lock"), timeout=0), pytest.raises(Busy):
        clone.fetch(["main"], timeout=0.2)


def test_reading_does_not_take_the_lock(source: Source, clone: Clone) -> None:
    clone.fetch(["main"])
    with flock(clone.path.with_name("homelab.lock"), timeout=0):
        assert clone.resolve("main") == source.git("rev-parse", "HEAD")
        assert clone.tree("main").entry("README.md")
        clone.pin("deployed/default/a", clone.resolve("main"))


# ---------------------------------------------------------------- after a crash


@pytest.mark.parametrize(
    "left",
    ["refs/heads/main.lock", "packed-refs.lock", "HEAD.lock", "config.lock", "objects/pack/tmp_pack_x", "gc.pid"],
)
def test_what_a_killed_git_left_behind_is_removed(source: Source, clone: Clone, left: str) -> None:
    clone.fetch(["main"])
    stale = clone.path / left
    stale.write_text("")
    os.utime(stale, (time.time() - 60, time.time() - 60))
    head = source.commit()
    assert clone.fetch(["main"]) == {"main": head}
    assert not stale.exists()


def test_the_lock_of_a_pin_that_is_just_being_written_is_left_alone(clone: Clone) -> None:
    commit = clone.fetch(["main"])["main"]
    clone.pin("deployed/default/a", commit)
    lock = clone.path / "refs/tegu/deployed/default/b.lock"
    lock.write_text("")
    clone.fetch(["main"])
    assert lock.exists()
    with pytest.raises(Busy):
        clone.pin("deployed/default/b", commit)
    os.utime(lock, (time.time() - 60, time.time() - 60))
    clone.pin("deployed/default/b", commit)
    assert clone.pins() == {"deployed/default/a": commit, "deployed/default/b": commit}


def test_pins_move_together_or_not_at_all(clone: Clone, source: Source) -> None:
    first = clone.fetch(["main"])["main"]
    clone.pin("deployed/default/a", first)
    source.commit({"compose.yaml": "second"})
    second = clone.fetch(["main"])["main"]
    lock = clone.path / "refs/tegu/previous/default/a.lock"
    lock.parent.mkdir(parents=True)
    lock.write_text("")
    pins = {"deployed/default/a": second, "previous/default/a": first}
    with pytest.raises(Busy):
        clone.pin_all(pins)
    assert clone.pins() == {"deployed/default/a": first}
    lock.unlink()
    clone.pin_all(pins)
    assert clone.pins() == pins


def _packs(clone: Clone, kind: str) -> list[Path]:
    found = list((clone.path / "objects/pack").glob(f"*.{kind}"))
    assert found
    return found


def _truncate_packs(clone: Clone) -> None:
    for pack in _packs(clone, "pack"):
        pack.chmod(0o600)
        pack.write_bytes(pack.read_bytes()[:40])


def _empty_packs(clone: Clone) -> None:
    for pack in _packs(clone, "pack"):
        pack.chmod(0o600)
        pack.write_bytes(b"")


def _remove_packs(clone: Clone) -> None:
    for pack in _packs(clone, "pack"):
        pack.unlink()


def _empty_indexes(clone: Clone) -> None:
    for index in _packs(clone, "idx"):
        index.chmod(0o600)
        index.write_bytes(b"")


def _empty_ref(clone: Clone) -> None:
    (clone.path / "refs/heads/main").write_text("")


def _dangling_ref(clone: Clone) -> None:
    (clone.path / "refs/heads/main").write_text("1" * 40 + "\n")


def _remove_head(clone: Clone) -> None:
    (clone.path / "HEAD").unlink()


def _empty_config(clone: Clone) -> None:
    (clone.path / "config").write_text("[core\n")


def _flip_bytes(clone: Clone) -> None:
    for pack in _packs(clone, "pack"):
        pack.chmod(0o600)
        content = bytearray(pack.read_bytes())
        content[20:-20] = bytes(byte ^ 0xFF for byte in content[20:-20])
        pack.write_bytes(bytes(content))


BREAKAGES = [
    _truncate_packs,
    _empty_packs,
    _remove_packs,
    _empty_indexes,
    _empty_ref,
    _dangling_ref,
    _remove_head,
    _empty_config,
    _flip_bytes,
]


@pytest.mark.parametrize("damage", BREAKAGES, ids=lambda damage: damage.__name__.strip("_"))
@pytest.mark.parametrize("pushed", [False, True], ids=["nothing new", "something new"])
def test_a_damaged_clone_is_set_aside_and_made_again(
    source: Source, make_clone: MakeClone, damage: Callable[[Clone], None], *, pushed: bool
) -> None:
    first = make_clone(source.path)
    first.fetch(["main"])
    head = source.commit({"b": "c"}) if pushed else source.git("rev-parse", "HEAD")
    damage(first)
    clone = make_clone(source.path)  # as another worker process would come upon it
    assert clone.fetch(["main"]) == {"main": head}
    tree = clone.tree(head)
    entry = tree.entry("README.md")
    assert entry is not None
    assert tree.blob(entry.oid) == b"hello\n"
    source.commit()
    assert first.fetch(["main"]) == {"main": source.git("rev-parse", "HEAD")}


def test_damage_that_a_reader_comes_upon_is_healed_by_the_next_fetch(source: Source, make_clone: MakeClone) -> None:
    clone = make_clone(source.path)
    text = f"only here {time.time()}\n"  # never cached by an earlier test
    head = source.commit({"deep/file": text})
    clone.fetch(["main"])
    run(["git", "-C", str(clone.path), "config", "x.y", "z"], what="git", env={"PATH": os.defpath}, timeout=10)
    pack = _packs(clone, "pack")[0]
    content = pack.read_bytes()
    pack.unlink()
    run(
        ["git", "-C", str(clone.path), "unpack-objects", "-q"],
        what="git",
        env={"PATH": os.defpath},
        timeout=10,
        input=content,
    )
    blob = source.git("rev-parse", "HEAD:deep/file")
    loose = clone.path / "objects" / blob[:2] / blob[2:]
    loose.chmod(0o600)
    loose.write_bytes(b"")
    clone.close()  # it has the pack that is gone open
    with pytest.raises(GitUnavailable, match="the next pull mends the clone"):
        clone.tree(head).blob(blob)
    assert clone.fetch(["main"]) == {"main": head}
    assert clone.tree(head).blob(blob) == text.encode()


def test_a_damaged_clone_keeps_its_pins_where_the_commits_are_still_there(
    source: Source, make_clone: MakeClone
) -> None:
    clone = make_clone(source.path)
    deployed = clone.fetch(["main"])["main"]
    clone.pin("deployed/default/a", deployed)
    source.commit({"c": "d"})
    (clone.path / "refs/heads/main").write_text("")
    clone.fetch(["main"])
    assert clone.pins() == {"deployed/default/a": deployed}


def test_a_damaged_clone_stays_while_the_server_is_away(source: Source, make_clone: MakeClone) -> None:
    clone = make_clone(source.path)
    head = clone.fetch(["main"])["main"]
    source.path.rename(source.path.with_name("away"))
    (clone.path / "refs/heads/main").write_text("")
    with pytest.raises(GitUnavailable):
        clone.fetch(["main"])
    assert clone.tree(head).entry("README.md")


# ---------------------------------------------------------------- pins and housekeeping


def test_a_pinned_commit_outlives_a_force_push_and_housekeeping(source: Source, clone: Clone) -> None:
    source.commit({"x": "1"})
    old = clone.fetch(["main"])["main"]
    clone.pin("deployed/production/authelia", old)
    assert clone.pins() == {"deployed/production/authelia": old}
    source.git("reset", "-q", "--hard", "HEAD~1")
    new = source.commit({"x": "2"})
    clone.fetch(["main"])
    assert clone.collect_garbage(force=True)
    assert clone.tree(old).entry("x") != clone.tree(new).entry("x")
    clone.unpin("deployed/production/authelia")
    clone.unpin("deployed/production/authelia")
    assert clone.pins() == {}


def test_a_pin_moves_and_needs_a_commit_that_is_there(source: Source, clone: Clone) -> None:
    first = clone.fetch(["main"])["main"]
    second = source.commit()
    clone.fetch(["main"])
    clone.pin("deployed/default/a", first)
    clone.pin("deployed/default/a", second)
    assert clone.pins() == {"deployed/default/a": second}
    with pytest.raises(UnknownName):
        clone.pin("deployed/default/a", "1" * 40)
    with pytest.raises(UnknownName):
        clone.pin("../heads/main", second)


def test_housekeeping_does_nothing_while_there_is_little_to_do(clone: Clone) -> None:
    assert not clone.collect_garbage()
    clone.fetch(["main"])
    assert not clone.collect_garbage()


def test_many_fetches_are_packed_into_one_and_readers_go_on(
    source: Source, clone: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.adapters.git.clone._MANY_PACKS", 5)
    trees = []
    for number in range(6):
        source.commit({"n": f"{number} {time.time()}"})
        trees.append(clone.tree(clone.fetch(["main"])["main"]))
    assert clone.collect_garbage()
    assert len(_packs(clone, "pack")) == 1
    for tree in trees:
        entry = tree.entry("n")
        assert entry is not None
        assert tree.blob(entry.oid)


def test_a_revision_may_be_short_or_relative(source: Source, clone: Clone) -> None:
    first = source.git("rev-parse", "HEAD")
    source.commit()
    clone.fetch(["main"])
    assert clone.resolve("main~1") == first
    assert clone.resolve(first[:10]) == first
    for wrong in ("nothing", "main\nmain", "-x", "1" * 40, "main:README.md"):
        with pytest.raises(UnknownName):
            clone.resolve(wrong)


def test_the_size_of_a_clone_is_that_of_its_files(source: Source, clone: Clone) -> None:
    assert clone.size() == 0
    source.commit({"a": "a" * 10})
    clone.fetch(["main"])
    small = clone.size()
    source.commit({"b": secrets.token_hex(20_000)})
    clone.fetch(["main"])
    assert small > 0
    assert small + 15_000 < clone.size() < small + 60_000
