"""Telling people how a stack, or a repo's pull, has ended: what to say, to whom, and who has taken it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workers.adapters.notify import Notice, problem_of, send, service_of
from workers.adapters.state.run import Run
from workers.adapters.state.status import status_of
from workers.model.errors import ReceiverUnavailable, UnknownName, UsageError
from workers.model.news import concerns
from workers.model.stack import Receiver
from workers.model.words import News, Outcome, StackStatus
from workers.runtime.logs import get_logger
from workers.runtime.masking import masked
from workers.services import Services

log = get_logger(__name__)

_LONGEST_BODY = 1600  # characters; a chat takes 2000 with the title, and the end of a log is what one wants to read
_SHORT_COMMIT = 12
_FAILED = (StackStatus.FAILED, StackStatus.ROLLED_BACK)


@dataclass(frozen=True, slots=True)
class Story:
    """What is known of an ending: that of the stack's part in a run (or of the pull), or how the stack stands now.

    Attributes:
        subject: a stack, or a repo.
        run: in which it happened, if that is known.
        outcome: how it ended.
        reason: of the decision; None for a pull.
        commit: at which.
        deployment: the one that was made, if any.
        message: why, for people.
    """

    subject: str
    run: Run | None
    outcome: str
    reason: str | None = None
    commit: str | None = None
    deployment: str | None = None
    message: str = ""

    @property
    def is_of_stack(self) -> bool:
        """Whether it is about a stack, and not about a repo."""
        return _is_stack(self.subject)


@dataclass(frozen=True, slots=True)
class Announced:
    """What was told: of whom, what, and how many have taken it by now."""

    subject: str
    outcome: str
    told: int

    def to_json(self) -> dict[str, str | int]:
        """As the task returns it."""
        kind = "stack" if _is_stack(self.subject) else "repo"
        return {kind: self.subject, "outcome": self.outcome, "told": self.told}


def announce(
    services: Services,
    subject: str,
    news: str | None,
    run: str | None,
    *,
    task: str,
    again: bool = False,
    last_try: bool = True,
) -> Announced:
    """Tell everybody who wants to hear of it.

    Args:
        services: the process's.
        subject: a stack, or a repo whose pull has ended.
        news: what to tell; None tells how it stands now to everybody whom the subject concerns, to try it out.
        run: in which it happened; None for whatever is known of the stack now.
        task: the task's id: a receiver that has taken this task's notice does not get it again.
        again: whether this was tried before: news that are old by now are not told then, or a receiver that was away
            would hear of a failure after its end.
        last_try: whether nobody will try again.

    Raises:
        UsageError: there is no such news.
        UnknownName: there is no such stack, or nothing is known of it.
        ReceiverUnavailable: some have not taken it.
    """
    if news is not None and news not in set(News):
        message = f"there is no news {news!r}; there are {', '.join(News)}"
        raise UsageError(message)
    story = _story(services, subject, run)
    wanted = [] if again and _is_old(services, story, news, run) else _wanted(services, story, news)
    told, missed = _deliver(services, task, wanted)
    for receiver in missed:
        log.warning("notice not taken", receiver=receiver.name, service=service_of(receiver.url), again=not last_try)
    if missed:
        message = f"{', '.join(each.name for each in missed)} did not take the notice, or not in time"
        raise ReceiverUnavailable(message)
    return Announced(story.subject, str(news or story.outcome), told)


def _is_stack(subject: str) -> bool:
    return "/" in subject


def _deliver(
    services: Services, task: str, wanted: Iterable[tuple[Receiver, Notice]]
) -> tuple[int, tuple[Receiver, ...]]:
    """Send to everybody whom this task has not told yet; how many have been told, and who has not taken it."""
    state, worker = services.state.notices, services.settings.worker
    told = state.told(task)
    left = {receiver.name: (receiver, notice) for receiver, notice in wanted if receiver.name not in told}
    away = state.away(worker, left)
    taken = send([pair for name, pair in left.items() if name not in away])
    state.note(task, worker, taken.items())
    missed = tuple(receiver for name, (receiver, _) in left.items() if not taken.get(name))
    return len(told) + len(left) - len(missed), missed


def _is_old(services: Services, story: Story, news: str | None, run: str | None) -> bool:
    """Whether there are other news by now."""
    if news in {None, News.DEPLOYED}:
        return False
    bad = services.state.notices.still_bad(story.subject, None if story.is_of_stack else services.settings.worker)
    return bad is not None if news == News.RECOVERED else bad is None or bad.run != run


def _wanted(services: Services, story: Story, news: str | None) -> list[tuple[Receiver, Notice]]:
    """Whom to tell what."""
    found = []
    for receiver in services.catalog.current().receivers:
        heard = _heard(receiver, story, news)
        if heard is None:
            continue
        if problem := problem_of(receiver):
            log.error("receiver unusable", receiver=receiver.name, error=problem)
        else:
            found.append((receiver, notice_of(story, heard, services.settings.public_url)))
    return found


def _heard(receiver: Receiver, story: Story, news: str | None) -> News | None:
    """What of the news a receiver wants to hear; a recovery by a deployment is both."""
    if not concerns(receiver, story.subject):
        return None
    if news is None:
        return News(story.outcome) if story.outcome in set(News) else News.DEPLOYED
    by_deployment = news == News.RECOVERED and story.outcome == Outcome.DEPLOYED
    said = [News(news), *([News.DEPLOYED] if by_deployment else [])]
    return next((each for each in said if each in receiver.news), None)


# ---------------------------------------------------------------- what to say


def notice_of(story: Story, news: News, public_url: str | None) -> Notice:
    """The notice, for people: how it ended and why, then where to read on.

    Args:
        story: what is known.
        news: what to tell of it.
        public_url: where the pages are, if others reach them.
    """
    title = f"{story.subject}: {news}" if story.is_of_stack else f"repo {story.subject}: pull {news}"
    first = " ".join(filter(None, (_cause(story), _asker(story.run))))
    # Masked as a whole: half a secret would not be known as one.
    why = _shortened(masked(story.message))
    parts = (first, why, "\n".join(_pointers(story, public_url)))
    return Notice(news, title, "\n\n".join(part for part in parts if part))


def _cause(story: Story) -> str:
    at = f"at {story.commit[:_SHORT_COMMIT]}" if story.commit else ""
    return f"{story.reason or 'pull'} {at}".strip()


def _asker(run: Run | None) -> str:
    if run is None:
        return ""
    return f"({run.trigger} by {run.who})" if run.who else f"({run.trigger})"


def _shortened(message: str) -> str:
    """The beginning, which says what failed, and the end, where the last lines of a log are."""
    if len(message) <= _LONGEST_BODY:
        return message.strip()
    head = message[: _LONGEST_BODY // 4].rpartition("\n")[0] or message[: _LONGEST_BODY // 4]
    return f"{head}\n…\n{message[len(head) - _LONGEST_BODY :]}".strip()


def _pointers(story: Story, public_url: str | None) -> Sequence[str]:
    deployment, run = story.deployment, story.run and story.run.id
    lines = [f"tegu log {deployment or run}"] if deployment or run else []
    if public_url:
        place = f"stacks/{story.subject}" if story.is_of_stack else f"runs/{run}"
        lines.append(f"{public_url.rstrip('/')}/{f'deployments/{deployment}' if deployment else place}")
    return lines


# ---------------------------------------------------------------- what is known


def _story(services: Services, subject: str, run: str | None) -> Story:
    known = services.state.runs.get(run) if run else None
    if subject in services.catalog.current().repos:
        return _of_pulls(subject, known)
    stack = subject if "/" in subject else services.stacks.find(subject).id
    part = known.stacks.get(stack) if known else None
    if part is None or part.outcome is None:
        return _as_it_stands(services, stack, known)
    return Story(stack, known, part.outcome, part.reason, part.commit, part.deployment, part.message)


def _of_pulls(repo: str, run: Run | None) -> Story:
    """A run's pulls, as a stack's part in it would be."""
    failed = [f"{worker}: {error}" for worker, error in run.pull_errors.items()] if run else []
    outcome = Outcome.FAILED if failed else Outcome.UNCHANGED
    return Story(repo, run, outcome, commit=run.commit if run else None, message="\n".join(failed))


def _as_it_stands(services: Services, stack: str, run: Run | None) -> Story:
    """The status of a stack as if it were an outcome, with the last decision and, where that failed, deployment."""
    facts = services.state.facts([stack])[stack]
    decision, last = facts.known.last_decision, facts.known.last_deployment
    if decision is None:
        message = f"nothing is known of {stack}; `tegu status` lists the stacks"
        raise UnknownName(message)
    status = status_of(facts)
    why = decision.message or (last.message if last and status in _FAILED else None)
    return Story(stack, run, status, decision.reason, decision.commit, last.id if last else None, why or "")
