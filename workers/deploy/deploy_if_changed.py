"""Deploy one stack if its content, its options or its containers ask for it.

An unchanged stack costs two round trips and a few lookups, without any lock. Any other is looked at again under
its lock, at the newest commit by then, and goes through the transaction of `workers.deploy.transaction`.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from workers.adapters.state.deployed import host_of
from workers.adapters.state.exclusion import exclusive
from workers.adapters.state.fast_path import Look
from workers.adapters.state.leases import Lease
from workers.adapters.state.results import StackResult
from workers.adapters.state.status import StackFacts
from workers.catalog.stacks import no_ref
from workers.changes.snapshot import Snapshot
from workers.changes.tree import Outside
from workers.deploy.decide import decide_at
from workers.deploy.files.adopted import files_for
from workers.deploy.files.layout import Folders
from workers.deploy.gate import disturbed, gated, is_done, outcome_of
from workers.deploy.observe import Circumstances, deployed_record
from workers.deploy.recover import recover
from workers.deploy.remove import Removal, folder_gone, is_settled, remove_gone
from workers.deploy.report import Ledger
from workers.deploy.take_down import KEEP, undo_move
from workers.deploy.target import Target, left_pinned, settle, target_of
from workers.deploy.transaction import repair as repairing
from workers.deploy.transaction.deployment import Deployment, Ground
from workers.model.errors import BlockedStack, RedisUnavailable, TransientError, UnknownName
from workers.model.stack import Stack
from workers.model.words import Action, Decision, Outcome, Reason, Trigger
from workers.runtime.logs import get_logger, log_context
from workers.services import Services

log = get_logger(__name__)


def deploy_if_changed(
    services: Services, stack_id: str, run: str | None = None, force: bool = False, *, taker: str | None = None
) -> StackResult:
    """Bring a stack to the newest known commit of its ref, if it is not there already.

    Args:
        services: the collaborators.
        stack_id: the stack; its short name is enough where it is unique.
        run: the run that asks; None makes one, and an empty one is for whoever waits.
        force: recreate every service.
        taker: the task's id, so that its second delivery goes on with what its first one took.

    Raises:
        UnknownName: there is no such stack.
        TransientError: something is away or the stack is locked; the runs wait for the next attempt.
    """
    taker = taker or secrets.token_hex(8)
    try:
        stack = services.stacks.find(stack_id)
    except UnknownName:
        with log_context(stack=stack_id, run=run):
            if (removed := remove_gone(services, stack_id, taker)) is not None:
                return removed
        raise
    with log_context(stack=stack.id, run=run):
        return _Look(services, stack, taker, force=force).go(run)


class _Look:
    """One look at one stack."""

    def __init__(self, services: Services, stack: Stack, taker: str, *, force: bool) -> None:
        self._services = services
        self._state = services.state
        self._stack = stack
        self._taker = taker
        self._force = force
        self._asked = force
        self._clone = services.clone(stack.repo)
        self._outside: Outside = services.outside(stack)
        self._folders = Folders.of(services.settings.data_dir, stack)

    def go(self, run: str | None) -> StackResult:
        look = self._state.quick.look(self._stack.id, self._taker)
        if not look.runs and run is None:
            look = self._with_a_run()
        runs = look.runs
        if not runs and (run or not self._force):
            message = "nobody waits for this any more"
            return StackResult(self._stack.id, Action.NONE, Reason.SUPERSEDED, Outcome.SUPERSEDED, message=message)
        self._heed({*runs, *([run] if run else [])})
        try:
            return self._quickly(look) or self._locked(runs)
        except TransientError:
            with suppress(RedisUnavailable):
                self._state.runs.put_back(self._stack.id, runs)
            raise

    def _with_a_run(self) -> Look:
        """A call from a bare shell is a run, too."""
        run = self._state.runs.create(self._stack.repo, Trigger.CALL, ())
        self._state.runs.plan(run, [(self._stack.id, self._newest() or "")])
        self._asked = True
        return self._state.quick.look(self._stack.id, self._taker)

    def _heed(self, runs: Collection[str]) -> None:
        """Do for all runs what any of them asks for: its own message may be lost, or come when all is done."""
        heads = self._state.runs.heads(runs)
        self._force = self._force or any(head.forced for head in heads)
        self._asked = self._force or self._asked or any(head.is_asked_for for head in heads)

    # ------------------------------------------------------------ without a lock

    def _quickly(self, look: Look) -> StackResult | None:
        """Decide from what Redis knows; None when there is something to do, or to look at more closely."""
        commit = self._newest()
        if commit is None:
            return self._end(look.runs, self._without_ref())
        if self._asked or self._folders.unfinished or self._needs_care(look.facts):
            return None
        record = look.record or {}
        if record.get("worker", self._stack.worker) != self._stack.worker or self._is_of_another_repo(record):
            return None
        gone = None if look.facts.pin else folder_gone(self._stack, self._clone.tree(commit), look.record)
        mark = look.facts.fields.get("removed")
        if gone is not None and is_settled(mark, gone.policy):
            decision = Decision(self._stack.id, Action.NONE, Reason.REMOVED, None, message=gone.why)
            return self._end(look.runs, decision)
        if gone is not None or mark:
            return None
        decision, snapshot = self._decide(look.record, commit)
        if look.facts.pin and not (look.facts.pin.get("reached") and decision.reason is Reason.UNCHANGED):
            return None
        decision = self._gated(decision, snapshot, look.facts)
        if decision.action is Action.NONE and (
            decision.reason is not Reason.UNCHANGED
            or is_done(decision, snapshot, (look.record or {}).get("fingerprint"))
        ):
            return self._end(look.runs, decision)
        return None

    def _end(self, runs: tuple[str, ...], decision: Decision, outcome: Outcome | None = None) -> StackResult:
        return self._state.quick.finish_unchanged(runs, decision, outcome or outcome_of(decision))

    def _without_ref(self) -> Decision:
        message = no_ref(self._stack.repo, self._stack.ref)
        return Decision(self._stack.id, Action.NONE, Reason.INVALID, None, message=message)

    # ------------------------------------------------------------ under the lock

    def _locked(self, runs: tuple[str, ...]) -> StackResult:
        with ExitStack() as held:
            lock, lease = held.enter_context(exclusive(self._state, self._stack.id))
            try:
                taken = self._state.runs.take(self._stack.id, self._taker, orphans=True)
                self._heed(set(taken).difference(runs))
                return self._carry_out(tuple(dict.fromkeys((*runs, *taken))), lock, lease)
            finally:
                held.close()
                self._follow_up()

    def _carry_out(self, runs: tuple[str, ...], lock: int, lease: Lease) -> StackResult:
        state, stack = self._state, self._stack
        recover(self._services, stack, self._outside, lease.fence)
        engine = self._services.containers(repairing.host_of(state.journal.load(stack.id)) or stack.docker_host)
        interrupted = repairing.take_back_unfinished_switch(stack.id, state.journal, self._folders, engine)
        journal = state.journal.load(stack.id)
        record, deployed = deployed_record(state, stack, journal, lease.fence)
        newest = self._newest()
        facts = state.facts([stack.id])[stack.id]
        if newest is None:
            return self._end(runs, self._without_ref())
        try:
            target = target_of(self._services, stack, facts.pin, newest)
        except UnknownName as error:
            return self._unreachable(runs, facts.pin or {}, newest, str(error))
        if facts.pin and target.pin is None:
            state.pins.release(stack.id)
        facts = replace(facts, pin=None)
        commit = target.commit
        tree = self._clone.tree(commit)
        if target.pin is None and (gone := folder_gone(stack, tree, record)) is not None:
            return Removal(self._services, gone, runs, lock, lease).carry_out()
        self._welcome(facts, journal)
        adoption = state.adoptions.get(stack.id)
        old_files = files_for(self._services, stack, adoption)
        self._outside = old_files or self._outside
        decision, snapshot = self._decide(record, commit)
        if interrupted.intent is not None and (
            snapshot is None or snapshot.fingerprint != interrupted.intent.fingerprint or self._force
        ):
            undo_move(self._services, stack, record, interrupted.intent, lock)
            interrupted = repairing.abandon(stack.id, interrupted, state.journal, self._folders, engine)
            decision, snapshot = self._decide(record, commit)
        running = self._services.containers(host_of(stack, record))
        around = Circumstances(stack, record, journal, facts, interrupted, running, self._asked, self._force)
        decision = self._gated(around.widened(decision), snapshot, facts)
        if around.may_heal_old(decision) and (healing := self._healing(around)) is not None:
            decision, snapshot = healing
            tree = self._clone.tree(snapshot.commit)
        decision = self._corrected(around, decision, snapshot)
        if old_files is not None and snapshot is not None and decision.action is not Action.NONE:
            old_files.bring()
        ledger = Ledger(state, stack.id, lease.fence, runs, newest)
        ground = Ground(
            self._services, stack, tree, lock, journal, record, deployed, (adoption or {}).get("data"), self._force
        )
        deployment = Deployment(ground, ledger)
        decision = around.stopped(decision) or decision
        if snapshot is None or decision.action is Action.NONE:
            decision = self._without_containers(decision, snapshot, record, deployment)
            return self._rest(runs, decision, target, newest)
        told = Reason.ROLLBACK if target.is_ordered else None
        ending, decision = deployment.carry_out(decision, snapshot, interrupted, asked=self._asked, told=told)
        settle(self._services, stack, target, newest, good=ending.outcome is Outcome.DEPLOYED)
        if adoption and ending.outcome is Outcome.DEPLOYED:
            state.adoptions.done(stack.id)
        return StackResult.of(decision, ending.outcome, ledger.deployment, ending.message)

    def _rest(self, runs: tuple[str, ...], decision: Decision, target: Target, newest: str) -> StackResult:
        """End a look that touched no container."""
        settle(self._services, self._stack, target, newest, good=decision.reason is Reason.UNCHANGED)
        if target.pin is not None and not target.is_ordered and decision.reason is Reason.UNCHANGED:
            decision = left_pinned(self._stack, target.pin, newest)
        done = self._end(runs, decision)
        if target.is_ordered:
            self._state.records.set_status(self._stack.id, latest_commit=newest)
        return done

    def _unreachable(self, runs: tuple[str, ...], pin: Mapping[str, Any], newest: str, problem: str) -> StackResult:
        """A pin to a commit that the clone does not have: a rollback to it fails, one that was done stands."""
        if pin.get("reached"):
            return self._end(runs, left_pinned(self._stack, pin, newest))
        settle(self._services, self._stack, Target("", pin), newest, good=False)
        decision = Decision(self._stack.id, Action.NONE, Reason.ROLLBACK, newest, message=problem)
        return self._end(runs, decision, Outcome.FAILED)

    def _without_containers(
        self,
        decision: Decision,
        snapshot: Snapshot | None,
        record: dict[str, Any] | None,
        deployment: Deployment,
    ) -> Decision:
        """A decision that reaches no container; files may differ all the same, and are written."""
        known = (
            snapshot is not None
            and record is not None
            and (record.get("fingerprint") != snapshot.fingerprint or self._is_of_another_repo(record))
        )
        if decision.reason is Reason.UNCHANGED:
            deployment.has_stayed()
        if known and snapshot is not None and decision.reason is Reason.UNCHANGED:
            try:
                deployment.write_files(decision, snapshot)
            except BlockedStack as error:
                decision = replace(decision, reason=Reason.BLOCKED, message=str(error))
        return decision

    def _welcome(self, facts: StackFacts, journal: Mapping[str, Any]) -> None:
        """Forget that a stack was gone; what was done to it for that is made good by the next deployment."""
        mark = facts.fields.get("removed")
        if mark and mark.get("done") in {None, KEEP}:
            self._state.records.set_status(self._stack.id, removed=None)
            if journal.get("status"):
                self._state.journal.update(self._stack.id, status=None)

    def _corrected(self, around: Circumstances, decision: Decision, snapshot: Snapshot | None) -> Decision:
        """The decision, or one that makes true what the record is about to say of images."""
        correction = around.runs_others(decision, snapshot, self._services.key)
        return decision if correction is None else self._gated(correction, snapshot, around.facts)

    def _healing(self, around: Circumstances) -> tuple[Decision, Snapshot] | None:
        """What brings the deployed version back where the newest one is not to be tried; None when nothing is amiss."""
        drift = around.drift()
        commit = (around.record or {}).get("commit")
        if not drift or not commit:
            return None
        with suppress(UnknownName):
            decision, snapshot = self._decide(dict(around.record or {}), commit)
            if snapshot is not None and decision.action is Action.NONE:
                healing = self._gated(disturbed(decision, drift, Reason.DRIFTED), snapshot, around.facts)
                return None if healing.action is Action.NONE else (healing, snapshot)
        return None

    def _follow_up(self) -> None:
        """Whoever came while the lock was held waits still: look again at the newest commit."""
        with suppress(RedisUnavailable):
            if self._state.runs.waiting(self._stack.id):
                self._services.queue.publish_deploy(self._stack.id, "", self._stack.worker)

    # ------------------------------------------------------------ deciding

    def _newest(self) -> str | None:
        return self._clone.newest(self._stack.ref)

    def _decide(self, record: dict[str, Any] | None, commit: str) -> tuple[Decision, Snapshot | None]:
        known = Snapshot.from_json(record["snapshot"]) if record else None
        origin = record.get("repo") if record else None
        return decide_at(
            self._services,
            self._stack,
            commit,
            known,
            origin=origin,
            outside=self._outside,
            force=self._force,
            asks_engine=True,
        )

    def _is_of_another_repo(self, record: Mapping[str, Any]) -> bool:
        return bool(record.get("repo", self._stack.repo) != self._stack.repo)

    def _gated(self, decision: Decision, snapshot: Snapshot | None, facts: StackFacts) -> Decision:
        if decision.action is Action.NONE and decision.reason is Reason.UNCHANGED:
            return decision
        return gated(decision, snapshot, self._stack, facts, datetime.now(UTC), asked=self._asked)

    def _needs_care(self, facts: StackFacts) -> bool:
        """Whether the containers ask for something, whatever Git says."""
        options, fields = self._stack.options, facts.fields
        drifted = bool(fields.get("drift")) and options.drift == "heal"
        return drifted or (bool(fields.get("stopped")) and options.when_stopped == "start")
