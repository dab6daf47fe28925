"""The first page as values: the sentence, what needs somebody, what happens now, and every stack in its group. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from app.pages import words
from app.pages.commit_view import CommitView, CommitViews
from app.pages.moments import Moment, Times
from app.pages.run_view import Picture, counted, picture
from app.pages.stack_line import StackLine
from app.pages.standing import standing
from app.pages.strip import strip, told_strip
from app.pages.tegu_view import RunLine, Trouble, run_line
from app.pages.wanted import Grouping, Showing, Wanted
from app.pages.words import Tone
from workers.adapters.state.past_deployment import RecordedDeployment
from workers.adapters.state.past_marks import PastMarks
from workers.adapters.state.run import Run
from workers.model.words import StackStatus, Trigger

_MOST_NEEDING = 12
MOST_STACKS = 1000
"""In one page; beyond, it is searched."""
_MOST_TOLD = 100
"""Stacks of which each single deployment says what it was; of more, each colour of a stack's bars is one line."""
_SHOWN_AS = {Showing.ALL: "all", Showing.TROUBLE: "in trouble", Showing.BEHIND: "not newest", Showing.GONE: "gone"}
_RANK = {status: place for place, status in enumerate(words.STATUS)}


@dataclass(frozen=True, slots=True)
class Places:
    """Where stacks are from and where they run: repo by stack, host by environment, address by repo."""

    repos: Mapping[str, str]
    hosts: Mapping[str, str]
    urls: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose by a link: how many there are, and whether it is chosen."""

    name: str
    url: str
    count: int | None
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A stack with the commit that it runs.

    Attributes:
        line: what is known of it.
        commit: the one that is deployed.
        at: when something was done last.
        since: since when it needs somebody.
        bars: its last deployments, drawn; empty for none.
    """

    line: StackLine
    commit: CommitView | None
    at: Moment | None
    since: Moment | None
    bars: Markup


@dataclass(frozen=True, slots=True)
class Group:
    """Stacks that belong together, those in trouble first, and how many are well."""

    name: str
    stacks: tuple[Shown, ...]
    said: str


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A run under way."""

    line: RunLine
    commit: CommitView | None
    counts: tuple[tuple[Tone, str], ...]
    picture: Picture


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole page.

    Attributes:
        sentence: how everything stands.
        tone: of the worst.
        troubles: Tegu's own, which stand before all others.
        last_push: of a forge; None where none is remembered.
        last_look: at any repo.
        next_look: about when.
        needing: stacks that need somebody.
        needing_more: how many more there are.
        under_way: runs.
        recent: runs that have ended.
        groups: of the stacks that are wanted.
        count: of all that live.
        left_out: how many of the wanted ones are not shown.
        wanted: what was asked for.
        showings: to choose.
        groupings: to choose.
    """

    sentence: str
    tone: Tone
    troubles: tuple[Trouble, ...]
    last_push: Moment | None
    last_look: Moment | None
    next_look: Moment | None
    needing: tuple[Shown, ...]
    needing_more: int
    under_way: tuple[UnderWay, ...]
    recent: tuple[RunLine, ...]
    groups: tuple[Group, ...]
    count: int
    left_out: int
    wanted: Wanted
    showings: tuple[Choice, ...]
    groupings: tuple[Choice, ...]


def overview(
    lines: Iterable[StackLine],
    wanted: Wanted,
    *,
    times: Times,
    commits: CommitViews,
    places: Places,
    troubles: tuple[Trouble, ...],
    runs: Sequence[Run],
    deployments: Sequence[RecordedDeployment],
    recent: tuple[RunLine, ...],
    last_look: str | None,
    interval: float,
) -> Overview:
    """Make the page of what is known.

    Args:
        lines: of every stack.
        wanted: what somebody wants to see.
        times: for ages.
        commits: those that are known.
        places: of stacks.
        troubles: Tegu's own.
        runs: under way.
        deployments: of those.
        recent: runs before.
        last_look: when a pull ended last.
        interval: seconds from one regular look to the next.
    """
    lines = sorted(lines, key=_place)
    living = [line for line in lines if line.status is not StackStatus.REMOVED]
    needing = [line for line in living if line.needs_you]
    found = [line for line in lines if _is_wanted(line, wanted, places)]
    draw = _Drawing(times, commits, places, told=len(found) <= _MOST_TOLD)
    first = needing[:_MOST_NEEDING]
    tone, sentence = standing(living, in_trouble=bool(troubles))
    return Overview(
        sentence=sentence,
        tone=tone,
        troubles=troubles,
        last_push=next(
            (each.at for each in recent if each.by.startswith(words.triggered(Trigger.WEBHOOK, None))), None
        ),
        last_look=times.moment(last_look),
        next_look=_next(last_look, interval, times),
        needing=tuple(draw(line) for line in first),
        needing_more=len(needing) - len(first),
        under_way=tuple(_under_way(run, deployments, commits, places, times) for run in runs),
        recent=recent,
        groups=_groups([draw(line) for line in found[:MOST_STACKS]], wanted, places),
        count=len(living),
        left_out=max(0, len(found) - MOST_STACKS),
        wanted=wanted,
        showings=_showings(lines, wanted),
        groupings=tuple(Choice(each, wanted.url(group=each), None, each == wanted.group) for each in Grouping),
    )


