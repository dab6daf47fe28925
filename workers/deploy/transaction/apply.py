"""The steps after the switch: hooks, `up` and what it misses, and the wait until everything is well."""

from __future__ import annotations

from workers.deploy.containers import compose_model
from workers.deploy.containers.health import Verdict, judge, wait_healthy
from workers.deploy.containers.running import Running
from workers.deploy.transaction.after_up import signals
from workers.deploy.transaction.attempt import Attempt
from workers.deploy.transaction.hooks import run_hooks
from workers.deploy.transaction.images import refuse_other_images
from workers.deploy.transaction.make_room import clear_away
from workers.deploy.transaction.steps import Step
from workers.deploy.transaction.up import bring_up
from workers.model.errors import CommandFailed


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
        WrongImage: when a container runs another image than the files name.
        Unhealthy: when a container is not well.
        EngineUnavailable: when the engine is away.
    """
    hooks, steps = attempt.stack.options.hooks, attempt.tools.steps
    with steps.step(Step.BEFORE):
        run_hooks(attempt, "pre_deploy", hooks.pre_deploy)
    bring_up(attempt)
    refuse_other_images(attempt)
    with steps.step(Step.AFTER):
        run_hooks(attempt, "post_deploy", hooks.post_deploy)
    with steps.step(Step.HEALTH):
        wait(attempt)
    clear_away(attempt)


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
    if now.starts == attempt.starts and complete and not signals(attempt):
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
