"""The steps after the switch: hooks, `up`, what `up` misses, and the wait until everything is well."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from workers.compose import Project, down_argv, remove_argv, restart_argv, signal_argv, up_argv
from workers.errors import CommandFailed
from workers.model import Action, Reason
from workers.process import run
from workers.transaction import model as compose_model
from workers.transaction.attempt import Attempt, Running
from workers.transaction.health import Verdict, judge, wait_healthy
from workers.transaction.steps import Step

# Reasons for which every service is brought up, whatever the difference in content says.
_EVERYTHING = frozenset({Reason.FIRST_DEPLOY, Reason.INTERRUPTED, Reason.DRIFTED, Reason.RETRIED, Reason.ROLLBACK})


class Unhealthy(CommandFailed):
    """What was brought up is not well."""

    def __init__(self, findings: str) -> None:
        super().__init__("waiting until the stack is healthy", 1, findings)
        self.args = (findings,)
        self.findings = findings

    def __str__(self) -> str:
        return self.findings


def apply(attempt: Attempt) -> None:
    """Bring the containers to what the live files say, and wait until they are well.

    Raises:
        CommandFailed: when Compose or a hook fails, in time or otherwise.
        Unhealthy: when a container is not well.
        EngineUnavailable: when the engine is away.
    """
    hooks, steps = attempt.stack.options.hooks, attempt.tools.steps
    with steps.step(Step.BEFORE):
        run_hooks(attempt, "pre_deploy", hooks.pre_deploy)
    bring_up(attempt)
    with steps.step(Step.AFTER):
        run_hooks(attempt, "post_deploy", hooks.post_deploy)
    with steps.step(Step.HEALTH):
        wait(attempt)


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
    with attempt.tools.steps.step(Step.UP):
        _up(attempt)
    with attempt.tools.steps.step(Step.REST):
        _rest(attempt)


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


# ---------------------------------------------------------------- up


def _up(attempt: Attempt) -> None:
    """`up`, for as few services as will do."""
    decision, options = attempt.decision, attempt.stack.options
    if decision.reason is Reason.DRIFTED and attempt.before.details:
        _heal(attempt)
        return
    changed = attempt.services_with(Action.UP, Action.BUILD)
    everything = decision.reason in _EVERYTHING or not attempt.before.details
    if not (everything or changed or decision.removed or decision.networks):
        return
    seconds = options.limits.up.total_seconds()
    rejoining: set[str] = set()
    for network in decision.networks:
        attempt.tools.engine.drop_network(attempt.stack.project, network)
        rejoining |= compose_model.connected(attempt.model, [network])
    names = None if decision.reason is Reason.FIRST_DEPLOY else names_to_bring_up(attempt, changed | rejoining)
    attempt.brought_up = names
    if names is None or names:
        attempt.run(up_argv(sorted(names or ()), remove_orphans=options.remove_orphans), seconds=seconds)
    elif decision.removed and options.remove_orphans:
        _remove(attempt, decision.removed)
    if rejoining:
        argv = up_argv(sorted(rejoining), remove_orphans=False, force_recreate=True, alone=True)
        attempt.run(argv, seconds=seconds)


def _heal(attempt: Attempt) -> None:
    """Bring back the services that have drifted, and those that live in their namespaces; nobody else's."""
    seconds = attempt.stack.options.limits.up.total_seconds()
    back = attempt.services_with(Action.UP)
    again = attempt.services_with(Action.RECREATE)
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


def names_to_bring_up(attempt: Attempt, changed: set[str]) -> set[str] | None:
    """The services to name on the command line of `up`; None for all.

    `up` starts whatever it is told of: ended one-shots and services that somebody has stopped. Where there are
    such, and they have not changed, only services that do not need them are named.
    """
    active = set(compose_model.services(attempt.model))
    resting = (attempt.resting & active) - changed
    if attempt.stack.options.drift == "heal" or attempt.decision.reason in {Reason.RETRIED, Reason.DRIFTED}:
        resting = {name for name in resting if _has_ended_well(attempt.before, name)}
    if not resting:
        return None
    needs = compose_model.dependencies(attempt.model)
    quiet = {name for name in active - resting if not compose_model.with_dependencies([name], needs) & resting}
    return changed | quiet


def _has_ended_well(running: Running, service: str) -> bool:
    return all(each.state == "exited" and each.exit_code == 0 for each in running.of(service))


# ---------------------------------------------------------------- what up misses


def _rest(attempt: Attempt) -> None:
    """What Compose does not see by itself, for containers that `up` has not replaced already."""
    options = attempt.stack.options
    seconds = options.limits.up.total_seconds()
    if recreate := _untouched(attempt, attempt.services_with(Action.RECREATE)):
        attempt.run(up_argv(sorted(recreate), remove_orphans=False, force_recreate=True, alone=True), seconds=seconds)
    restart = _untouched(attempt, attempt.services_with(Action.RESTART)) - _stopped(attempt)
    if restart:
        attempt.run(restart_argv(sorted(restart)), seconds=seconds)
    for name, services in _signals(attempt).items():
        if living := _untouched(attempt, services) - attempt.resting:
            attempt.run(signal_argv(name, sorted(living)), seconds=seconds)
    if attempt.decision.removed:
        _remove(attempt, attempt.decision.removed)


