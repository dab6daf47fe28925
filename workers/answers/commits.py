"""The commits between what is deployed and where a stack would be, with what they say."""

from __future__ import annotations

from collections.abc import Sequence

from workers.adapters.git.history import commits_between
from workers.adapters.state.answers import MOST_COMMITS, Between, CommitBetween
from workers.model.commit import CommitNote
from workers.model.stack import Stack
from workers.services import Services


def between(services: Services, stack: Stack, old: str, new: str, paths: Sequence[str]) -> Between:
    """The commits of a stack's repo that one of two has and the other has not.

    Args:
        services: the process's.
        stack: the stack.
        old: the deployed commit.
        new: the other one.
        paths: what differs of the stack: commits that changed one of these reach it.
    """
    clone = services.clone(stack.repo)
    found = commits_between(clone, old, new, MOST_COMMITS + 1)
    reaching = {commit for commit, _ in commits_between(clone, old, new, MOST_COMMITS + 1, paths)}
    commits = (
        CommitBetween(commit, clone.said(commit) or CommitNote(""), is_gained, commit in reaching)
        for commit, is_gained in found[:MOST_COMMITS]
    )
    return Between(tuple(commits), has_more=len(found) > MOST_COMMITS)
