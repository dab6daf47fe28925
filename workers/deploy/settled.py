"""Stacks about which nothing is to be done: decided by the rules of every deployment, without a lock or the engine.

What was decided is remembered in this process, with all that it came of: what Redis has of the stack, what stood at
each path of the commit that was looked at, and what each of the host's files held. As long as all of that is the same,
so is the decision, and nothing is parsed again: a thousand stacks that are paused, held, pinned or invalid cost a pull
little more than unchanged ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b

from workers.adapters.git import GitTree
from workers.adapters.git.tree import Noted
from workers.adapters.state.fast_path import Look
from workers.adapters.state.marks import Hold
from workers.changes.tree import Outside
from workers.deploy.decide import decide
from workers.deploy.files.layout import Folders
from workers.deploy.gate import gate, said_of
from workers.deploy.observe import without_engine
from workers.deploy.observed import Observed, Request
from workers.deploy.plans import Rest, folder_gone, without_ref
from workers.deploy.sight import Sight
from workers.deploy.target import At, NoRef
from workers.model.refs import same_format
from workers.model.stack import Stack
from workers.model.words import Action, Decision, Reason
from workers.runtime.cache import BoundedCache
from workers.services import Services


@dataclass(frozen=True, slots=True)
class _Remembered:
    """A decision, and what it came of.

    Attributes:
        decision: to do nothing.
        follows: whether its commit is the newest one, whichever that is.
        stack: the stack, with its options.
        seal: of what Redis has of it.
        content: what was asked of the newest commit.
        live: the stack's directory.
        files: the digest of each of the host's files that was read; None for one that is not there.
        until: when it may come out otherwise by itself; None: never.
    """

    decision: Decision
    follows: bool
    stack: Stack
    seal: bytes
    content: Noted
    live: str | None
    files: Mapping[str, bytes | None]
    until: datetime | None

    @property
    def cost(self) -> int:
        """The bytes that it takes, about."""
        texts = (*self.content.entries, *self.content.modes, *self.files, *self.decision.paths, self.decision.message)
        return 2000 + sum(300 + len(text) for text in texts)


_remembered: BoundedCache[_Remembered] = BoundedCache(32 << 20, lambda each: each.cost)
"""By data directory and id of the stack: room for some ten thousand."""


class _NotedOutside:
    """An `Outside` that notes what was read."""

    def __init__(self, outside: Outside) -> None:
        self.live = outside.live
        self.environ = outside.environ
        self.files: dict[str, bytes | None] = {}
        self._outside = outside

    def read(self, path: str) -> bytes | None:
        """A file's bytes by absolute path, or None when it is absent or no file."""
        content = self._outside.read(path)
        self.files[path] = _digest(content)
        return content


class _NotedSight(Sight):
    """A `Sight` that notes what it has seen of the newest commit and of the host."""

    def __init__(self, services: Services, stack: Stack, newest: str | None) -> None:
        self.noted = _NotedOutside(services.outside(stack))
        super().__init__(services, stack, self.noted)
        self.seen = Noted()
        self._newest = newest

    def tree(self, commit: str) -> GitTree:
        """What a commit holds."""
        tree = super().tree(commit)
        return self._clone.noted(commit, self.seen) if commit == self._newest else tree


def settled(services: Services, stack: Stack, request: Request, look: Look, now: datetime) -> Decision | None:
    """What a look without the lock decides, where that is to do nothing; None when something is to be done or seen to.

    Args:
        services: the process's.
        stack: the stack.
        request: what is asked for.
        look: what Redis knows.
        now: the time.
    """
    newest = services.clone(stack.repo).newest(stack.ref)
    sight = _NotedSight(services, stack, newest)
    observed = without_engine(
        services, stack, request, now, deployed=look.record, facts=look.facts, newest=newest, sight=sight
    )
    if isinstance(observed.target, NoRef):
        return without_ref(stack)
    if request.asked or not isinstance(observed.target, At) or _needs_lock(services, observed, observed.target):
        return None
    if observed.pin is None and observed.deployed and not observed.has_folder:
        return _removed(observed)
    if observed.removed:
        return None
    plan = gate(observed, decide(observed, sight))
    if not isinstance(plan, Rest):
        return None
    decision = said_of(observed, plan)
    if look.seal and request == Request() and _may_be_remembered(observed, observed.target, decision):
        _remember(services, stack, sight, look, decision, newest, now)
    return decision


