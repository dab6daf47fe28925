"""`docker compose up`, for as few services as will do, and room for it.

Compose brings all of a stack up at its first deployment, and where there is no container of it. Beside others, only
those services are named that the decision is about, and those that do not run although they should.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from workers.adapters.docker.compose_argv import down_argv, up_argv
from workers.adapters.docker.compose_project import Project
from workers.deploy.containers import compose_model
from workers.deploy.containers.networks import drop_network
from workers.deploy.containers.running import Running
from workers.deploy.transaction.after_up import complete, kept
from workers.deploy.transaction.ground import Ground
from workers.deploy.transaction.make_ready import make_ready
from workers.deploy.transaction.make_room import make_room, wanted_no_more
from workers.deploy.transaction.prepared import Work
from workers.deploy.transaction.remake_volumes import make_anew
from workers.deploy.transaction.services_to_up import Named, to_bring_up
from workers.deploy.transaction.steps import Step
from workers.model.errors import CommandFailed
from workers.model.words import Action, Reason

# Reasons for which every service is brought up, whatever the difference in content says.
_EVERYTHING = frozenset({Reason.FIRST_DEPLOY, Reason.INTERRUPTED, Reason.DRIFTED, Reason.RETRIED, Reason.ROLLBACK})


@dataclass(frozen=True, slots=True)
class BroughtUp:
    """What was brought up.

    Attributes:
        services: those that `up` was asked to bring up; None for all.
        running: the containers as they are then.
    """

    services: frozenset[str] | None
    running: Running

    def seen_again(self, ground: Ground) -> BroughtUp:
        """The same after somebody else may have touched them."""
        return replace(self, running=ground.running())


def bring_up(work: Work, made_anew: set[str]) -> BroughtUp:
    """`up`, and what it misses.

    Args:
        work: what is to be done.
        made_anew: gets the keys of the volumes that are removed: that they are is known even if a later step fails.

    Raises:
        CommandFailed: when Compose fails, in time or otherwise.
        EngineUnavailable: when the engine is away.
    """
    ground = work.ground
    if ground.former is not None and ground.former.project is not None:
        # Under its old name the project may hold ports and container names that it needs under the new one.
        take_down(ground, ground.former.project)
    has_moved = make_room(work)
    make_anew(work, made_anew)
    make_ready(work, set() if brings_all(work) else set(_named(work).services))
    with ground.tools.steps.step(Step.UP):
        aside = ground.running().aside if has_moved or made_anew else work.before.aside
        services = _up(work, are_aside=bool(wanted_no_more(work, aside)))
        is_as_before = not _is_needed(work) and not (has_moved or made_anew or ground.stack.options.hooks.pre_deploy)
        now = work.before if is_as_before else ground.running()
    with ground.tools.steps.step(Step.REST):
        return BroughtUp(services, complete(work, now))


def bring_up_one_by_one(work: Work) -> BroughtUp | None:
    """Bring services up one after the other, none for the sake of another, where all of them together failed.

    Returns:
        None when one of them failed again.
    """
    ground = work.ground
    seconds = ground.stack.options.limits.up.total_seconds()
    named = frozenset(compose_model.services(work.model)) if brings_all(work) else _named(work).services
    good = True
    for name in sorted(named):
        try:
            ground.run(up_argv([name], remove_orphans=False, alone=True), seconds=seconds)
        except CommandFailed as error:
            ground.tools.say(str(error))
            good = False
    return BroughtUp(named, complete(work, ground.running())) if good else None


def take_down(ground: Ground, project: Project) -> None:
    """Remove the containers and networks of a project; its volumes stay."""
    tools = ground.tools
    if not all(Path(path).exists() for path in (*project.files, *project.env_files)):
        # They have other names by now; the containers' labels say enough.
        project = replace(project, files=(), env_files=())
    argv = down_argv()
    seconds = ground.stack.options.limits.up.total_seconds()
    with tools.steps.step(Step.MAKE_ROOM):
        host = project.environment["DOCKER_HOST"]
        tools.say(f"$ DOCKER_HOST={host} docker compose -p {project.name} {' '.join(argv)}")
        tools.compose.run(project, argv, timeout=seconds, on_line=tools.say, pass_fds=(tools.lock,), stop=tools.stop)


def to_touch(work: Work) -> set[str]:
    """The services of which `up` is going to be told, beside containers that are there."""
    if work.decision.reason is Reason.DRIFTED:
        return work.services_with(Action.UP, Action.RECREATE)
    named = _named(work).services if _is_needed(work) else frozenset()
    return {*named, *work.services_with(Action.RECREATE)}


def brings_all(work: Work) -> bool:
    """Whether `up` is told of no service by name, and so brings up all of them."""
    return work.decision.reason is Reason.FIRST_DEPLOY or not work.before.details


def _is_needed(work: Work) -> bool:
    decision = work.decision
    everything = decision.reason in _EVERYTHING or not work.before.details
    return bool(everything or _changed(work) or decision.removed or decision.networks)


def _named(work: Work) -> Named:
    """What is to be named: what changed, what joins networks that are made anew, and what does not run but should."""
    changed = _changed(work) | compose_model.connected(work.model, work.decision.networks)
    return to_bring_up(work.model, _wanted(work, changed), work.before.running())


def _changed(work: Work) -> set[str]:
    changed = work.services_with(Action.UP, Action.BUILD)
    return changed | compose_model.mounting(work.model, {*work.decision.volumes, *work.volumes})


def _up(work: Work, *, are_aside: bool) -> frozenset[str] | None:
    """`up`, for as few services as will do; which these are, None for all."""
    ground, decision, options = work.ground, work.decision, work.ground.stack.options
    if decision.reason is Reason.DRIFTED and work.before.details:
        return _heal(work)
    if not _is_needed(work):
        return frozenset()
    seconds = options.limits.up.total_seconds()
    rejoining = _drop_networks(work)
    orphans = options.remove_orphans and not are_aside
    asked: frozenset[str] | None = None
    if brings_all(work):
        ground.run(up_argv(remove_orphans=orphans), seconds=seconds)
    else:
        named = _named(work)
        asked = named.services
        if asked:
            ground.run(up_argv(sorted(asked), remove_orphans=orphans, alone=named.alone), seconds=seconds)
    if rejoining and (again := kept(work, ground.running(), rejoining)):
        argv = up_argv(sorted(again), remove_orphans=False, force_recreate=True, alone=True)
        ground.run(argv, seconds=seconds)
    return asked


def _drop_networks(work: Work) -> set[str]:
    """Remove the networks that are made anew; the services that are to join the new ones."""
    for network in work.decision.networks:
        with work.best_effort():
            drop_network(work.ground.tools.engine, work.ground.stack.project, network, work.networks)
    return compose_model.connected(work.model, work.decision.networks)


def _heal(work: Work) -> frozenset[str]:
    """Bring back the services that have drifted, and those that live in their namespaces; nobody else's."""
    seconds = work.ground.stack.options.limits.up.total_seconds()
    back = work.services_with(Action.UP)
    again = work.services_with(Action.RECREATE) | (_drop_networks(work) & work.before.services) - back
    model = compose_model.services(work.model)
    needs = {name: compose_model.namespaces(service) for name, service in model.items()}
    tenants = {name for name in model if compose_model.with_dependencies(needs[name], needs) & (back | again)}
    again |= tenants & work.before.services
    if back - again:
        work.ground.run(up_argv(sorted(back - again), remove_orphans=False, alone=True), seconds=seconds)
    if again:
        argv = up_argv(sorted(again), remove_orphans=False, force_recreate=True, alone=True)
        work.ground.run(argv, seconds=seconds)
    return frozenset(back | again)


def _wanted(work: Work, changed: set[str]) -> set[str]:
    """The services that are to be brought up: those that changed, and those that do not run although they should.

    Ended one-shots and services that somebody has stopped are left at rest, unless they have changed.
    """
    active = compose_model.services(work.model)
    idle = {name for name, service in active.items() if compose_model.replicas(service)} - work.before.running()
    resting = set(work.resting & active.keys()) - changed
    if work.ground.stack.options.drift == "heal" or work.decision.reason in {Reason.RETRIED, Reason.DRIFTED}:
        resting = {name for name in resting if work.before.has_ended_well(name)}
    return changed | (idle - resting)
