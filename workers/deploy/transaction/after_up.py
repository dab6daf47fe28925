"""What `docker compose up` misses: restarts, signals, and what Compose sees no difference in."""

from __future__ import annotations

from workers.adapters.docker.argv import restart_argv, signal_argv, up_argv
from workers.deploy.containers.running import Running
from workers.deploy.transaction.attempt import Attempt
from workers.model.words import Action


def complete(attempt: Attempt) -> None:
    """What Compose does not see by itself, for containers that `up` has not replaced already."""
    options = attempt.stack.options
    seconds = options.limits.up.total_seconds()
    if recreate := untouched(attempt, attempt.services_with(Action.RECREATE)):
        attempt.run(up_argv(sorted(recreate), remove_orphans=False, force_recreate=True, alone=True), seconds=seconds)
    restart = untouched(attempt, attempt.services_with(Action.RESTART)) - _stopped(attempt)
    if restart:
        attempt.run(restart_argv(sorted(restart)), seconds=seconds)
    for name, services in signals(attempt).items():
        if living := untouched(attempt, services) - attempt.resting:
            attempt.run(signal_argv(name, sorted(living)), seconds=seconds)


def untouched(attempt: Attempt, services: set[str]) -> set[str]:
    """Those services that still have a container as it was before `up`, started when it was."""
    if not services:
        return set()
    now = Running.now(attempt.tools.engine, attempt.stack.project)
    same = now.starts & attempt.starts
    return {name for name in services if any((each.container.id, each.started_at) in same for each in now.of(name))}


def kept(attempt: Attempt, services: set[str]) -> set[str]:
    """Those services that still have a container as it was before `up`, started since or not.

    Compose 5.6 starts a stopped container without its network where that is another one by now.
    """
    before = {identifier for identifier, _ in attempt.starts}
    now = Running.now(attempt.tools.engine, attempt.stack.project) if services else Running(())
    return {name for name in services if any(each.container.id in before for each in now.of(name))}


def _stopped(attempt: Attempt) -> set[str]:
    """Services that somebody stopped: unlike a one-shot they have not ended by themselves with exit code 0."""
    return {name for name in attempt.resting if not _is_one_shot(attempt.before, name)}


def _is_one_shot(running: Running, service: str) -> bool:
    policies = {each.restart_policy for each in running.of(service)}
    return running.has_ended_well(service) and policies <= {"no", "on-failure"}


def signals(attempt: Attempt) -> dict[str, set[str]]:
    """Which services get which signal."""
    found: dict[str, set[str]] = {}
    for name in attempt.services_with(Action.SIGNAL):
        found.setdefault(attempt.decision.services[name].signal or "HUP", set()).add(name)
    return found