def _remember(
    services: Services,
    stack: Stack,
    sight: _NotedSight,
    look: Look,
    decision: Decision,
    newest: str | None,
    now: datetime,
) -> None:
    if newest and (pin := look.facts.pin) and pin.until == "push" and pin.head == newest:
        sight.tree(newest).entry("")  # its content was not looked at yet: any push may end the pin
    files, live = sight.noted.files, sight.noted.live
    until, follows = _until(look.facts.hold, now), decision.commit == newest
    kept = _Remembered(decision, follows, stack, look.seal, sight.seen, live, files, until)
    _remembered.put(_key(services, stack), kept)


def remembered(services: Services, stack: Stack, look: Look, newest: str, now: datetime) -> Decision | None:
    """What `settled` would decide again, where nobody asks for anything and nothing has changed; None: look closely.

    Args:
        services: the process's.
        stack: the stack.
        look: what Redis knows.
        newest: the newest commit of its ref.
        now: the time.
    """
    known = _remembered.get(_key(services, stack))
    if known is None or look.facts.leased or known.seal != look.seal or known.stack != stack:
        return None
    if (known.until is not None and known.until <= now) or Folders.are_unfinished(services.settings.data_dir, stack):
        return None
    outside, tree = services.outside(stack), services.clone(stack.repo).tree(newest)
    if known.live != outside.live or not _is_as_seen(known, tree, outside):
        return None
    return replace(known.decision, commit=newest) if known.follows else known.decision


def _is_as_seen(known: _Remembered, tree: GitTree, outside: Outside) -> bool:
    return known.content.is_so_in(tree) and all(
        _digest(outside.read(path)) == digest for path, digest in known.files.items()
    )


def _may_be_remembered(observed: Observed, target: At, decision: Decision) -> bool:
    """Whether all that the decision comes of was noted, and its commit is known to follow the ref, or not to."""
    record = observed.deployed
    if record is not None and not same_format(record.commit, target.commit):
        return False  # it was compared with what another repository, or this one once, had
    return target.pin is None or decision.reason is Reason.PINNED or target.commit != observed.newest


def _until(hold: Hold | None, now: datetime) -> datetime | None:
    """When something that is held may be tried again: the next such time."""
    times = [datetime.fromisoformat(each.retry_at) for each in (hold, hold and hold.beside) if each and each.retry_at]
    return min((at for at in times if at > now), default=None)


def _key(services: Services, stack: Stack) -> str:
    return f"{services.settings.data_dir}:{stack.id}"


def _digest(content: bytes | None) -> bytes | None:
    return None if content is None else blake2b(content, digest_size=16).digest()


def _removed(observed: Observed) -> Decision | None:
    """What is said of a stack whose folder is gone, where that has been dealt with."""
    stack, mark = observed.stack, observed.removed
    if mark is None or not mark.is_settled(stack.options.when_removed):
        return None
    return Decision(stack.id, Action.NONE, Reason.REMOVED, None, message=folder_gone(stack))


def _needs_lock(services: Services, observed: Observed, target: At) -> bool:
    """Whether the containers ask for something, whatever Git says, or something stands between them and the record."""
    stack, known = observed.stack, observed.facts.known
    if Folders.of(services.settings.data_dir, stack).unfinished or observed.is_of_another_repo:
        return True
    if observed.deployed and observed.deployed.home(stack).worker != stack.worker:
        return True
    if observed.pin is not None and not (target.pin and target.pin.reached):
        return True  # it is to be brought there, or follows its ref again
    options = stack.options
    is_drifted = bool(known.drift or observed.request.again) and options.drift == "heal"
    return is_drifted or (known.stopped is not None and options.when_stopped == "start")
