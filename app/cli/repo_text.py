"""What people are told of repos that are not well, or that somebody is asking at this moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from app.cli.output import say
from app.http.schemas import repo_states
from app.pages.moments import Times, lasting
from workers.adapters.state.repos import RepoState
from workers.services import Services


def print_repos(services: Services, repo: str | None = None) -> None:
    """Print a line for each repo (or this one) of which there is something to say; nothing where all are well."""
    states = repo_states(services.catalog.current(), services.state)
    for line in repo_lines((each for each in states if repo in {None, each.repo}), Times()):
        say(line)


def repo_lines(states: Iterable[RepoState], times: Times) -> Iterator[str]:
    """A line for each repo whose last pull has failed, and for each that is being asked.

    Args:
        states: of the repos.
        times: for ages.
    """
    for each in states:
        last, asking = each.last_pull, each.asking
        if last is not None and last.failed:
            at, first = times.moment(last.at), times.moment(last.since)
            since = f", as all since {first.ago}" if first and last.since != last.at else ""
            why = (last.error or "").removeprefix(f"repo {each.repo}: ")
            yield f"repo {each.repo}: the last pull failed {at.ago if at else ''}{since}: {why}"
        if asking is not None:
            yield f"repo {each.repo}: asking {asking.host} since {lasting(times.seconds_since(asking.since))}"
