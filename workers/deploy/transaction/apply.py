"""The steps after the switch: hooks, `up` and what it misses, and the wait until everything is well."""

from __future__ import annotations

from dataclasses import dataclass

from workers.adapters.state.ailing import Ailing
from workers.changes.snapshot import Snapshot
from workers.deploy.containers import compose_model
from workers.deploy.containers.health import Verdict, failures, judge, wait_healthy
from workers.deploy.containers.obstacles import Obstructed
from workers.deploy.containers.running import Running
from workers.deploy.files.manifest import Manifest
from workers.deploy.transaction.after_up import signals
from workers.deploy.transaction.ground import Ground
from workers.deploy.transaction.hooks import run_hooks
from workers.deploy.transaction.images import refuse_other_images
from workers.deploy.transaction.intent import Intent
from workers.deploy.transaction.make_ready import Unhealthy
from workers.deploy.transaction.make_room import clear_away
from workers.deploy.transaction.prepared import Prepared, Work
from workers.deploy.transaction.steps import Step
from workers.deploy.transaction.up import BroughtUp, bring_up
from workers.model.errors import CommandFailed, EngineUnavailable, Superseded, TeguError
from workers.model.words import Decision
from workers.runtime.slots import without_slot


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done, and all of it is well.

    Attributes:
        running: the containers after it.
    """

    running: Running


@dataclass(frozen=True, slots=True)
class Failure:
    """A deployment that went wrong after its switch, and what has to be known to take it back.

    Attributes:
        problem: for people.
        intent: what it set out to do.
        decision: what each service was to get, as it turned out.
        snapshot: of the commit, as it turned out.
        written: what Tegu has written into the live directory.
        is_applied: whether containers may have been touched.
        made_anew: the keys of the volumes that it has removed.
        is_obstructed: whether nothing is wrong with what it brought: something of the host was in the way.
        ailing: the containers that were not well.
    """

    problem: str
    intent: Intent
    decision: Decision
    snapshot: Snapshot
    written: Manifest
    is_applied: bool
    made_anew: frozenset[str] = frozenset()
    is_obstructed: bool = False
    ailing: tuple[Ailing, ...] = ()

    @classmethod
    def again(cls, ground: Ground, intent: Intent) -> Failure:
        """That of an attempt that was interrupted on its way back."""
        return cls(intent.failed, intent, ground.decision, ground.snapshot, ground.new, is_applied=True)


def apply(prepared: Prepared, intent: Intent) -> Applied | Failure:
    """Bring the containers to what the live files say, and wait until they are well; what was done, or what went wrong.

    Raises:
        EngineUnavailable: the engine is away, so there is neither a way forward nor one back for now.
        Superseded: something else is to be deployed instead; the next look gives this attempt up and goes on there.
    """
    ground, work = prepared.ground, prepared.work
    is_applied, made_anew = prepared.is_resumed, set[str]()
    hooks, steps = ground.stack.options.hooks, ground.tools.steps
    try:
        with steps.step(Step.BEFORE):
            run_hooks(ground, "pre_deploy", hooks.pre_deploy)
        is_applied = True
        brought = bring_up(work, made_anew)
        refuse_other_images(work, brought.running)
        with steps.step(Step.AFTER):
            run_hooks(ground, "post_deploy", hooks.post_deploy)
        if hooks.post_deploy:
            brought = brought.seen_again(ground)
        with steps.step(Step.HEALTH), without_slot(then_only_ends=True):
            running = wait(work, brought)
        if clear_away(work, brought.running):
            running = None
    except (EngineUnavailable, Superseded):
        raise
    except (TeguError, OSError) as error:
        problem, ailing = _told(work, error) if is_applied else (str(error), ())
        ground.tools.say(problem)
        return Failure(
            problem,
            intent,
            work.decision,
            prepared.snapshot,
            prepared.written,
            is_applied,
            frozenset(made_anew),
            is_obstructed=isinstance(error, Obstructed),
            ailing=ailing,
        )
    return Applied(ground.running() if running is None else running)


def wait(work: Work, brought: BroughtUp) -> Running | None:
    """Wait until everything that was brought up, and everything that was well before, is well.

    Returns:
        The containers as they are then; None where not all of them were looked at.

    Raises:
        Unhealthy: when it is not.
        Superseded: when something else is to be deployed instead.
    """
    tools, health, now = work.ground.tools, work.ground.stack.options.health, brought.running
    active = compose_model.services(work.model)
    asked = set(active) if brought.services is None else brought.services
    expected = {
        name: compose_model.replicas(service) if name in asked else len(now.of(name))
        for name, service in active.items()
    }
    same = now.starts & work.starts
    complete = all(len(now.of(name)) >= count for name, count in expected.items())
    if now.starts == work.starts and complete and not signals(work):
        return None if now is work.before else now  # nothing was started, so there is nothing to wait for
    excused = {
        each.container.id
        for each in now.details
        if (each.container.id, each.started_at) in same and judge(each, each.restarts).verdict is not Verdict.WELL
    }
    found = wait_healthy(
        tools.engine,
        work.ground.stack.project,
        expected={name: count for name, count in expected.items() if count},
        timeout=health.timeout.total_seconds(),
        settle=health.settle.total_seconds(),
        before=work.before.details,
        excused=excused,
        stop=tools.stop,
        superseded_by=tools.superseded_by,
    )
    if not found.good:
        raise Unhealthy(str(found), found.ailing)
    return None if found.seen is None else Running(found.seen)


def _told(work: Work, error: Exception) -> tuple[str, tuple[Ailing, ...]]:
    """What went wrong. Compose says that a container has failed but not why, so its last words are added."""
    if isinstance(error, Unhealthy):
        return str(error), error.ailing
    if not isinstance(error, CommandFailed):
        return str(error), ()
    ground = work.ground
    found = failures(ground.tools.engine, ground.stack.project, work.starts, work.before.details)
    return (str(error), ()) if found.good else (f"{error}\n{found}", found.ailing)
