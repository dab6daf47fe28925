"""Deployments in a list: when, what was done and why, how it ended, and how long it took."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from app.pages import words
from app.pages.commit_view import CommitView, CommitViews
from app.pages.moments import Moment, Times, lasting, seconds_between
from app.pages.words import Tone
from workers.adapters.state.past_deployment import RecordedDeployment

_TALLEST, _SMALLEST = 24, 4


@dataclass(frozen=True, slots=True)
class Past:
    """One deployment.

    Attributes:
        id: its id.
        url: its page.
        tone: how it is coloured.
        word: how it ended; `deploying` while it has not.
        did: what was done, and why.
        by: what started it, and who.
        at: when it began.
        took: how long it took.
        error: the first line of what went wrong; empty where nothing did.
        commit: what it brought the stack to, or was to.
        height: of its bar, by how long it took.
        back: where rolling back to it is looked at; empty where that makes no sense.
    """

    id: str
    url: str
    tone: Tone
    word: str
    did: str
    by: str
    at: Moment | None
    took: str
    error: str
    commit: CommitView | None
    height: int
    back: str = ""


def history(
    deployments: Iterable[RecordedDeployment], times: Times, commits: CommitViews, repo_url: str | None
) -> tuple[Past, ...]:
    """Deployments of one stack, in the order given."""
    found = tuple(deployments)
    seconds = [seconds_between(each.started_at, each.finished_at) or 0.0 for each in found]
    longest = max(seconds, default=0.0) or 1.0
    return tuple(
        _past(each, times, commits.view(each.commit, repo_url), took / longest)
        for each, took in zip(found, seconds, strict=True)
    )


def _past(deployment: RecordedDeployment, times: Times, commit: CommitView | None, share: float) -> Past:
    outcome = deployment.outcome
    tone, word = words.OUTCOME[outcome] if outcome else (Tone.BUSY, "deploying")
    why = words.why(deployment.reason, deployment.paths)
    did = words.done(deployment.action, deployment.services)
    return Past(
        id=deployment.id,
        url=f"/deployments/{quote(deployment.id)}",
        tone=tone,
        word=word,
        did=f"{did}: {why}" if why else did,
        by=words.triggered(deployment.trigger, deployment.who),
        at=times.moment(deployment.started_at),
        took=lasting(seconds_between(deployment.started_at, deployment.finished_at)),
        error=next(iter((deployment.error or "").splitlines()), ""),
        commit=commit,
        height=max(_SMALLEST, round(share * _TALLEST)),
    )
