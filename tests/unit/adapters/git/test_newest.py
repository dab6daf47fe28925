"""Which commit a followed ref is at: one answer for everybody who asks, and Git's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.git_server import GIT_ENV, Source
from workers.adapters.git import open_local
from workers.adapters.git.clone import Clone
from workers.model.errors import UnknownName
from workers.model.stack import Repo
from workers.runtime.process import run

MakeClone = Callable[..., Clone]

_NAMES = ("x", "x/y", "heads/x", "tags/x", "a/b")
_ASKED = (*_NAMES, *(f"refs/heads/{name}" for name in _NAMES), *(f"refs/tags/{name}" for name in _NAMES))
_REFS = st.dictionaries(
    st.sampled_from([f"{kind}{name}" for kind in ("refs/heads/", "refs/tags/") for name in _NAMES]),
    st.integers(0, 11),
    max_size=6,
)


def _objects(source: Source) -> list[tuple[str, str]]:
    """Twelve things that a tag may point to, each with the commit behind it: commits, tags, tags of tags."""
    found = []
    for number in range(4):
        commit = source.commit({"n": str(number)})
        source.git("tag", "-a", "-m", "one", f"one{number}")
        source.git("tag", "-a", "-m", "two", f"two{number}", f"one{number}")
        tags = [source.git("rev-parse", f"refs/tags/{name}{number}") for name in ("one", "two")]
        found += [(commit, commit), *((tag, commit) for tag in tags)]
    return found


def _without_conflicts(refs: dict[str, int]) -> dict[str, int]:
    """Git keeps no ref below the name of another."""
    return {name: of for name, of in refs.items() if not any(other.startswith(f"{name}/") for other in refs)}


def _oracle(source: Source, ref: str) -> str | None:
    """What Git follows by this name: `clone --branch` for short names, `rev-parse` for those that say where it is."""
    if ref.startswith(("heads/", "tags/")) and _parsed(source, f"refs/{ref}"):
        return _parsed(source, ref)
    if ref.startswith(("refs/heads/", "refs/tags/")):
        return _parsed(source, ref)
    with TemporaryDirectory() as folder:
        argv = ["git", "clone", "-q", "--bare", "--branch", ref, str(source.path), f"{folder}/c"]
        if run(argv, what="git", env=GIT_ENV, timeout=30, cwd="/", check=False).code:
            return None
        argv = ["git", "-C", f"{folder}/c", "rev-parse", "HEAD"]
        return run(argv, what="git", env=GIT_ENV, timeout=30, cwd="/").stdout.strip()


def _parsed(source: Source, name: str) -> str | None:
    argv = ["git", "rev-parse", "-q", "--verify", f"{name}^{{commit}}"]
    return run(argv, what="git", env=GIT_ENV, timeout=30, cwd=source.path, check=False).stdout.strip() or None


def test_every_way_to_ask_gives_what_git_gives(tmp_path: Path) -> None:
    source = Source(tmp_path / "source")
    objects = _objects(source)
    source.git("checkout", "-q", "--detach")

    @settings(max_examples=25, deadline=None)
    @given(_REFS, st.sets(st.sampled_from(_ASKED), min_size=1, max_size=4))
    def agrees(wanted: dict[str, int], asked: set[str]) -> None:
        """The clone is the same all the time, so that what one example left in it is there in the next."""
        for line in source.git("for-each-ref", "--format=%(refname)").splitlines():
            source.git("update-ref", "-d", line)
        for name, of in _without_conflicts(wanted).items():
            source.git("update-ref", name, objects[of][name.startswith("refs/heads/")])
        refs = sorted(asked)
        expected = {ref: commit for ref in refs if (commit := _oracle(source, ref))}
        assert clone.fetch(refs) == expected
        assert clone.heads(refs) == expected
        for ref in refs:
            assert clone.newest(ref) == expected.get(ref)
            if ref in expected:
                assert clone.resolve(ref) == clone.tree(ref).commit == expected[ref]

    with Clone(Repo("homelab", str(source.path), "main"), tmp_path / "tegu") as clone:
        agrees()


def test_tags_are_peeled_and_branches_come_before_tags_of_the_same_name(source: Source, clone: Clone) -> None:
    first = source.git("rev-parse", "HEAD")
    source.git("tag", "-a", "-m", "annotated", "v1")
    source.git("tag", "both")
    second = source.commit()
    source.git("branch", "both")
    expected = {"v1": first, "both": second, "refs/tags/both": first}
    assert clone.fetch(["v1", "both", "refs/tags/both"]) == expected
    assert clone.heads(expected) == expected


def test_a_tag_of_a_tag_is_peeled_all_the_way_for_everybody(source: Source, clone: Clone) -> None:
    commit = source.git("rev-parse", "HEAD")
    source.git("tag", "-a", "-m", "first", "v1")
    for number in range(1, 4):
        source.git("tag", "-a", "-m", "next", f"v{number + 1}", f"v{number}")
    tag = source.git("rev-parse", "v4")
    assert clone.fetch(["v4"]) == {"v4": commit}
    assert clone.newest("v4") == clone.resolve("v4") == clone.resolve(tag) == commit
    assert clone.tree("v4").commit == clone.tree(tag).commit == commit
    clone.pin("deployed/default/a", "v4")
    assert clone.pins() == {"deployed/default/a": commit}
    with open_local(source.path) as local:
        assert local.tree(tag).commit == local.newest("v4") == commit


@pytest.mark.parametrize("kind", ["HEAD^{tree}", "HEAD:README.md"])
def test_a_tag_of_no_commit_counts_as_none_and_is_no_damage(source: Source, clone: Clone, kind: str) -> None:
    head = source.git("rev-parse", "HEAD")
    source.git("tag", "-a", "-m", "no commit", "odd", kind)
    assert clone.fetch(["main", "odd"]) == {"main": head}
    place = clone.path.stat().st_ino
    assert clone.fetch(["main", "odd"]) == {"main": head}
    assert clone.path.stat().st_ino == place
    assert clone.newest("odd") is None
    with pytest.raises(UnknownName):
        clone.resolve("odd")


def test_a_branch_that_appears_beside_a_followed_tag_takes_its_place(source: Source, clone: Clone) -> None:
    tagged = source.git("rev-parse", "HEAD")
    source.git("tag", "stable")
    assert clone.fetch(["stable", "refs/tags/stable"]) == {"stable": tagged, "refs/tags/stable": tagged}
    source.git("branch", "stable")
    source.git("checkout", "-q", "stable")
    moved = source.commit({"new": "file"})
    assert clone.fetch(["stable", "refs/tags/stable"]) == {"stable": moved, "refs/tags/stable": tagged}
    assert clone.newest("stable") == moved
    source.git("checkout", "-q", "main")
    source.git("branch", "-D", "stable")
    assert clone.fetch(["stable"]) == {"stable": tagged}
    assert clone.newest("stable") == tagged


def test_the_newest_commit_follows_every_way_in_which_git_keeps_refs(source: Source, clone: Clone) -> None:
    clone.fetch(["refs/heads/main"])
    assert clone.newest("refs/heads/main") == clone.newest("main") == source.git("rev-parse", "HEAD")
    assert clone.collect_garbage(force=True)  # packs the refs
    for _ in range(2):
        head = source.commit({"n": source.git("rev-parse", "HEAD")})
        clone.fetch(["refs/heads/main"])
        assert clone.newest("refs/heads/main") == clone.newest("heads/main") == clone.newest("main") == head
    assert clone.newest("HEAD") is None
    assert clone.newest("a b") is None
