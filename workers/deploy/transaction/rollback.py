"""Back to the last good deployment: its files, its options, its images; neither Git server nor registry is needed."""

from __future__ import annotations

from dataclasses import replace

from workers.adapters.docker.compose_project import Project
from workers.adapters.state.deployed import Call
from workers.deploy.containers import compose_model
from workers.deploy.containers.networks import network_ids, remade
from workers.deploy.containers.running import Running
from workers.deploy.files.unversioned import as_they_were
from workers.deploy.transaction.apply import wait
from workers.deploy.transaction.attempt import Attempt, Former
from workers.deploy.transaction.commit import put_tags_back, take_back
from workers.deploy.transaction.intent import Intent
from workers.deploy.transaction.make_room import clear_away
from workers.deploy.transaction.record import project_from
from workers.deploy.transaction.remake_volumes import put_back
from workers.deploy.transaction.restore import restore_model
from workers.deploy.transaction.up import bring_up, take_down
from workers.model.words import Action, Decision, Reason, ServiceDecision


def roll_back(attempt: Attempt, intent: Intent, call: Call) -> Running | None:
    """Take back what an attempt has done after its switch, and wait until the stack is well again.

    Args:
        attempt: the one that failed.
        intent: what it set out to do.
        call: how the project was called at its last good deployment, from the journal.

    Returns:
        The containers as they are then; None when none was touched.

    Raises:
        TeguError: when going back fails too; then what runs is neither the old nor the new.
    """
    tools = attempt.tools
    tools.say("going back to the last good deployment")
    take_back(tools.engine, attempt.folders, intent)
    put_tags_back(tools.engine, intent.images)
    if not attempt.applied:
        return None  # those that run have the old files again
    restore_model(attempt)
    put_back(attempt, intent.volumes)
    if attempt.former is not None:
        take_down(attempt, attempt.project)
        attempt = _where_it_was(attempt, attempt.former)
    before = Running.now(attempt.tools.engine, attempt.stack.project)
    project = project_from(call, attempt.stack, attempt.folders.live)
    with as_they_were(attempt.folders, attempt.snapshot.outside, remembered=call.keeps_unversioned):
        _bring_back(attempt, intent, before, project)
    return Running.now(attempt.tools.engine, attempt.stack.project)


def _where_it_was(attempt: Attempt, former: Former) -> Attempt:
    """The attempt with the project and the engine of the last good deployment."""
    project, tools = former.project, attempt.tools
    name = project.name if project else attempt.stack.project
    return replace(
        attempt,
        stack=replace(attempt.stack, project=name),
        tools=replace(tools, engine=former.engine or tools.engine),
        former=None,
    )


def _bring_back(attempt: Attempt, intent: Intent, before: Running, project: Project) -> None:
    tools = attempt.tools
    model, _ = tools.compose.config(project, pass_fds=(tools.lock,))
    old = compose_model.services(model)
    again = compose_model.mounting(model, intent.volumes)
    decision = _backwards(attempt.decision, intent, set(old), _touched(before, intent), again)
    made_anew, networks = _made_anew(attempt, intent)
    back = replace(
        attempt,
        project=project,
        model=model,
        decision=replace(decision, networks=made_anew),
        before=before,
        starts=before.starts | intent.starts,
        resting=set(intent.resting),
        networks=networks,
        volumes={},
        brought_up=set(),
    )
    bring_up(back)
    wait(back)
    clear_away(back)


def _made_anew(attempt: Attempt, intent: Intent) -> tuple[tuple[str, ...], set[str]]:
    """The changed networks that are no longer there as they were before, by their keys, and the ids they have now."""
    engine, project = attempt.tools.engine, attempt.stack.project
    keys = remade(engine, project, attempt.decision.networks, intent.networks)
    return keys, network_ids(engine, project, keys)


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
