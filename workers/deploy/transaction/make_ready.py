"""What others wait for is made ready before `up`: Compose sees no changed file, so a restart would come too late.

A service that needs another to be healthy is started when that one runs with its new files and is well. Compose itself
waits for nobody where it is told to leave dependencies alone.
"""

from __future__ import annotations

from workers.adapters.docker.compose_argv import restart_argv, up_argv
from workers.adapters.state.ailing import Ailing
from workers.deploy.containers import compose_model
from workers.deploy.containers.health import wait_healthy
from workers.deploy.containers.obstacles import Obstructed
from workers.deploy.containers.running import Running
from workers.deploy.transaction.after_up import untouched
from workers.deploy.transaction.prepared import Work
from workers.deploy.transaction.steps import Step
from workers.model.errors import CommandFailed
from workers.model.words import Action, Reason


class Unhealthy(CommandFailed):
    """What was brought up is not well."""

    def __init__(self, findings: str, ailing: tuple[Ailing, ...] = ()) -> None:
        super().__init__("waiting until the stack is healthy", 1, findings)
        self.args = (findings, ailing)
        self.findings = findings
        self.ailing = ailing

    def __str__(self) -> str:
        return self.findings


def make_ready(work: Work, coming: set[str]) -> None:
    """Restart, or make anew, what has to be healthy before others are started, and wait until all of that is well.

    Args:
        work: what is to be done.
        coming: the services that `up` is told of.

    Raises:
        CommandFailed: when that fails; not on the way back.
        Unhealthy: when one is not well in its time; not on the way back.
        Obstructed: when that is one which the deployment leaves alone.
        Superseded: when something else is to be deployed instead.
    """
    if work.decision.reason is Reason.DRIFTED:
        return  # nothing of the content has changed
    needs = (compose_model.healthy_needs(work.model, name) for name in coming)
    needed = (set[str]().union(*needs) & work.before.running()) - coming
    restart, recreate = (needed & work.services_with(action) for action in (Action.RESTART, Action.RECREATE))
    starting = {each.container.service for each in work.before.details if each.health == "starting"} & needed
    if not (restart or recreate or starting):
        return
    with work.ground.tools.steps.step(Step.READY), work.best_effort():
        _begin_again(work, restart, recreate)
        _wait(work, restart | recreate, starting)


def _begin_again(work: Work, restart: set[str], recreate: set[str]) -> None:
    ground, seconds = work.ground, work.ground.stack.options.limits.up.total_seconds()
    now = ground.running()
    if again := untouched(work, now, restart):
        ground.run(restart_argv(sorted(again)), seconds=seconds)
    if again := untouched(work, now, recreate):
        argv = up_argv(sorted(again), remove_orphans=False, force_recreate=True, alone=True)
        ground.run(argv, seconds=seconds)


def _wait(work: Work, begun_again: set[str], starting: set[str]) -> None:
    tools, before, services = work.ground.tools, work.before, begun_again | starting
    found = wait_healthy(
        tools.engine,
        work.ground.stack.project,
        expected={name: _count(before, name) for name in services},
        timeout=work.ground.stack.options.health.timeout.total_seconds(),
        settle=0.0,
        before=before.details,
        stop=tools.stop,
        superseded_by=tools.superseded_by,
    )
    if found.good:
        return
    if not begun_again.intersection(each.service for each in found.problems):
        message = f"{', '.join(sorted(starting))} has to be healthy first, and is not:\n{found}"
        raise Obstructed(message)
    raise Unhealthy(str(found), found.ailing)


def _count(before: Running, service: str) -> int:
    return sum(1 for each in before.of(service) if each.container.running)