def _remove(attempt: Attempt, removed: Iterable[str]) -> None:
    """Remove what is left of services that are no longer active: `up` does not see those whose profile is off."""
    there = Running.now(attempt.tools.engine, attempt.stack.project)
    active = set(compose_model.services(attempt.model))
    for name in sorted((set(removed) & there.services) - active):
        try:
            attempt.run(remove_argv([name]), seconds=attempt.stack.options.limits.up.total_seconds())
        except CommandFailed:
            # A service that has left the model altogether is unknown to Compose; removing it is an option.
            if attempt.stack.options.remove_orphans:
                for each in there.of(name):
                    attempt.tools.engine.stop(each.container.id)
                    attempt.tools.engine.remove(each.container.id)


def _untouched(attempt: Attempt, services: set[str]) -> set[str]:
    """Those services that still have a container as it was before `up`, started when it was."""
    if not services:
        return set()
    now = Running.now(attempt.tools.engine, attempt.stack.project)
    same = now.starts & attempt.starts
    return {name for name in services if any((each.container.id, each.started_at) in same for each in now.of(name))}


def _stopped(attempt: Attempt) -> set[str]:
    """Services that somebody stopped: unlike a one-shot they have not ended by themselves with exit code 0."""
    return {name for name in attempt.resting if not _is_one_shot(attempt.before, name)}


def _is_one_shot(running: Running, service: str) -> bool:
    policies = {each.restart_policy for each in running.of(service)}
    return _has_ended_well(running, service) and policies <= {"no", "on-failure"}


def _signals(attempt: Attempt) -> dict[str, set[str]]:
    """Which services get which signal."""
    found: dict[str, set[str]] = {}
    for name in attempt.services_with(Action.SIGNAL):
        found.setdefault(attempt.decision.services[name].signal or "HUP", set()).add(name)
    return found


# ---------------------------------------------------------------- hooks


def run_hooks(attempt: Attempt, name: str, hooks: Iterable[tuple[str, ...]]) -> None:
    """Run a stack's hooks in its project directory, one after the other.

    Raises:
        CommandFailed: when one of them fails.
    """
    environment = {
        **attempt.project.environment,
        "TEGU_STACK": attempt.stack.id,
        "TEGU_COMMIT": attempt.snapshot.commit,
        "TEGU_PREVIOUS_COMMIT": attempt.previous or "",
        "TEGU_ACTION": attempt.decision.action.value,
    }
    for argv in hooks:
        attempt.tools.say(f"$ {' '.join(argv)}")
        # Without the lock's descriptor: a daemon that a hook leaves behind must not hold the stack's lock.
        run(
            argv,
            what=f"{name} hook {argv[0]}",
            env=environment,
            timeout=attempt.stack.options.limits.hook.total_seconds(),
            cwd=attempt.live_directory,
            on_line=attempt.tools.say,
            stop=attempt.tools.stop,
        )


def run_failure_hooks(attempt: Attempt) -> None:
    """Run the `on_failure` hooks; their own failure changes nothing any more."""
    with contextlib.suppress(CommandFailed):
        run_hooks(attempt, "on_failure", attempt.stack.options.hooks.on_failure)


# ---------------------------------------------------------------- health


def wait(attempt: Attempt) -> None:
    """Wait until everything that was brought up, and everything that was well before, is well.

    Raises:
        Unhealthy: when it is not.
    """
    tools, health = attempt.tools, attempt.stack.options.health
    now = Running.now(tools.engine, attempt.stack.project)
    active = compose_model.services(attempt.model)
    asked = set(active) if attempt.brought_up is None else attempt.brought_up
    expected = {
        name: compose_model.replicas(service) if name in asked else len(now.of(name))
        for name, service in active.items()
    }
    same = now.starts & attempt.starts
    complete = all(len(now.of(name)) >= count for name, count in expected.items())
    if now.starts == attempt.starts and complete and not _signals(attempt):
        return  # nothing was started, so there is nothing to wait for
    excused = {
        each.container.id
        for each in now.details
        if (each.container.id, each.started_at) in same and judge(each, each.restarts).verdict is not Verdict.WELL
    }
    found = wait_healthy(
        tools.engine,
        attempt.stack.project,
        expected={name: count for name, count in expected.items() if count},
        timeout=health.timeout.total_seconds(),
        settle=health.settle.total_seconds(),
        before=attempt.before.details,
        excused=excused,
        stop=tools.stop,
    )
    if not found.good:
        raise Unhealthy(str(found))
