"""One deployment of one stack under its lock: the transaction, and what follows from how it ends."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from workers.adapters.state.clock import now
from workers.adapters.state.deployed import Call, Deployed, Healed
from workers.adapters.state.journal import JournalEntry
from workers.changes.agreement import missing_sources
from workers.changes.snapshot import Snapshot
from workers.changes.tree import Tree
from workers.deploy.containers.ownership import own_parts
from workers.deploy.containers.prune import prune_images
from workers.deploy.containers.running import Running
from workers.deploy.drift import HEALS, acting, heals_after
from workers.deploy.ending import Ending
from workers.deploy.files.bring_data import take_leave
from workers.deploy.files.layout import Folders
from workers.deploy.files.manifest import load_manifest, save_manifest
from workers.deploy.files.unversioned import remember
from workers.deploy.report import Ledger
from workers.deploy.transaction.attempt import Attempt, Tools
from workers.deploy.transaction.cancel import CancelWatch
from workers.deploy.transaction.carrying_out import begin, go_on, resume
from workers.deploy.transaction.commit import switch
from workers.deploy.transaction.hooks import run_failure_hooks
from workers.deploy.transaction.intent import Intent
from workers.deploy.transaction.prepare import plan, stage_closure
from workers.deploy.transaction.record import brought_back, call_of, live_project, record_of
from workers.deploy.transaction.relocation import former_of
from workers.deploy.transaction.repair import Interrupted, left_otherwise, settle_half_made
from workers.deploy.transaction.rollback import roll_back
from workers.deploy.transaction.steps import Step, Steps
from workers.model.errors import TeguError, TransientError
from workers.model.stack import Stack
from workers.model.words import Action, Decision, Outcome, Reason
from workers.services import Services


@dataclass(frozen=True, slots=True)
class Ground:
    """What a deployment stands on.

    Attributes:
        tree: the commit to bring the stack to.
        lock: the descriptor of the stack's lock.
        journal: what the stack's journal says.
        record: what is deployed; None for nothing.
        deployed: the same, but also what another worker has deployed before.
        adoption: what is to become of data in another directory that the project runs from.
        forced: whether somebody insists.
    """

    services: Services
    stack: Stack
    tree: Tree
    lock: int
    journal: JournalEntry
    record: Deployed | None
    deployed: Deployed | None
    adoption: str | None = None
    forced: bool = False


class Deployment:
    """One deployment.

    Args:
        ground: what it stands on.
        ledger: where it is told.
    """

    def __init__(self, ground: Ground, ledger: Ledger) -> None:
        self._ground = ground
        self._stack = ground.stack
        self._ledger = ledger
        self._journal = ground.services.state.journal
        self._folders = Folders.of(ground.services.settings.data_dir, ground.stack)
        self._engine = ground.services.containers(ground.stack.docker_host)

    def write_files(self, decision: Decision, snapshot: Snapshot) -> None:
        """Write files that reach no service, and let the record say so.

        Raises:
            BlockedStack: when something is in the way.
        """
        attempt = self._attempt(decision, snapshot, name="files")
        stage_closure(attempt)
        # Compose is not asked what it mounts, so whatever was content before is not removed from under a container.
        attempt.protected = {path for each in snapshot.services.values() for path in each.content} | {*snapshot.extra}
        plan(attempt)
        switch(attempt, self._journal)
        save_manifest(self._folders.manifest, attempt.written)
        if self._ground.record is not None:
            self._ledger.record(self._ground.record.moved_on(snapshot, self._stack.repo, now()))
        self._pin(snapshot.commit)
        self._folders.clear()

    def carry_out(
        self,
        decision: Decision,
        snapshot: Snapshot,
        interrupted: Interrupted,
        *,
        asked: bool,
        told: Reason | None = None,
        worn_out: tuple[str, ...] = (),
    ) -> tuple[Ending, Decision]:
        """Bring the stack there or leave it as it was; the ending, and the decision with its reason as it turned out.

        Args:
            decision: what to do.
            snapshot: of the commit.
            interrupted: what is left of an earlier attempt; its intent, if it was at the same content and all files are
                in place already.
            asked: whether somebody asked for it.
            told: what everybody is told as the reason, instead of the decision's own.
            worn_out: services that do not last however often they are healed; then nothing is tried.

        Raises:
            TransientError: when something is away that will be back.
        """
        shown = decision if told is None else replace(decision, reason=told)
        name = self._ledger.open(shown)
        try:
            with CancelWatch(self._ground.services.state.cancellations, name) as watch:
                attempt = self._attempt(decision, snapshot, name=name, stop=watch.stop)
                attempt.left_volumes = interrupted.volumes
                ending = self._not_again(worn_out) if worn_out else self._go(attempt, interrupted.intent)
        except TransientError as error:
            self._ledger.interrupt(str(error))
            raise
        if ending.outcome is Outcome.CANCELLED:
            ending = replace(ending, message=f"{ending.message}, by {watch.who}")
        if ending.reason is not None:
            shown = replace(shown, reason=ending.reason, message=ending.message)
        if ending.reason is Reason.INVALID:
            shown = replace(shown, action=Action.NONE, services={})
        self._ledger.close(ending, shown, attempt.snapshot.fingerprint, asked=asked)
        return ending, shown

    def _attempt(
        self, decision: Decision, snapshot: Snapshot, *, name: str, stop: threading.Event | None = None
    ) -> Attempt:
        services, stop = self._ground.services, stop or threading.Event()
        record = self._ground.record
        tools = Tools(
            compose=services.compose,
            engine=self._engine,
            source=services.clone(self._stack.repo),
            steps=Steps(self._ledger.note_step, services.at_step, stop),
            say=self._ledger.say,
            lock=self._ground.lock,
            stop=stop,
            own=own_parts(
                services.own_container,
                services.settings.state_url,
                self._stack.docker_host,
                services.other_containers(),
            ),
        )
        return Attempt(
            name=name,
            stack=self._stack,
            decision=decision,
            snapshot=snapshot,
            folders=self._folders,
            project=live_project(self._stack, snapshot, self._folders),
            tools=tools,
            old=load_manifest(self._folders.manifest),
            new=snapshot.files(self._ground.tree),
            hollow=snapshot.hollow(self._ground.tree),
            previous=record.commit if record else None,
            made_of=snapshot.made_of | (record.snapshot.made_of if record else frozenset()),
            adoption=self._ground.adoption,
            former=former_of(services, self._stack, self._ground.deployed, self._ground.journal),
            forced=self._ground.forced,
        )

    @staticmethod
    def _not_again(services: tuple[str, ...]) -> Ending:
        """The ending of a healing that has not lasted often enough."""
        names = ", ".join(services)
        message = f"brought back {HEALS} times, and not there again: {names}; `tegu deploy` tries once more"
        return Ending(Outcome.FAILED, message=message, hold=True)

    def _go(self, attempt: Attempt, interrupted: Intent | None) -> Ending:
        if attempt.former is not None:
            self._ledger.say(attempt.former.told)
        settle_half_made(self._engine, self._stack.project)
        if interrupted is None:
            begun = begin(attempt, self._ground.tree, missing_sources, self._journal)
            if isinstance(begun, Ending):
                if begun.outcome is Outcome.FAILED:
                    run_failure_hooks(attempt)
                return begun
        elif interrupted.failed:
            attempt.applied = True
            return self._after_failure(attempt, interrupted, interrupted.failed)
        else:
            begun = resume(attempt, interrupted)
        problem = go_on(attempt)
        if problem is not None:
            return self._after_failure(attempt, begun, problem)
        with attempt.tools.steps.step(Step.RECORD):
            self._record(attempt)
        with attempt.tools.steps.step(Step.CLEAR):
            for problem in take_leave(self._folders, begun.brought):
                self._ledger.say(problem)
            self._folders.clear()
        return Ending(Outcome.DEPLOYED)

    def _record(self, attempt: Attempt) -> None:
        record = record_of(attempt, Running.now(self._engine, self._stack.project))
        heals: Mapping[str, Healed] = {}
        if attempt.decision.reason is Reason.DRIFTED:
            at = datetime.now(UTC)
            heals = heals_after(self._ground.record, acting(attempt.decision), record.fingerprint, at)
        previous = self._previous(attempt.snapshot.commit)
        record = replace(record, seconds=dict(self._ledger.seconds), previous=previous, heals=heals)
        save_manifest(self._folders.manifest, attempt.written)
        remember(self._folders, attempt.snapshot.outside_paths)
        call = call_of(self._stack, attempt.project, self._folders.live, keeps_unversioned=True)
        self._ledger.record(record, {"call": call, "disturbed": None, "volumes": None, "networks": None, "left": None})
        self._pin(attempt.snapshot.commit)
        if previous:
            self._pin(previous, "previous")
        if self._stack.options.prune_images:
            self._prune(record)

    def _prune(self, record: Deployed) -> None:
        """Remove the images that nobody uses any more; what cannot be removed now is left for good."""
        with suppress(TeguError):
            state = self._ground.services.state
            others = state.records.get_many(set(state.records.known()) - {self._stack.id})
            used = {text for each in others.values() if each for pair in each.images.items() for text in pair if text}
            before = self._ground.record.images if self._ground.record else {}
            for name in prune_images(self._engine, before, record.images, used):
                self._ledger.say(f"image {name} is not used any more and was removed")

    def _previous(self, commit: str) -> str | None:
        """What was deployed before this commit, and so what a rollback by hand goes back to."""
        record = self._ground.record
        if record is None:
            return None
        return record.commit if record.commit != commit else record.previous

    def _pin(self, commit: str, kind: str = "deployed") -> None:
        with suppress(TeguError):  # the next deployment pins again; a day is kept in any case
            self._ground.services.clone(self._stack.repo).pin(f"{kind}/{self._stack.id}", commit)

    def _after_failure(self, attempt: Attempt, intent: Intent, problem: str) -> Ending:
        call = self._ground.journal.call
        cancelled = attempt.tools.stop.is_set()
        if cancelled:
            problem, attempt.tools = "cancelled", attempt.tools.unstoppable()
        if attempt.former is not None and attempt.former.project is None:
            problem += f"\nthere is no way back, since it was last deployed {attempt.former.place}"
            call = None
        if call and (self._stack.options.rollback or cancelled):
            ending = self._back(attempt, intent, call, problem)
        else:
            # There is nothing to go back to, or nobody wants to: it stays as it is.
            save_manifest(self._folders.manifest, attempt.written)
            left = left_otherwise({}, {}, ())
            if self._ground.record is not None:
                left = left_otherwise(intent.services, intent.volumes, intent.network_keys)
            self._journal.update(self._stack.id, intent=None, **left)
            ending = Ending(Outcome.FAILED, message=problem, hold=True)
        if cancelled:
            ending = ending.cancelled()
        self._folders.clear()
        run_failure_hooks(attempt)
        return ending

    def _back(self, attempt: Attempt, intent: Intent, call: Call, problem: str) -> Ending:
        turned = intent.turned(problem).to_json()
        left = left_otherwise(intent.services, intent.volumes, intent.network_keys)
        self._journal.update(self._stack.id, intent=turned, **left)
        try:
            settle_half_made(self._engine, self._stack.project)
            running = roll_back(attempt, intent, call)
        except TransientError:
            raise  # the journal says that it was on its way back, and the next look goes on with that
        except (TeguError, OSError) as error:
            self._ledger.say(str(error))
            self._journal.update(self._stack.id, intent=None)
            message = f"{problem}\ngoing back failed, too: {error}\n{self._what_runs()}"
            return Ending(Outcome.FAILED, message=message, hold=True)
        record = self._ground.record
        self._ledger.went_back(brought_back(record, running, intent.starts) if record and running else record)
        return Ending(Outcome.ROLLED_BACK, message=problem, hold=True)

    def _what_runs(self) -> str:
        with suppress(TeguError):
            found = self._engine.containers(self._stack.project)
            return "what runs now: " + (", ".join(f"{each.name} ({each.state})" for each in found) or "nothing")
        return "what runs now is not known"
