"""`/repos/<name>`: a repo, how it was pulled last, and how its forge tells Tegu of a push."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, render_template, request

from app.http.schemas import repo_states
from app.pages.commit_view import CommitView, CommitViews
from app.pages.forges import FORGES, Forge, hook_page
from app.pages.moments import Moment, Times
from app.pages.prose import amount
from app.pages.run_view import counted
from app.pages.tegu_view import RunLine, run_line
from app.pages.words import Tone
from workers.adapters.state.deliveries import Delivery
from workers.adapters.state.repos import RepoState
from workers.adapters.state.run import Run
from workers.catalog import Catalog
from workers.model.errors import UnknownName
from workers.model.stack import Repo
from workers.runtime.settings import write_duration
from workers.services import Services

_RUNS = 12


@dataclass(frozen=True, slots=True)
class PullState:
    """How a worker's last pull of it ended, when, since when it is so, why where it failed; how large its clone is."""

    worker: str
    tone: Tone
    word: str
    at: Moment | None
    since: Moment | None
    error: str
    size: str


@dataclass(frozen=True, slots=True)
class FollowedRef:
    """A branch or tag that is followed, by which environments, and its newest commit that was fetched."""

    ref: str
    environments: tuple[str, ...]
    commit: CommitView | None


@dataclass(frozen=True, slots=True)
class RepoRun:
    """A run of it, with what it came to."""

    line: RunLine
    commit: CommitView | None
    counts: tuple[tuple[Tone, str], ...]


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """A webhook that came, what became of it and why, and the run that looks at what was pushed."""

    at: Moment | None
    forge: str
    tone: Tone
    word: str
    detail: str
    run: str | None


_BECAME = {
    "queued": (Tone.GOOD, "accepted"),
    "coalesced": (Tone.GOOD, "accepted, with an earlier one"),
    "ignored": (Tone.QUIET, "ignored"),
    "unauthorized": (Tone.BAD, "wrong signature"),
    "no_secret": (Tone.BAD, "refused"),
    "malformed": (Tone.BAD, "not understood"),
    "unreadable": (Tone.BAD, "not read"),
}
"""What became of deliveries, as they are counted; any other word is one that could not be taken."""


@dataclass(frozen=True, slots=True)
class RepoPage:
    """The page.

    Attributes:
        name: the repo.
        url: where it is fetched from, without credentials.
        refs: the branches and tags that are followed.
        discover: which folders are stacks.
        poll: how often it is looked at without a push; empty where it is not.
        pulls: by worker.
        asking: whom a pull is asking at this moment; empty for nobody.
        asking_since: since when.
        webhook: the address that a forge sends pushes to.
        hooks: the forge, and its page where that is told; None where that is not known.
        forges: how each is told.
        has_secret: whether a signature can be checked at all.
        catalog: the file in which its secret is named.
        deliveries: the last webhooks.
        runs: the newest.
    """

    name: str
    url: str
    refs: tuple[FollowedRef, ...]
    discover: tuple[str, ...]
    poll: str
    pulls: tuple[PullState, ...]
    asking: str
    asking_since: Moment | None
    webhook: str
    hooks: tuple[str, str] | None
    forges: tuple[Forge, ...]
    has_secret: bool
    catalog: str
    deliveries: tuple[DeliveryLine, ...]
    runs: tuple[RepoRun, ...]


def create_repo(services: Services) -> Blueprint:
    """The blueprint of a repo's page."""
    blueprint = Blueprint("repo", __name__)

    @blueprint.get("/repos/<name>")
    def show(name: str) -> str:
        return render_template("repo.html", page=read(services, name, request.host_url))

    return blueprint


def read(services: Services, name: str, here: str) -> RepoPage:
    """Read all that the page shows.

    Args:
        services: of the process.
        name: the repo.
        here: the address that the browser has asked, for a Tegu that does not know its own.

    Raises:
        UnknownName: there is no such repo.
    """
    catalog, state, times = services.catalog.current(), services.state, Times()
    repo = catalog.repos.get(name)
    if repo is None:
        message = f"there is no repo {name}; the catalog has {', '.join(sorted(catalog.repos)) or 'none'}"
        raise UnknownName(message)
    stands = next(each for each in repo_states(catalog, state) if each.repo == name)
    runs = state.runs.list(limit=_RUNS, repo=name).items
    commits = CommitViews(state.commits.get_many([*(run.commit for run in runs), *stands.heads.values()]), times)
    asking = stands.asking
    return RepoPage(
        name=name,
        url=repo.url,
        refs=tuple(_followed(catalog, name, stands, commits)),
        discover=repo.discover,
        poll=write_duration(repo.poll) if repo.poll else "",
        pulls=_pulls(stands, times),
        asking=asking.host if asking else "",
        asking_since=times.moment(asking.since) if asking else None,
        webhook=f"{(services.settings.public_url or here).rstrip('/')}/webhooks/{quote(name)}",
        hooks=hook_page(repo.url),
        forges=FORGES,
        has_secret=bool(repo.webhook_secrets),
        catalog=str(catalog.path),
        deliveries=tuple(_delivery(each, times) for each in state.deliveries.list([name])),
        runs=tuple(_run(run, repo, commits, times) for run in runs),
    )


def _followed(catalog: Catalog, name: str, stands: RepoState, commits: CommitViews) -> Iterator[FollowedRef]:
    url = catalog.repos[name].url
    for ref in catalog.refs(name):
        followers = tuple(each for each in sorted(catalog.environments) if catalog.ref(name, each) == ref)
        yield FollowedRef(ref, followers, commits.view(stands.heads.get(ref), url))


def _delivery(delivery: Delivery, times: Times) -> DeliveryLine:
    tone, word = _BECAME.get(delivery.result, (Tone.BAD, "not taken"))
    run = f"/runs/{quote(delivery.run)}" if delivery.run else None
    return DeliveryLine(times.moment(delivery.at), delivery.forge, tone, word, delivery.detail, run)


def _pulls(stands: RepoState, times: Times) -> tuple[PullState, ...]:
    return tuple(
        PullState(
            worker,
            Tone.BAD if each.failed else Tone.GOOD,
            "failed" if each.failed else "pulled",
            times.moment(each.at),
            times.moment(each.since) if each.failed and each.since != each.at else None,
            (each.error or "").removeprefix(f"repo {stands.repo}: "),
            amount(stands.sizes[worker]) if worker in stands.sizes else "",
        )
        for worker, each in sorted(stands.pulls.items())
    )


def _run(run: Run, repo: Repo, commits: CommitViews, times: Times) -> RepoRun:
    return RepoRun(run_line(run, times), commits.view(run.commit, repo.url), counted(run.stacks))
