"""What becomes of a stack that is gone from the catalog or from its repository (`workers.reconcile.removed`).

That is what the stack's `when_removed` said last: `keep` leaves it running and reports it, `stop` and `down` are done
under the stack's lock, with the project as it was last called. Volumes and the stack's files always stay.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

from workers.adapters.state.clock import now
from workers.adapters.state.exclusion import exclusive
from workers.adapters.state.leases import Lease
from workers.adapters.state.marks import Removed
from workers.adapters.state.results import StackResult
from workers.deploy.ending import Ending
from workers.deploy.files.layout import Folders, remove_tree
from workers.deploy.files.manifest import load_manifest
from workers.deploy.files.written import remove_written
from workers.deploy.report import Ledger
from workers.deploy.take_down import ARGV, DONE, KEEP, as_left, obstacle, policy_of, undeploy, undo_move
from workers.deploy.transaction import after_kill
from workers.deploy.transaction.steps import Step, Steps
from workers.model.errors import CommandFailed, EngineUnavailable, RedisUnavailable, TeguError, TransientError
from workers.model.stack import Policy, Stack
from workers.model.words import Action, Decision, Outcome, Reason
from workers.runtime.logs import get_logger
from workers.services import Services

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Gone:
    """A deployed stack that is none any more; `policy` is what to do about it, and `why` is for people."""

    stack: str
    policy: Policy
    why: str


def remove_gone(services: Services, stack: str, taker: str) -> StackResult | None:
    """Do what is to be done about a stack that no pull has found; None when no pull has said so.

    Args:
        services: the process's.
        stack: its id.
        taker: the task's id.

    Raises:
        TransientError: something is away or the stack is locked; the runs wait for the next attempt.
    """
    state = services.state
    look = state.quick.look(stack, taker)
    mark = look.facts.known.removed
    if mark is None:
        state.runs.put_back(stack, look.runs)
        return None
    runs = look.runs
    try:
        with exclusive(state, stack) as (lock, lease):
            runs = tuple(dict.fromkeys((*runs, *state.runs.take(stack, taker, orphans=True))))
            journal = state.journal.load(stack)
            if journal.heir and state.journal.load(journal.heir).carried:
                said = Decision(stack, Action.NONE, Reason.REMOVED, message=f"it goes on as {journal.heir}")
                return state.quick.finish_unchanged(runs, said, Outcome.SKIPPED)
            policy = mark.forget or policy_of(services, stack, journal, mark)
            removal = Removal(services, Gone(stack, policy, mark.why), runs, lock, lease)
            return removal.carry_out() if mark.forget is None else forget(services, removal, mark)
    except TransientError:
        with suppress(RedisUnavailable):
            state.runs.put_back(stack, runs)
        raise


class Removal:
    """One removal under the stack's lock.

    Args:
        services: the process's.
        gone: the stack, and what is to be done.
        runs: those that wait for it.
        lock: the lock's descriptor, which Compose inherits.
        lease: says who may write.

    Attributes:
        gone: as given.
        runs: as given.
        stack: as it was last deployed.

    Raises:
        EngineUnavailable: the engine is away.
    """

    def __init__(self, services: Services, gone: Gone, runs: tuple[str, ...], lock: int, lease: Lease) -> None:
        self._services = services
        self._state = services.state
        self.gone = gone
        self.runs = runs
        self._lock = lock
        self._lease = lease
        self._known = self._state.records.status(gone.stack).removed
        self._journal = self._state.journal.load(gone.stack)
        self._record = self._journal.record or self._state.records.get(gone.stack)
        self.stack = as_left(services, gone.stack, self._record)

    def carry_out(self) -> StackResult:
        """Do it, and end the stack's part in all runs."""
        known = self._known
        kept_because = obstacle(self._services, self.stack) if self.gone.policy in ARGV else None
        policy = KEEP if kept_because else self.gone.policy
        message = f"{self.gone.why}; {kept_because or DONE[policy]} (when_removed: {self.gone.policy})"
        is_done = known is not None and known.is_settled(policy)
        if policy in ARGV and not is_done:
            return self._take_down(policy, message)
        outcome = Outcome.SKIPPED if is_done else Outcome.REMOVED
        if not is_done:
            self._note(policy)
        decision = Decision(self.gone.stack, Action.NONE, Reason.REMOVED, None, message=message)
        result = self._state.quick.finish_unchanged(self.runs, decision, outcome)
        log.warning("stack removed", stack=self.gone.stack, policy=policy, why=self.gone.why)
        return result

    def _take_down(self, policy: Policy, message: str) -> StackResult:
        commit = self._record.commit if self._record else None
        decision = Decision(self.gone.stack, Action.REMOVE, Reason.REMOVED, commit, message=message)
        ledger = Ledger(self._state, self.gone.stack, self._lease.fence, self.runs)
        ledger.open(decision)
        steps = Steps(ledger.note_step, self._services.at_step)
        try:
            with steps.step(Step.REMOVE):
                self._drop_attempt()
                undeploy(self._services, self.stack, self._journal.call, policy, self._lock, ledger.say)
        except TransientError as error:
            ledger.interrupt(str(error))
            raise
        except CommandFailed as error:
            ending = Ending(Outcome.FAILED, message=str(error))
        else:
            ending = Ending(Outcome.REMOVED, message=message)
            with steps.step(Step.RECORD):
                self._note(policy)
            with steps.step(Step.CLEAR):
                if policy == "down":
                    drop_pins(self._services, self.stack)
        fingerprint = self._record.fingerprint if self._record else ""
        ledger.close(ending, decision, fingerprint, asked=False)
        return StackResult.of(decision, ending.outcome, ledger.deployment)

    def _drop_attempt(self) -> None:
        """Take back what a deployment has left that was interrupted before the stack went."""
        folders = Folders.of(self._services.settings.data_dir, self.stack)
        found = after_kill.look(self._journal)
        engine = self._services.containers(after_kill.host_of(self._journal) or self.stack.docker_host)
        after_kill.tidy(self._journal, folders)
        if found.intent is not None and found.intent.switched:
            undo_move(self._services, self.stack, self._record, found.intent, self._lock)
        after_kill.give_up(self.stack.id, found, self._state.journal, folders, engine)
        after_kill.settle_half_made(engine, self.stack.project)

    def _note(self, done: Policy) -> None:
        known = self._known or Removed(self.gone.why)
        mark = replace(known, why=self.gone.why, policy=self.gone.policy, done=done, at=now())
        self._state.journal.update(self.gone.stack, removed=mark, stopped=None)
        self._state.records.set_status(self.gone.stack, self._lease.fence, removed=mark, drift=None, stopped=None)


