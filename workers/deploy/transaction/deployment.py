"""One deployment of one stack under its lock: the row of phases, each of which hands on what it made.

`stage_files` and `prepare` find everything out and touch nothing; `commit` switches the files; `apply` changes the
containers; `record` writes down what is deployed then, or `go_back` returns to what was.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from workers.adapters.docker.container import Container
from workers.adapters.state.clock import now
from workers.adapters.state.deployed import Deployed
from workers.adapters.state.journal import JournalEntry
from workers.changes.snapshot import Snapshot
from workers.deploy.containers.ownership import own_parts
from workers.deploy.drift import HEALS
from workers.deploy.ending import Ending
from workers.deploy.files.bring_data import take_leave
from workers.deploy.files.layout import Folders, remove_tree
from workers.deploy.files.manifest import load_manifest, save_manifest
from workers.deploy.owners import owner_of
from workers.deploy.report import Ledger
from workers.deploy.transaction.after_kill import Interrupted, settle_half_made
from workers.deploy.transaction.apply import Failure, apply
from workers.deploy.transaction.call import live_project
from workers.deploy.transaction.commit import commit
from workers.deploy.transaction.ground import Ground, SupersededBy, Tools, never
from workers.deploy.transaction.hooks import run_failure_hooks
from workers.deploy.transaction.intent import Intent
from workers.deploy.transaction.prepare import prepare, prepare_files, resume, stage_files, survey
from workers.deploy.transaction.prepared import Prepared
from workers.deploy.transaction.record import pin, record
from workers.deploy.transaction.refusal import REFUSALS, refusal
from workers.deploy.transaction.relocation import former_of
from workers.deploy.transaction.rollback import Told, go_back
from workers.deploy.transaction.steps import Step, Steps
from workers.model.errors import CommandFailed, InvalidStack, Superseded, TransientError
from workers.model.messages import shortened
from workers.model.stack import Stack
from workers.model.words import Action, Decision, Outcome, Reason
from workers.runtime.masking import Masker, masked, masking_for_now
from workers.runtime.slots import hold_a_slot
from workers.services import Services


@dataclass(frozen=True, slots=True)
class Job:
    """What somebody has decided that is to be deployed.

    Attributes:
        stack: the stack.
        decision: what each service needs.
        snapshot: of the commit.
        lock: the descriptor of the stack's lock.
        journal: what the stack's journal says.
        record: what is deployed; None for nothing.
        anywhere: the same, but also what another worker has deployed before.
        interrupted: what is left of an earlier attempt; its intent, if it was at the same content and all files are in
            place already.
        there: the project's containers, those of `run` and of hooks included; None where nobody has looked.
        adoption: what is to become of data in another directory that the project runs from.
        forced: whether somebody insists.
        asked: whether somebody asked for it.
        told: what everybody is told as the reason, instead of the decision's own.
        worn_out: services that do not last however often they are healed; then nothing is tried.
    """

    stack: Stack
    decision: Decision
    snapshot: Snapshot
    lock: int
    journal: JournalEntry
    record: Deployed | None = None
    anywhere: Deployed | None = None
    interrupted: Interrupted = field(default_factory=Interrupted)
    there: tuple[Container, ...] | None = None
    adoption: str | None = None
    forced: bool = False
    asked: bool = False
    told: Reason | None = None
    worn_out: tuple[str, ...] = ()

    @property
    def shown(self) -> Decision:
        """The decision with the reason that everybody is told."""
        return self.decision if self.told is None else replace(self.decision, reason=self.told)


class Deployment:
    """One deployment.

    Args:
        services: the process's.
        job: what is to be deployed.
        ledger: where it is told.
        superseded_by: gives the commit that is to be deployed instead, if there is one by now.
    """

    def __init__(self, services: Services, job: Job, ledger: Ledger, superseded_by: SupersededBy = never) -> None:
        self._services = services
        self._job = job
        self._stack = job.stack
        self._ledger = ledger
        self._superseded_by = superseded_by
        self._journal = services.state.journal

    def write_files(self) -> None:
        """Write files that reach no service, and let the record say so.

        Raises:
            BlockedStack: when something is in the way.
        """
        job, ground = self._job, self._ground("files", threading.Event())
        prepared = prepare_files(ground)
        commit(prepared, self._journal)
        save_manifest(ground.folders.manifest, prepared.written)
        if job.record is not None:
            self._ledger.record(job.record.moved_on(job.snapshot, self._stack.repo, now()))
        pin(self._services, self._stack, job.snapshot.commit)
        ground.folders.clear()

    def carry_out(self) -> tuple[Ending, Decision]:
        """Bring the stack there or leave it as it was; the ending, and the decision with its reason as it turned out.

        Raises:
            TransientError: when something is away that will be back.
        """
        job = self._job
        shown = job.shown
        name = self._ledger.open(shown)
        with masking_for_now() as hide:
            try:
                with self._services.state.cancel_watch.watch(name, self._ledger.catch_up) as watch:
                    ending, snapshot = _not_again(job) if job.worn_out else self._go(name, watch.stop, hide)
            except TransientError as error:
                self._ledger.interrupt(str(error))
                raise
            ailing = tuple(each.to_keep(masked) for each in ending.ailing)
            ending = replace(ending, message=shortened(masked(ending.message)), ailing=ailing)
        was_well = job.record is not None and job.record.fingerprint == snapshot.fingerprint
        if ending.outcome is Outcome.CANCELLED:
            waits = "" if was_well else f"; it waits for a push that changes it, or `tegu deploy {self._stack.name}`"
            ending = replace(ending, message=f"{ending.message}, by {watch.who}{waits}")
        elif was_well and not job.worn_out:
            ending = ending.of_what_was_well()
        shown = as_it_ended(shown, ending)
        self._ledger.close(ending, shown, snapshot.fingerprint, asked=job.asked)
        return ending, shown

    def foreseen(self, stage: Path) -> Decision:
        """The decision as it would turn out, as far as that is known before anything is made or fetched.

        Nothing is touched, and no lock is needed.

        Args:
            stage: a folder of its own for the new files.

        Raises:
            EngineUnavailable: the engine is away.
        """
        with masking_for_now() as hide:
            return self._foreseen(stage, hide)

    def _foreseen(self, stage: Path, hide: Callable[[Masker], None]) -> Decision:
        job, ground = self._job, self._ground("plan", threading.Event(), hide)
        project, engine = self._stack.project, ground.tools.engine
        former = former_of(self._services, self._stack, job.anywhere, job.journal)
        there = engine.containers(project, one_off=True) if job.there is None else job.there
        ground = replace(ground, folders=replace(ground.folders, stage=stage), former=former, there=there)
        try:
            survey(ground, stage_files(ground))
        except REFUSALS as error:
            ending = refusal(error, is_stopped=False)
            return replace(as_it_ended(job.shown, ending), message=masked(ending.message))
        return job.shown

    def _go(self, name: str, stop: threading.Event, hide: Callable[[Masker], None]) -> tuple[Ending, Snapshot]:
        """Go forward, or on, or back; how that ended, and the content as it turned out."""
        ground = self._settled(self._ground(name, stop, hide))
        interrupted = self._job.interrupted.intent
        if interrupted is None:
            return self._go_forward(ground)
        if interrupted.failed:
            return self._go_back(ground, Failure.again(ground, interrupted))
        try:
            prepared = resume(ground, interrupted)
        except (InvalidStack, CommandFailed, OSError) as error:
            return self._go_back(ground, Failure.again(ground, interrupted.turned(str(error))))
        return self._go_on(prepared, interrupted)

    def _go_forward(self, ground: Ground) -> tuple[Ending, Snapshot]:
        snapshot = ground.snapshot
        try:
            staged = stage_files(ground)
            snapshot = staged.snapshot
            prepared = prepare(ground, staged)
            intent = commit(prepared, self._journal)
        except REFUSALS as error:
            remove_tree(ground.folders.stage)
            ending = refusal(error, is_stopped=ground.tools.stop.is_set())
            if ending.outcome is Outcome.FAILED:
                run_failure_hooks(ground)
            return ending, snapshot
        except TransientError:
            remove_tree(ground.folders.stage)
            raise
        return self._go_on(prepared, intent)

    def _go_on(self, prepared: Prepared, intent: Intent) -> tuple[Ending, Snapshot]:
        """Everything after the switch."""
        ground = prepared.ground
        try:
            applied = apply(prepared, intent)
        except Superseded as newer:
            # The journal still says what was begun: the next look gives it up, and the newer content takes its place.
            ground.tools.say(str(newer))
            return Ending(Outcome.SUPERSEDED, message=str(newer), hold=True), prepared.snapshot
        if isinstance(applied, Failure):
            return self._go_back(ground, applied)
        with ground.tools.steps.step(Step.RECORD):
            record(self._services, prepared, applied.running, self._ledger)
        with ground.tools.steps.step(Step.CLEAR):
            for problem in take_leave(ground.folders, intent.brought):
                ground.tools.say(problem)
            ground.folders.clear()
        return Ending(Outcome.DEPLOYED), prepared.snapshot

    def _go_back(self, ground: Ground, failure: Failure) -> tuple[Ending, Snapshot]:
        hold_a_slot()
        ending = replace(go_back(ground, failure, Told(self._journal, self._ledger)), ailing=failure.ailing)
        if failure.is_obstructed and ending.outcome is Outcome.ROLLED_BACK:
            ending = replace(ending, reason=Reason.OBSTRUCTED, again=True)
        return ending, failure.snapshot

    def _ground(self, name: str, stop: threading.Event, hide: Callable[[Masker], None] = lambda _: None) -> Ground:
        """What is given, as far as it takes no look at the engine."""
        services, stack, job = self._services, self._stack, self._job
        folders = Folders.of(services.settings.data_dir, stack)
        clone = services.clone(stack.repo)
        tree = clone.tree(job.snapshot.commit)
        host = stack.docker_host
        own = own_parts(services.own_container, services.settings.state_url, host, services.other_containers())
        tools = Tools(
            compose=services.compose,
            engine=services.containers(host),
            source=clone,
            steps=Steps(self._ledger.note_step, services.at_step, stop),
            say=self._ledger.say,
            lock=job.lock,
            stop=stop,
            own=own,
            superseded_by=self._superseded_by,
            hide=hide,
        )
        return Ground(
            name=name,
            stack=stack,
            decision=job.decision,
            snapshot=job.snapshot,
            tree=tree,
            new=job.snapshot.files(tree),
            old=load_manifest(folders.manifest),
            folders=folders,
            project=live_project(stack, job.snapshot, folders),
            tools=tools,
            record=job.record,
            call=job.journal.call,
            adoption=job.adoption,
            forced=job.forced,
            left_volumes=job.interrupted.volumes,
            whose=partial(owner_of, services.state, host),
        )

    def _settled(self, ground: Ground) -> Ground:
        """The same with what is there, once what a killed Compose has left is settled."""
        job = self._job
        former = former_of(self._services, self._stack, job.anywhere, job.journal)
        if former is not None:
            self._ledger.say(former.told)
        there = settle_half_made(ground.tools.engine, self._stack.project, job.there)
        return replace(ground, former=former, there=there)


def as_it_ended(decision: Decision, ending: Ending) -> Decision:
    """A decision with its reason as it turned out."""
    if ending.reason is not None:
        decision = replace(decision, reason=ending.reason, message=ending.message)
    return replace(decision, action=Action.NONE, services={}) if ending.reason is Reason.INVALID else decision


def _not_again(job: Job) -> tuple[Ending, Snapshot]:
    """The ending of a healing that has not lasted often enough."""
    names = ", ".join(job.worn_out)
    message = f"brought back {HEALS} times, and not there again: {names}; `tegu deploy` tries once more"
    return Ending(Outcome.FAILED, message=message, hold=True), job.snapshot
