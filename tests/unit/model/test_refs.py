"""What a ref's name stands for, compared with what Git itself takes for one."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.git_server import GIT_ENV
from workers.model.errors import UnknownName
from workers.model.refs import check_ref, chosen, full_names, is_full_id, is_ref_name, may_be
from workers.runtime.process import run

_NAMES = st.text(alphabet="ab/.-@{}~^:?*[\\ \tlock", min_size=1, max_size=12)


@settings(max_examples=100, deadline=None)
@given(_NAMES)
@example("a.lock/b")
@example("a/.b")
@example("a@{b")
def test_a_name_is_one_where_git_says_so(name: str) -> None:
    """`--branch` is the rule for what somebody types: no leading dash. A lone @ is Git's word for HEAD."""
    argv = ["git", "check-ref-format", "--branch", name]
    taken = run(argv, what="git", env=GIT_ENV, timeout=10, cwd="/", check=False)
    assert is_ref_name(name) == (taken.code == 0 and taken.stdout.strip() == name != "@")


@pytest.mark.parametrize(
    ("ref", "full"),
    [
        ("main", ("refs/heads/main", "refs/tags/main")),
        ("refs/heads/main", ("refs/heads/main",)),
        ("refs/tags/v1", ("refs/tags/v1",)),
        ("heads/main", ("refs/heads/main", "refs/heads/heads/main", "refs/tags/heads/main")),
        ("tags/v1", ("refs/tags/v1", "refs/heads/tags/v1", "refs/tags/tags/v1")),
        ("refs/pull/1/head", ("refs/heads/refs/pull/1/head", "refs/tags/refs/pull/1/head")),
    ],
)
def test_a_followed_ref_is_the_first_of_these_that_exists(ref: str, full: tuple[str, ...]) -> None:
    assert full_names(ref) == full
    assert chosen(ref, full) == full[0]
    assert chosen(ref, full[-1:]) == full[-1]
    assert chosen(ref, {f"{name}x" for name in full}) is None


@pytest.mark.parametrize(
    ("one", "other", "may"),
    [
        ("refs/heads/main", "main", True),
        ("refs/tags/main", "main", True),
        ("main", "refs/heads/main", True),
        ("heads/main", "main", True),
        ("refs/heads/main", "heads/main", True),
        ("refs/heads/main", "refs/tags/main", False),
        ("refs/heads/heads/main", "main", False),
        ("refs/heads/main2", "main", False),
        ("refs/notes/main", "main", False),
    ],
)
def test_two_names_may_be_one_ref(one: str, other: str, may: bool) -> None:
    assert may_be(one, other) is may
    assert may_be(other, one) is may


def test_an_id_is_of_sha_1_or_of_sha_256() -> None:
    assert [length for length in range(70) if is_full_id("a" * length)] == [40, 64]
    assert not is_full_id("A" * 40)


def test_what_cannot_be_a_name_is_refused_with_it() -> None:
    assert check_ref("main") == "main"
    with pytest.raises(UnknownName, match="'a b' cannot be the name of a branch or tag"):
        check_ref("a b")