def forget(services: Services, removal: Removal, mark: Removed) -> StackResult:
    """Forget a stack that is gone, as somebody has ordered; again after a kill.

    Args:
        services: the process's.
        removal: what is to be done to its containers first.
        mark: with the order.

    Raises:
        TransientError: something is away.
    """
    state, stack = services.state, removal.stack
    if removal.gone.policy in ARGV and (why_not := obstacle(services, stack)):
        kept = replace(mark, forget=None)
        state.journal.update(stack.id, removed=kept)
        state.records.set_status(stack.id, removed=kept)
        decision = Decision(stack.id, Action.NONE, Reason.BLOCKED, message=f"not forgotten: {why_not}")
        return state.quick.finish_unchanged(removal.runs, decision, Outcome.BLOCKED)
    state.journal.update(stack.id, removed=mark)  # what Redis forgets first comes back with the order
    result = removal.carry_out()
    if not result.bad:
        _forget_files(services, stack)
        drop_pins(services, stack)
        state.forget(stack.id)
        state.journal.delete(stack.id)
        log.warning("stack forgotten", stack=stack.id)
    return result


def _forget_files(services: Services, stack: Stack) -> None:
    """Remove what Tegu has written for a stack, unless containers are left that may mount it: then it stays."""
    folders = Folders.of(services.settings.data_dir, stack)
    for each in (folders.stage, folders.arriving, folders.undo, folders.good, folders.aside):
        remove_tree(each)
    folders.old_manifest.unlink(missing_ok=True)
    try:
        is_used = bool(services.containers(stack.docker_host).containers(stack.project, one_off=True))
    except EngineUnavailable:
        is_used = True
    if not is_used:
        remove_written(folders.live, load_manifest(folders.manifest))
        folders.manifest.unlink(missing_ok=True)
        own = services.settings.data_dir / "stacks" / stack.id
        if own.is_symlink():  # it was carried over, and had another one's directory
            own.unlink()


def drop_pins(services: Services, stack: Stack) -> None:
    """Let Git forget the commits of a stack that has nothing deployed any more."""
    with suppress(TeguError):  # the repo may be gone from the catalog, too
        clone = services.clone(stack.repo)
        for kind in ("deployed", "previous"):
            clone.unpin(f"{kind}/{stack.id}")
