"""A stack's own programs, before and after its containers are brought up, and when that fails."""

from __future__ import annotations

from collections.abc import Iterable

from workers.deploy.transaction.ground import Ground
from workers.model.errors import CommandFailed
from workers.runtime.process import run
from workers.runtime.slots import in_a_hook


def run_hooks(ground: Ground, name: str, hooks: Iterable[tuple[str, ...]]) -> None:
    """Run a stack's hooks in its project directory, one after the other.

    Raises:
        CommandFailed: when one of them fails.
    """
    environment = {
        **ground.project.environment,
        "TEGU_STACK": ground.stack.id,
        "TEGU_COMMIT": ground.snapshot.commit,
        "TEGU_PREVIOUS_COMMIT": ground.previous or "",
        "TEGU_ACTION": ground.decision.action.value,
    }
    for argv in hooks:
        ground.tools.say(f"$ {' '.join(argv)}")
        # Without the lock's descriptor: a daemon that a hook leaves behind must not hold the stack's lock.
        with in_a_hook():
            run(
                argv,
                what=f"{name} hook {argv[0]}",
                env=environment,
                timeout=ground.stack.options.limits.hook.total_seconds(),
                cwd=ground.live_directory,
                on_line=ground.tools.say,
                stop=ground.tools.stop,
            )


def run_failure_hooks(ground: Ground) -> None:
    """Run the `on_failure` hooks; their own failure changes nothing any more.

    A first deployment that failed before its files were in place has no directory yet to run them in.
    """
    hooks = ground.stack.options.hooks.on_failure
    if hooks and not ground.live_directory.is_dir():
        ground.tools.say("the stack has no directory yet, so no on_failure hook is run")
        return
    try:
        run_hooks(ground, "on_failure", hooks)
    except CommandFailed as error:
        ground.tools.say(str(error))
