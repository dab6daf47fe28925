"""`docker compose up`, for as few services as will do, and room for it.

Compose brings all of a stack up at its first deployment, and where there is no container of it. Beside others, only
those services are named that the decision is about, and those that do not run although they should.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from workers.adapters.docker.argv import down_argv, up_argv
from workers.adapters.docker.compose_project import Project
from workers.deploy.containers import compose_model
from workers.deploy.containers.networks import drop_network
from workers.deploy.transaction.after_up import complete, kept
from workers.deploy.transaction.attempt import Attempt
from workers.deploy.transaction.make_room import make_room, standing_aside
from workers.deploy.transaction.remake_volumes import make_anew
from workers.deploy.transaction.services_to_up import Named, to_bring_up
from workers.deploy.transaction.steps import Step
from workers.model.words import Action, Reason

# Reasons for which every service is brought up, whatever the difference in content says.
_EVERYTHING = frozenset({Reason.FIRST_DEPLOY, Reason.INTERRUPTED, Reason.DRIFTED, Reason.RETRIED, Reason.ROLLBACK})


def bring_up(attempt: Attempt) -> None:
    """`up`, and what it misses.

    Raises:
        CommandFailed: when Compose fails, in time or otherwise.
        EngineUnavailable: when the engine is away.
    """
    attempt.applied = True
    if attempt.former is not None and attempt.former.project is not None:
        # Under its old name the project may hold ports and container names that it needs under the new one.
        take_down(attempt, attempt.former.project)
    make_room(attempt)
    make_anew(attempt)
    with attempt.tools.steps.step(Step.UP):
        _up(attempt)
    with attempt.tools.steps.step(Step.REST):
        complete(attempt)


def take_down(attempt: Attempt, project: Project) -> None:
    """Remove the containers and networks of a project; its volumes stay."""
    tools = attempt.tools
    if not all(Path(path).exists() for path in (*project.files, *project.env_files)):
        # They have other names by now; the containers' labels say enough.
        project = replace(project, files=(), env_files=())
    argv = down_argv()
    seconds = attempt.stack.options.limits.up.total_seconds()
    with tools.steps.step(Step.MAKE_ROOM):
        host = project.environment["DOCKER_HOST"]
        tools.say(f"$ DOCKER_HOST={host} docker compose -p {project.name} {' '.join(argv)}")
        tools.compose.run(project, argv, timeout=seconds, on_line=tools.say, pass_fds=(tools.lock,), stop=tools.stop)


def to_touch(attempt: Attempt) -> set[str]:
    """The services of which `up` is going to be told, beside containers that are there."""
    if attempt.decision.reason is Reason.DRIFTED:
        return attempt.services_with(Action.UP, Action.RECREATE)
    named = _named(attempt).services if _is_needed(attempt) else frozenset()
    return {*named, *attempt.services_with(Action.RECREATE)}


def _is_needed(attempt: Attempt) -> bool:
    decision = attempt.decision
    everything = decision.reason in _EVERYTHING or not attempt.before.details
    return bool(everything or _changed(attempt) or decision.removed or decision.networks)


def _named(attempt: Attempt) -> Named:
    """What is to be named: what changed, what joins networks that are made anew, and what does not run but should."""
    changed = _changed(attempt) | compose_model.connected(attempt.model, attempt.decision.networks)
    return to_bring_up(attempt.model, _wanted(attempt, changed), attempt.before.running())


def _changed(attempt: Attempt) -> set[str]:
    changed = attempt.services_with(Action.UP, Action.BUILD)
    return changed | compose_model.mounting(attempt.model, {*attempt.decision.volumes, *attempt.volumes})


def _up(attempt: Attempt) -> None:
    """`up`, for as few services as will do."""
    decision, options = attempt.decision, attempt.stack.options
    if decision.reason is Reason.DRIFTED and attempt.before.details:
        _heal(attempt)
        return
    if not _is_needed(attempt):
        return
    seconds = options.limits.up.total_seconds()
    rejoining = _drop_networks(attempt)
    orphans = options.remove_orphans and not standing_aside(attempt)
    if decision.reason is Reason.FIRST_DEPLOY or not attempt.before.details:
        attempt.brought_up = None
        attempt.run(up_argv(remove_orphans=orphans), seconds=seconds)
    else:
        named = _named(attempt)
        attempt.brought_up = set(named.services)
        if named.services:
            argv = up_argv(sorted(named.services), remove_orphans=orphans, alone=named.alone)
            attempt.run(argv, seconds=seconds)
    if rejoining := kept(attempt, rejoining):
        argv = up_argv(sorted(rejoining), remove_orphans=False, force_recreate=True, alone=True)
        attempt.run(argv, seconds=seconds)


def _drop_networks(attempt: Attempt) -> set[str]:
    """Remove the networks that are made anew; the services that are to join the new ones."""
    for network in attempt.decision.networks:
        drop_network(attempt.tools.engine, attempt.stack.project, network, attempt.networks)
    return compose_model.connected(attempt.model, attempt.decision.networks)


def _heal(attempt: Attempt) -> None:
    """Bring back the services that have drifted, and those that live in their namespaces; nobody else's."""
    seconds = attempt.stack.options.limits.up.total_seconds()
    back = attempt.services_with(Action.UP)
    again = attempt.services_with(Action.RECREATE) | (_drop_networks(attempt) & attempt.before.services) - back
    model = compose_model.services(attempt.model)
    needs = {name: compose_model.namespaces(service) for name, service in model.items()}
    tenants = {name for name in model if compose_model.with_dependencies(needs[name], needs) & (back | again)}
    again |= tenants & attempt.before.services
    attempt.brought_up = back | again
    if back - again:
        attempt.run(up_argv(sorted(back - again), remove_orphans=False, alone=True), seconds=seconds)
    if again:
        argv = up_argv(sorted(again), remove_orphans=False, force_recreate=True, alone=True)
        attempt.run(argv, seconds=seconds)


def _wanted(attempt: Attempt, changed: set[str]) -> set[str]:
    """The services that are to be brought up: those that changed, and those that do not run although they should.

    Ended one-shots and services that somebody has stopped are left at rest, unless they have changed.
    """
    active = compose_model.services(attempt.model)
    idle = {name for name, service in active.items() if compose_model.replicas(service)} - attempt.before.running()
    resting = (attempt.resting & active.keys()) - changed
    if attempt.stack.options.drift == "heal" or attempt.decision.reason in {Reason.RETRIED, Reason.DRIFTED}:
        resting = {name for name in resting if attempt.before.has_ended_well(name)}
    return changed | (idle - resting)
