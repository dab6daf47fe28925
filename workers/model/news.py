"""When somebody has to be told how a stack, or a repo's pull, has ended, and when that was told before. Pure.

Reconcile looks at a broken stack every few minutes, and finds it broken every time. So what was told is remembered
until all is well again, and only what is new about it is told.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from workers.model.stack import Receiver
from workers.model.trouble import same_words
from workers.model.words import News, Outcome, Reason

_LONGEST = 2000  # characters of a message that are remembered


@dataclass(frozen=True, slots=True)
class Ended:
    """How a stack, or a repo's pull on a worker, has ended.

    Attributes:
        subject: the stack's id, or the repo.
        run: the run.
        reason: of the decision; None for a pull.
        fingerprint: of the content, where that is known.
        told: what somebody was told that is still bad, as `Due.told` was; empty for nothing.
        worker: whose pull it was; None for a stack.
    """

    subject: str
    run: str
    outcome: Outcome
    message: str = ""
    deployment: str | None = None
    reason: Reason | None = None
    fingerprint: str | None = None
    told: str = ""
    worker: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody was told that is still bad: how it ended, of which content, why, and in which run."""

    outcome: Outcome
    fingerprint: str | None
    message: str
    run: str

    @classmethod
    def of(cls, ended: Ended) -> Told:
        """What is to be remembered of an ending."""
        return cls(ended.outcome, ended.fingerprint, ended.message[:_LONGEST], ended.run)

    @classmethod
    def from_text(cls, text: str) -> Told:
        """From what is remembered."""
        fields: dict[str, str | None] = json.loads(text)
        run, message = fields.get("run") or "", fields.get("message") or ""
        return cls(Outcome(str(fields["outcome"])), fields.get("fingerprint"), message, run)

    def to_text(self) -> str:
        """As it is remembered."""
        fields = {"outcome": self.outcome, "fingerprint": self.fingerprint, "message": self.message, "run": self.run}
        return json.dumps(fields)


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be told now (None: nothing), and what is then to be remembered in place of `Ended.told`."""

    news: News | None
    told: str


def due(ended: Ended, receivers: Iterable[Receiver]) -> Due | None:
    """What follows from an ending; None when all stays as it is."""
    wanted = {news for receiver in receivers if concerns(receiver, ended.subject) for news in receiver.news}
    if ended.outcome.bad:
        is_news = News(ended.outcome) in wanted and not _is_known(ended)
        return Due(News(ended.outcome), Told.of(ended).to_text()) if is_news else None
    if ended.outcome is Outcome.REMOVED:
        return Due(None, "") if ended.told else None
    if ended.outcome in {Outcome.DEPLOYED, Outcome.UNCHANGED}:
        return _after_good(ended, wanted)
    return None


def _after_good(ended: Ended, wanted: Collection[News]) -> Due | None:
    recovered = bool(ended.told) and not _is_stopgap(ended)
    good = [News.RECOVERED] if recovered else []
    good += [News.DEPLOYED] if ended.outcome is Outcome.DEPLOYED else []
    news = next((each for each in good if each in wanted), None)
    return Due(news, "" if recovered else ended.told) if news or recovered else None


def concerns(receiver: Receiver, subject: str) -> bool:
    """Whether a receiver hears of a stack; a repo's pull concerns all its stacks, and so everybody."""
    return "/" not in subject or not receiver.stacks or any(fnmatchcase(subject, glob) for glob in receiver.stacks)


def _is_stopgap(ended: Ended) -> bool:
    """Whether containers were healed at the last good version, while what is newest is as bad as before."""
    return ended.reason is Reason.DRIFTED and Told.from_text(ended.told).fingerprint != ended.fingerprint


def _is_known(ended: Ended) -> bool:
    """Whether just this was told before. A look that deploys nothing does not know the fingerprint."""
    if not ended.told:
        return False
    told = Told.from_text(ended.told)
    same_content = None in {told.fingerprint, ended.fingerprint} or told.fingerprint == ended.fingerprint
    same_words = _words(ended.outcome, told.message) == _words(ended.outcome, ended.message[:_LONGEST])
    return told.outcome is ended.outcome and same_content and same_words


def _words(outcome: Outcome, message: str) -> str:
    return message if outcome is Outcome.INVALID else same_words(message)  # an invalid stack's are those of lines