class _Drawing:
    """Makes what is shown of a stack. `told` says that each of its deployments says what it was."""

    def __init__(self, times: Times, commits: CommitViews, places: Places, *, told: bool) -> None:
        self._times = times
        self._commits = commits
        self._places = places
        self._told = told

    def __call__(self, line: StackLine) -> Shown:
        url = self._places.urls.get(self._places.repos.get(line.id, ""))
        commit, moment = self._commits.view(line.commit, url), self._times.moment
        return Shown(line, commit, moment(line.at), moment(line.since), self._bars(line.past))

    def _bars(self, past: PastMarks) -> Markup:
        if not past.outcomes:
            return Markup()
        return told_strip(past) if self._told else strip(past.outcomes)


def _place(line: StackLine) -> tuple[int, str]:
    return _RANK[line.status], line.id


def _is_wanted(line: StackLine, wanted: Wanted, places: Places) -> bool:
    if not _is_shown(line, wanted.show):
        return False
    repo = places.repos.get(line.id, "")
    if not wanted.search:
        return True
    text = f"{line.id} {repo} {line.word} {' '.join(line.badges)}".lower()
    return all(word in text for word in wanted.search.lower().split())


def _is_shown(line: StackLine, show: Showing) -> bool:
    if show is Showing.GONE:
        return line.status is StackStatus.REMOVED
    if line.status is StackStatus.REMOVED:
        return False
    if show is Showing.TROUBLE:
        return line.needs_you
    return show is Showing.ALL or not line.is_newest


def _next(last_look: str | None, interval: float, times: Times) -> Moment | None:
    """When everything is looked at again; where that should have been, nobody knows."""
    gone = times.seconds_since(last_look)
    if gone is None or gone > interval:
        return None
    return times.in_seconds(interval - gone)


def _under_way(
    run: Run, deployments: Iterable[RecordedDeployment], commits: CommitViews, places: Places, times: Times
) -> UnderWay:
    commit = commits.view(run.commit, places.urls.get(run.repo))
    return UnderWay(run_line(run, times), commit, counted(run.stacks), picture(run, deployments, times))


def _groups(shown: Iterable[Shown], wanted: Wanted, places: Places) -> tuple[Group, ...]:
    """The groups, in the order of their worst stacks, then of names."""
    members: dict[str, list[Shown]] = {}
    for each in shown:
        members.setdefault(_group_of(each.line, wanted.group, places), []).append(each)
    ordered = sorted(members.items(), key=lambda item: (_RANK[item[1][0].line.status], item[0]))
    return tuple(Group(name, tuple(stacks), _tally(stacks)) for name, stacks in ordered)


def _tally(stacks: Sequence[Shown]) -> str:
    trouble = sum(each.line.needs_you for each in stacks)
    count = f"{len(stacks)} stack{'' if len(stacks) == 1 else 's'}"
    return f"{count}, {trouble} in trouble" if trouble else count


def _group_of(line: StackLine, group: Grouping, places: Places) -> str:
    if group is Grouping.REPO:
        return places.repos.get(line.id, "no repo any more")
    return places.hosts.get(line.environment, "no host any more") if group is Grouping.HOST else line.environment


def _showings(lines: Sequence[StackLine], wanted: Wanted) -> tuple[Choice, ...]:
    """What can be shown; of those that are gone only where there are any."""
    counts = {show: sum(_is_shown(line, show) for line in lines) for show in Showing}
    return tuple(
        Choice(_SHOWN_AS[show], wanted.url(show=show), counts[show], show == wanted.show)
        for show in Showing
        if show is not Showing.GONE or counts[show] or wanted.show is Showing.GONE
    )
