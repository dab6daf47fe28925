"""A stack's page as values. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from app.pages import words
from app.pages.acts import Act, Button, address, buttons
from app.pages.commit_view import CommitView, CommitViews
from app.pages.history import Past, history
from app.pages.moments import Moment, Times
from app.pages.stack_line import StackLine, stack_line
from app.pages.words import Tone
from workers.adapters.state.live import LiveService
from workers.adapters.state.marks import Hold
from workers.adapters.state.past_deployment import RecordedDeployment
from workers.adapters.state.status import DecisionNote, StackFacts
from workers.model.stack import Stack
from workers.model.words import Action, Reason, StackStatus


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """A service: how it stands and since when, what it was made from, and why it does not run, where that is known."""

    name: str
    tone: Tone
    state: str
    since: Moment | None
    image: str
    why: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What the last look found that a service needs, and because of which paths."""

    service: str
    action: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """The last decision: in a sentence, then what differed, in Git and outside of it, and what each service needs."""

    said: str
    message: str
    at: Moment | None
    run: str | None
    paths: tuple[str, ...]
    inputs: tuple[str, ...]
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark that holds the stack where it is: what, why, since when."""

    word: str
    said: str
    at: Moment | None


@dataclass(frozen=True, slots=True)
class Fact:
    """Something to know of the stack: where it is from and where it runs."""

    name: str
    value: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class StackPage:
    """The page.

    Attributes:
        line: as lists show it.
        deployed: the commit that is deployed.
        newest: the newest one; None where it is the deployed one, or nobody knows.
        why: the last decision; None before the first look.
        services: how each stands.
        marks: that hold it.
        history: its deployments, the newest first.
        facts: where it is from and where it runs.
        command: how its project is spoken to by hand.
        is_live: whether it is worth looking again soon.
        buttons: what can be ordered, what helps first.
    """

    line: StackLine
    deployed: CommitView | None
    newest: CommitView | None
    why: Why | None
    services: tuple[ServiceLine, ...]
    marks: tuple[Mark, ...]
    history: tuple[Past, ...]
    facts: tuple[Fact, ...]
    command: str
    is_live: bool
    buttons: tuple[Button, ...]


def stack_page(
    facts: StackFacts,
    stack: Stack | None,
    repo_url: str | None,
    deployments: Iterable[RecordedDeployment],
    times: Times,
    commits: CommitViews,
    *,
    is_awaited: bool = False,
    behind: Sequence[str] = (),
) -> StackPage:
    """Make the page of what is known.

    Args:
        facts: of the stack.
        stack: as the catalog has it; None where it is gone.
        repo_url: of its repo.
        deployments: the newest first.
        times: for ages.
        commits: those that are known.
        is_awaited: whether a run under way may reach it.
        behind: the stacks that it waits for.
    """
    known, line = facts.known, stack_line(facts)
    if behind and line.status is StackStatus.PENDING:  # what the last look said is of before
        line = replace(line, why="")
    newest = known.latest_commit if known.latest_commit != known.deployed_commit else None
    return StackPage(
        line=line,
        deployed=commits.view(known.deployed_commit, repo_url),
        newest=commits.view(newest, repo_url),
        why=_why(known.last_decision, line.why, times) if known.last_decision else None,
        services=tuple(_service(name, each, times) for name, each in facts.services.items()),
        marks=(*_waits(behind), *_marks(facts, times)),
        history=_history(facts, history(deployments, times, commits, repo_url)),
        facts=_facts(stack),
        command=f"tegu compose {facts.stack} ps",
        is_live=is_awaited or line.status in {StackStatus.DEPLOYING, StackStatus.PENDING},
        buttons=buttons(facts, is_behind=bool(behind)),
    )


def _history(facts: StackFacts, past: tuple[Past, ...]) -> tuple[Past, ...]:
    """With a way back to whatever was good once, and is not what runs."""
    if facts.known.removed is not None:
        return past
    return tuple(replace(each, back=_way_back(facts, each)) for each in past)


def _way_back(facts: StackFacts, past: Past) -> str:
    commit = past.commit.id if past.commit and past.tone is Tone.GOOD else None
    if commit is None or commit == facts.known.deployed_commit:
        return ""
    return address(facts.stack, Act.ROLLBACK, to=commit)


def _why(decision: DecisionNote, told: str, times: Times) -> Why:
    """The decision; what is `told` at the top of the page already is not said again."""
    paths = decision.paths
    said = words.why(decision.reason, paths, decision.inputs)
    if decision.action is not Action.NONE:
        said = f"{words.done(decision.action)}: {said}"
    elif paths and decision.reason is Reason.UNCHANGED:
        said = "what differs reaches no service"
    return Why(
        said=said,
        message="" if decision.message.strip() == told else decision.message,
        at=times.moment(decision.at),
        run=f"/runs/{quote(decision.run)}" if decision.run else None,
        paths=paths,
        inputs=decision.inputs,
        effects=tuple(
            Effect(name, words.done(action), touched)
            for name, (action, touched) in decision.services.items()
            if action is not Action.NONE
        ),
    )


def _service(name: str, service: LiveService, times: Times) -> ServiceLine:
    state = f"{service.state}, {service.health}" if service.health else service.state
    return ServiceLine(name, _tone(service), state, times.moment(service.since), service.image or "", service.why)


def _tone(service: LiveService) -> Tone:
    if service.is_well:
        return Tone.GOOD
    if service.is_unwell:
        return Tone.BAD
    return Tone.BUSY if service.health == "starting" else Tone.QUIET


def _waits(behind: Sequence[str]) -> Iterator[Mark]:
    if behind:
        yield Mark("waits", f"for {words.listed(behind)}, after which it comes.", None)


def _marks(facts: StackFacts, times: Times) -> Iterable[Mark]:
    known = facts.known
    if facts.pause:
        said = f"by {facts.pause.who}: {facts.pause.why}" if facts.pause.why else f"by {facts.pause.who}"
        yield Mark("paused", f"{said}. `tegu resume {facts.stack}` ends that.", times.moment(facts.pause.at))
    elif known.paused_by_option:
        yield Mark("paused", "by the option `paused` in the catalog", None)
    if facts.pin:
        until = "until a push changes it" if facts.pin.until == "push" else f"until `tegu resume {facts.stack}`"
        why = f": {facts.pin.why}" if facts.pin.why else ""
        yield Mark("pinned", f"to {facts.pin.commit[:12]} by {facts.pin.who} {until}{why}", times.moment(facts.pin.at))
    if facts.hold:
        yield _hold(facts.stack, facts.hold, times)
    if known.drift:
        said = ", ".join(f"{name}: {word.replace('_', ' ')}" for name, word in sorted(known.drift.items()))
        yield Mark("drifted", said, None)
    if known.stopped:
        yield Mark("stopped", f"by hand. `tegu deploy {facts.stack}` starts it.", times.moment(known.stopped.at))
    if known.removed:
        yield Mark("gone", known.removed.why, times.moment(known.removed.at))


def _hold(stack: str, hold: Hold, times: Times) -> Mark:
    again = times.moment(hold.retry_at)
    next_try = f"It is tried again {again.ago}." if again else "It is not tried again by itself"
    if not again:
        next_try += f": only when its content changes, or by `tegu deploy {stack}`."
    what = f"the content of {hold.commit[:12]} failed" if hold.commit else "this content failed"
    often = f", {hold.attempts} times in a row" if hold.attempts > 1 else ""
    return Mark("held", f"{what}{often}. {next_try}", times.moment(hold.at))


def _facts(stack: Stack | None) -> tuple[Fact, ...]:
    if stack is None:
        return ()
    return (
        Fact("repo", stack.repo, f"/repos/{quote(stack.repo)}"),
        Fact("path", stack.path or "the root of the repository"),
        Fact("follows", stack.ref),
        Fact("project", stack.project),
        Fact("worker", stack.worker),
        Fact("engine", stack.docker_host),
        Fact("options", "where each comes from", f"/settings?stack={quote(stack.id)}#options"),
    )
