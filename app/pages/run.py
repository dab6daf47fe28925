"""`/runs/<id>`: one pull and all that it fanned out to, as a picture, and why each stack was left alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, render_template

from app.pages import words
from app.pages.acts import Act
from app.pages.commit_view import CommitView, CommitViews
from app.pages.moments import Moment, Times, lasting, seconds_between
from app.pages.run_view import Picture, counted, picture, read_deployments
from app.pages.tegu_view import RunLine, run_line
from app.pages.words import Tone
from workers.adapters.state.past_deployment import RecordedDeployment
from workers.adapters.state.results import StackResult
from workers.adapters.state.run import Run
from workers.adapters.state.summary import summary
from workers.model.errors import UnknownName
from workers.model.words import Action, Outcome
from workers.services import Services

_ORDER = (Tone.BAD, Tone.WARN, Tone.BUSY, Tone.GOOD, Tone.QUIET)
_ALONE = frozenset({Outcome.UNCHANGED})
_MOST_TIMED = 300
"""Deployments of a run that are read: beyond, nobody is told how long one took."""


@dataclass(frozen=True, slots=True)
class Part:
    """What became of a stack: `said` is why, in a sentence, `message` what else there is to say, `took` how long.

    `cancel` is where it can be ended, if it can.
    """

    stack: str
    url: str
    tone: Tone
    word: str
    said: str
    message: str
    deployment: str | None
    took: str
    cancel: str = ""


@dataclass(frozen=True, slots=True)
class PullLine:
    """A worker's pull: how it ended, and why where that went wrong."""

    worker: str
    tone: Tone
    word: str
    error: str


@dataclass(frozen=True, slots=True)
class RunPage:
    """The page.

    Attributes:
        unchanged: the stacks that nothing reached.
        is_live: whether something is still to come.
        can_be_cancelled: whether there is something to cancel.
    """

    line: RunLine
    sentence: str
    began: Moment | None
    ended: Moment | None
    commit: CommitView | None
    counts: tuple[tuple[Tone, str], ...]
    picture: Picture
    pulls: tuple[PullLine, ...]
    parts: tuple[Part, ...]
    unchanged: tuple[str, ...]
    is_live: bool
    can_be_cancelled: bool


def create_run(services: Services) -> Blueprint:
    """The blueprint of a run's page."""
    blueprint = Blueprint("run", __name__)

    @blueprint.get("/runs/<run>")
    def show(run: str) -> str:
        return render_template("run.html", page=read(services, run))

    return blueprint


def read(services: Services, identifier: str) -> RunPage:
    """Read all that the page shows.

    Raises:
        UnknownName: there is no such run, or none any more.
    """
    state, times = services.state, Times()
    run = state.runs.get(identifier)
    if run is None:
        message = f"there is no run {identifier}; runs are kept for 7 days, for 1 day where they found nothing to do"
        raise UnknownName(message)
    repo = services.catalog.current().repos.get(run.repo)
    commits = CommitViews(state.commits.get_many([run.commit]), times)
    commit = commits.view(run.commit, repo.url if repo else None)
    behind = {} if run.status.ended else state.open_runs.held_back(identifier)
    return run_page(run, read_deployments(state, [run], _MOST_TIMED), times, commit, behind)


def run_page(
    run: Run,
    deployments: Collection[RecordedDeployment],
    times: Times,
    commit: CommitView | None,
    behind: Mapping[str, Sequence[str]],
) -> RunPage:
    """Make the page of what is known. Pure.

    Args:
        run: what it did.
        deployments: those of it that have ended, and those under way of stacks that it waits for.
        times: for ages.
        commit: what it brought.
        behind: the stacks that wait for others, and for which.
    """
    busy = {each.stack for each in deployments if not each.outcome}
    open_ = busy.union(behind)
    told = [
        result
        for result in run.stacks.values()
        if result.outcome not in _ALONE and (result.reason or (not result.outcome and result.stack in open_))
    ]
    known = {each.id: each for each in deployments}
    found = (
        _part(result, known.get(result.deployment or ""), behind.get(result.stack, ()), is_busy=result.stack in busy)
        for result in told
    )
    parts = sorted(found, key=lambda part: (_ORDER.index(part.tone), part.stack))
    return RunPage(
        line=run_line(run, times),
        sentence=summary(run.stacks.values(), run.started_at, run.finished_at),
        began=times.moment(run.started_at or run.queued_at),
        ended=times.moment(run.finished_at),
        commit=commit,
        counts=counted(run.stacks),
        picture=picture(run, deployments, times),
        pulls=_pulls(run),
        parts=tuple(parts),
        unchanged=tuple(result.stack for result in run.stacks.values() if result.outcome in _ALONE),
        is_live=not run.status.ended,
        can_be_cancelled=any(part.cancel for part in parts),
    )


def _pulls(run: Run) -> tuple[PullLine, ...]:
    return tuple(PullLine(worker, *words.PULL[pull.status], pull.error or "") for worker, pull in run.pulls.items())


def _part(result: StackResult, deployment: RecordedDeployment | None, behind: Sequence[str], *, is_busy: bool) -> Part:
    tone, word = words.OUTCOME[result.outcome] if result.outcome else (Tone.BUSY, "to come")
    if result.still:
        tone, word = Tone.WARN, f"still {word}"
    services, paths = (deployment.services, deployment.paths) if deployment else ((), ())
    said = words.why(result.reason, paths)
    if result.action not in {None, Action.NONE}:
        said = f"{words.done(result.action, services)}: {said}"
    if is_busy and not result.outcome:
        word = "deploying"
    elif behind:
        said = f"waits for {words.listed(behind)}"
    took = lasting(seconds_between(deployment.started_at, deployment.finished_at)) if deployment else ""
    page = f"/deployments/{quote(result.deployment)}" if result.deployment else None
    stack = f"/stacks/{quote(result.stack)}"
    cancel = "" if result.outcome else f"{stack}/{Act.CANCEL}"
    return Part(result.stack, stack, tone, word, said, _first(result.message), page, took, cancel)


def _first(message: str) -> str:
    lines: Sequence[str] = message.splitlines()
    return lines[0] if lines else ""
