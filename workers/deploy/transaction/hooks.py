"""A stack's own programs, before and after its containers are brought up, and when that fails."""

from __future__ import annotations

from collections.abc import Iterable

from workers.deploy.transaction.attempt import Attempt
from workers.model.errors import CommandFailed
from workers.runtime.process import run


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
    """Run the `on_failure` hooks; their own failure changes nothing any more.

    A first deployment that failed before its files were in place has no directory yet to run them in.
    """
    hooks = attempt.stack.options.hooks.on_failure
    if hooks and not attempt.live_directory.is_dir():
        attempt.tools.say("the stack has no directory yet, so no on_failure hook is run")
        return
    try:
        run_hooks(attempt, "on_failure", hooks)
    except CommandFailed as error:
        attempt.tools.say(str(error))
