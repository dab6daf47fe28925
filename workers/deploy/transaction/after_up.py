"""What `docker compose up` misses: restarts, signals, and what Compose sees no difference in."""

from __future__ import annotations

from workers.adapters.docker.compose_argv import restart_argv, signal_argv, up_argv
from workers.deploy.containers.running import Running
from workers.deploy.transaction.prepared import Seen
from workers.model.words import Action


def complete(seen: Seen, now: Running) -> Running:
    """What Compose does not see by itself, for containers that `up` has not replaced already; what is there then.

    Args:
        seen: what is wanted.
        now: the containers after `up`.
    """
    ground = seen.ground
    seconds = ground.stack.options.limits.up.total_seconds()
    if recreate := untouched(seen, now, seen.services_with(Action.RECREATE)):
        ground.run(up_argv(sorted(recreate), remove_orphans=False, force_recreate=True, alone=True), seconds=seconds)
        now = ground.running()
    if restart := untouched(seen, now, seen.services_with(Action.RESTART)) - _stopped(seen):
        ground.run(restart_argv(sorted(restart)), seconds=seconds)
        now = ground.running()
    for name, services in signals(seen).items():
        if living := untouched(seen, now, services) - seen.resting:
            ground.run(signal_argv(name, sorted(living)), seconds=seconds)
            now = ground.running()
    return now


def untouched(seen: Seen, now: Running, services: set[str]) -> set[str]:
    """Those services that still have a container as it was before `up`, started when it was."""
    same = now.starts & seen.starts
    return {name for name in services if any((each.container.id, each.started_at) in same for each in now.of(name))}


def kept(seen: Seen, now: Running, services: set[str]) -> set[str]:
    """Those services that still have a container as it was before `up`, started since or not.

    Compose 5.6 starts a stopped container without its network where that is another one by now.
    """
    before = {identifier for identifier, _ in seen.starts}
    return {name for name in services if any(each.container.id in before for each in now.of(name))}


def signals(seen: Seen) -> dict[str, set[str]]:
    """Which services get which signal."""
    found: dict[str, set[str]] = {}
    for name in seen.services_with(Action.SIGNAL):
        found.setdefault(seen.decision.services[name].signal or "HUP", set()).add(name)
    return found


def _stopped(seen: Seen) -> set[str]:
    """Services that somebody stopped: unlike a one-shot they have not ended by themselves with exit code 0."""
    return {name for name in seen.resting if not _is_one_shot(seen.before, name)}


def _is_one_shot(running: Running, service: str) -> bool:
    policies = {each.restart_policy for each in running.of(service)}
    return running.has_ended_well(service) and policies <= {"no", "on-failure"}
