"""Back to the last good deployment: its files, its options, its images; neither Git server nor registry is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from workers.adapters.state.deployed import Call
from workers.adapters.state.journal import Journal
from workers.deploy.containers import compose_model
from workers.deploy.containers.networks import network_ids, remade
from workers.deploy.containers.running import Running
from workers.deploy.ending import Ending
from workers.deploy.files.manifest import save_manifest
from workers.deploy.files.unversioned import as_they_were
from workers.deploy.report import Ledger
from workers.deploy.transaction.after_kill import left_otherwise, settle_half_made
from workers.deploy.transaction.apply import Failure, wait
from workers.deploy.transaction.call import project_from
from workers.deploy.transaction.commit import put_tags_back, take_back
from workers.deploy.transaction.ground import Former, Ground
from workers.deploy.transaction.hooks import run_failure_hooks
from workers.deploy.transaction.intent import Intent
from workers.deploy.transaction.last_resort import start_what_stands
from workers.deploy.transaction.make_room import clear_away
from workers.deploy.transaction.prepared import Work
from workers.deploy.transaction.record import brought_back
from workers.deploy.transaction.remake_volumes import put_back
from workers.deploy.transaction.restore import restore_model
from workers.deploy.transaction.up import BroughtUp, bring_up, bring_up_one_by_one, take_down
from workers.model.errors import BlockedStack, CommandFailed, TeguError, TransientError
from workers.model.words import Action, Decision, Outcome, Reason, ServiceDecision


@dataclass(frozen=True, slots=True)
class Told:
    """Where the way back is written down.

    Attributes:
        journal: on this host.
        ledger: for everybody.
    """

    journal: Journal
    ledger: Ledger


def go_back(ground: Ground, failure: Failure, told: Told) -> Ending:
    """Go back to the last good deployment, if there is one and somebody wants to; how it ended.

    Raises:
        TransientError: something is away; the journal says that it was on its way back, and the next look goes on.
    """
    call, problem, cancelled = ground.call, failure.problem, ground.tools.stop.is_set()
    if cancelled:
        problem, ground = "cancelled", ground.unstoppable()
    if ground.former is not None and ground.former.project is None:
        problem += f"\nthere is no way back, since it was last deployed {ground.former.place}"
        call = None
    failure = replace(failure, problem=problem)
    if call and (ground.stack.options.rollback or cancelled):
        ending = _go_back(ground, failure, call, told)
    else:
        ending = _stay(ground, failure, told.journal)
    if cancelled:
        ending = ending.cancelled()
    ground.folders.clear()
    run_failure_hooks(ground)
    return ending


def _stay(ground: Ground, failure: Failure, journal: Journal) -> Ending:
    """Leave the stack as it is: there is nothing to go back to, or nobody wants to."""
    save_manifest(ground.folders.manifest, failure.written)
    left = left_otherwise({}, {}, ())
    if ground.record is not None:
        left = left_otherwise(failure.intent.services, failure.intent.volumes, failure.intent.network_keys)
    journal.update(ground.stack.id, intent=None, **left)
    return Ending(Outcome.FAILED, message=failure.problem, hold=True)


def _go_back(ground: Ground, failure: Failure, call: Call, told: Told) -> Ending:
    intent, engine, project = failure.intent, ground.tools.engine, ground.stack.project
    turned = intent.turned(failure.problem).to_json()
    left = left_otherwise(intent.services, intent.volumes, intent.network_keys)
    told.journal.update(ground.stack.id, intent=turned, **left)
    try:
        settle_half_made(engine, project)
        running = roll_back(ground, failure, call)
    except TransientError:
        raise  # the journal says that it was on its way back, and the next look goes on with that
    except (TeguError, OSError) as error:
        ground.tools.say(str(error))
        start_what_stands(ground, intent)
        told.journal.update(ground.stack.id, intent=None)
        message = f"{failure.problem}\ngoing back failed, too: {error}\n{_what_runs(ground)}"
        return Ending(Outcome.FAILED, message=message, hold=True, stranded=True)
    record = ground.record
    told.ledger.went_back(brought_back(record, running, intent.starts) if record and running else record)
    return Ending(Outcome.ROLLED_BACK, message=failure.problem, hold=True)


def _what_runs(ground: Ground) -> str:
    with suppress(TeguError):
        found = ground.tools.engine.containers(ground.stack.project)
        return "what runs now: " + (", ".join(f"{each.name} ({each.state})" for each in found) or "nothing")
    return "what runs now is not known"


def roll_back(ground: Ground, failure: Failure, call: Call) -> Running | None:
    """Take back what a deployment has done after its switch, and wait until the stack is well again.

    Args:
        ground: what the deployment stood on.
        failure: how far it came.
        call: how the project was called at its last good deployment, from the journal.

    Returns:
        The containers as they are then; None when none was touched.

    Raises:
        TeguError: when going back fails too; then what runs is neither the old nor the new.
    """
    tools, intent = ground.tools, failure.intent
    tools.say("going back to the last good deployment")
    take_back(tools.engine, ground.folders, intent)
    put_tags_back(tools.engine, intent.images)
    if not failure.is_applied:
        return None  # those that run have the old files again
    with _left_where_it_fails(ground):
        restore_model(ground)
    put_back(ground, intent.volumes, failure.made_anew)
    if ground.former is not None:
        with _left_where_it_fails(ground):
            take_down(ground, ground.project)
        ground = _where_it_was(ground, ground.former)
    before = ground.running()
    ground = replace(ground, project=project_from(call, ground.stack, ground.folders.live))
    with as_they_were(ground.folders, failure.snapshot.outside, remembered=call.keeps_unversioned):
        work = _work(ground, failure.decision, intent, before)
        brought = _bring_up(work)
        wait(work, brought)
        clear_away(work, brought.running)
    return ground.running()


def _bring_up(work: Work) -> BroughtUp:
    """All together, as Compose does it; where that fails, each for itself: one may fail for a reason of its own."""
    try:
        return bring_up(work, set())
    except CommandFailed as error:
        work.ground.tools.say(str(error))
        brought = bring_up_one_by_one(work)
        if brought is None:
            raise
        return brought


@contextmanager
def _left_where_it_fails(ground: Ground) -> Iterator[None]:
    """Do what is not needed for all that follows."""
    try:
        yield
    except (BlockedStack, CommandFailed, OSError) as error:
        ground.tools.say(str(error))


def _where_it_was(ground: Ground, former: Former) -> Ground:
    """The same with the project and the engine of the last good deployment."""
    project, tools = former.project, ground.tools
    name = project.name if project else ground.stack.project
    return replace(
        ground,
        stack=replace(ground.stack, project=name),
        tools=replace(tools, engine=former.engine or tools.engine),
        former=None,
    )


def _work(ground: Ground, decision: Decision, intent: Intent, before: Running) -> Work:
    """What is to be done to the containers on the way back."""
    engine, project, tools = ground.tools.engine, ground.stack.project, ground.tools
    model, _ = tools.compose.config(ground.project, pass_fds=(tools.lock,))
    old = compose_model.services(model)
    again = compose_model.mounting(model, intent.volumes)
    # The changed networks that are no longer there as they were before, by their keys.
    made_anew = remade(engine, project, decision.networks, intent.networks)
    back = _backwards(decision, intent, set(old), _touched(before, intent), again)
    return Work(
        ground,
        replace(back, networks=made_anew),
        model,
        before,
        starts=frozenset(before.starts | intent.starts),
        resting=intent.resting,
        networks=frozenset(network_ids(engine, project, made_anew)),
        volumes={},
    )


def _touched(now: Running, intent: Intent) -> set[str]:
    """Services with a container that was made or started since, and those that got a signal.

    Any other container still has the old files: a file that is put back is the same file as before.
    """
    signalled = {name for name, action in intent.services.items() if action is Action.SIGNAL}
    fresh = now.starts - intent.starts
    return signalled | {each.container.service for each in now.details if (each.container.id, each.started_at) in fresh}


def _backwards(decision: Decision, intent: Intent, old: set[str], touched: set[str], mounting: set[str]) -> Decision:
    """What the way back asks for: services that were touched again, those that were removed up, new ones away.

    Those whose containers had to go for a volume's sake are among the removed.
    """
    again = {name: ServiceDecision(_again(action)) for name, action in intent.services.items() if name in old & touched}
    removed = [name for name in decision.removed if name in old and name not in intent.resting]
    gone = dict.fromkeys((*removed, *sorted(mounting)), ServiceDecision(Action.UP))
    new = tuple(sorted(intent.services.keys() - old))
    return replace(decision, reason=Reason.ROLLBACK, services=again | gone, volumes=(), removed=new)


def _again(action: Action) -> Action:
    """A signal that led to a failure is made good by a restart; an image's tag is back, so `up` does for a build."""
    return {Action.SIGNAL: Action.RESTART, Action.BUILD: Action.UP}.get(action, action)
