"""How Tegu itself is: what keeps it from its work, and the runs that were last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from app.pages import words
from app.pages.moments import Moment, Times
from app.pages.words import Tone
from workers.adapters.state.clock import text_of
from workers.adapters.state.identifiers import time_of
from workers.adapters.state.repos import RepoState
from workers.adapters.state.run import RunHead
from workers.model.words import Trigger

_SHOWN_RUNS = 6
_BY_ITSELF = frozenset({Trigger.RECONCILE, Trigger.POLL})


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something of Tegu's own that does not work: what, why, since when, and what helps."""

    what: str
    why: str
    fix: str
    since: Moment | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run in a list: who started it and when, where it stands, and what it came to, where that is said."""

    id: str
    url: str
    tone: Tone
    word: str
    by: str
    repo: str
    at: Moment | None
    said: str = ""


def troubles(failing: Iterable[str], repos: Iterable[RepoState], times: Times) -> tuple[Trouble, ...]:
    """What keeps Tegu from its work.

    Args:
        failing: the parts that do not work, as `/readyz` names them.
        repos: how they stand.
        times: for their ages.
    """
    parts = dict.fromkeys(_part(name) for name in failing)
    found = [Trouble(what, why, fix) for what, why, fix in parts]
    for repo in repos:
        last = repo.last_pull
        if last is not None and last.failed:
            why = (last.error or "").removeprefix(f"repo {repo.repo}: ")
            what = f"{repo.repo} could not be pulled"
            found.append(Trouble(what, why, "", times.moment(last.since), f"/repos/{quote(repo.repo)}"))
    return tuple(found)


def recent_runs(heads: Iterable[RunHead], times: Times) -> tuple[RunLine, ...]:
    """The newest runs that somebody or something asked for; the regular looks only where they failed."""
    shown = [head for head in heads if head.trigger not in _BY_ITSELF or words.RUN[head.status][0] is Tone.BAD]
    return tuple(run_line(head, times) for head in shown[:_SHOWN_RUNS])


def run_line(head: RunHead, times: Times) -> RunLine:
    """A run in a list."""
    tone, word = words.RUN[head.status]
    by = words.triggered(head.trigger, head.who)
    return RunLine(
        head.id, f"/runs/{quote(head.id)}", tone, word, by, head.repo, times.moment(text_of(time_of(head.id)))
    )


def _part(name: str) -> tuple[str, str, str]:
    """A part that does not work: what it is called, what that means, and what helps. A worker has two queues."""
    kind, _, queue = name.partition(" ")
    if kind == "worker":
        worker = queue.removeprefix("tegu.").rpartition(".")[0]
        means = "Its stacks are neither looked at nor deployed; what runs goes on."
        return (
            f"Worker {worker} does not run",
            means,
            "Start it, or see in its log why it ended; `tegu doctor` tests more.",
        )
    if kind == "catalog":
        return (
            "The catalog is not valid any more",
            "The last valid one is in force.",
            "`tegu check` says where it is wrong.",
        )
    return f"{name} does not work", "", "`tegu doctor` says more."
