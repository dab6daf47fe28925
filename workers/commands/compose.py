"""`tegu compose STACK …`: Docker Compose with the stack's exact project, files and environment."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace

from workers.adapters.docker.compose_argv import prefix
from workers.adapters.docker.compose_project import project_of
from workers.adapters.state.clock import now
from workers.adapters.state.marks import Stop
from workers.deploy.transaction.call import project_from
from workers.model.errors import CommandFailed, TeguError, UserError
from workers.model.stack import Stack
from workers.reconcile.find_drift import look_at
from workers.runtime.settings import inherited
from workers.runtime.terminal import accompany, become
from workers.services import Services

# What a terminal needs, where the stack has no variable of that name; it reaches Compose itself, never a container.
_TERMINAL = ("TERM", "COLUMNS", "LINES", "NO_COLOR", "COMPOSE_ANSI")

_CHANGING = frozenset(
    {"create", "down", "kill", "pause", "restart", "rm", "run", "scale", "start", "stop", "unpause", "up", "watch"}
)
_ENDING = frozenset({"down", "kill", "rm", "stop"})
_LOOK_SECONDS = 1.0  # how long Redis may take to answer


@dataclass(frozen=True, slots=True)
class Call:
    """A program to call: its arguments, those of the subcommand alone, its environment and directory."""

    argv: tuple[str, ...]
    arguments: tuple[str, ...]
    directory: str
    environment: dict[str, str] = field(repr=False)


def compose_call(services: Services, stack: Stack, arguments: Sequence[str]) -> Call:
    """The call of `docker compose` for a stack that is deployed on this host: as it was called to deploy it.

    Args:
        services: the process's.
        stack: the stack.
        arguments: the subcommand and what follows. A `--` before it, which other programs want there, is left out.

    Raises:
        UserError: when it is not.
        InvalidStack: when its files are not there.
    """
    words = tuple(arguments[1:] if list(arguments[:1]) == ["--"] else arguments)
    live = services.live(stack)
    if not (live / stack.path).is_dir():
        message = f"{stack.id} has no files on this host yet; `tegu deploy {stack.id}` brings them"
        raise UserError(message)
    journal = services.state.journal.load(stack.id)
    if journal.call is not None:
        deployed = journal.record.home(stack).project if journal.record else stack.project
        project = replace(project_from(journal.call, stack, live), name=deployed)
    else:
        project = project_of(stack, live, live)
    return Call(
        argv=(*prefix(project, services.compose.program), *words),
        arguments=words,
        directory=str(project.directory),
        environment={**inherited(_TERMINAL), **project.environment},
    )


def changes_containers(arguments: Sequence[str]) -> bool:
    """Whether a call may start or stop something: then its stack is worth a look afterwards."""
    return next((word for word in arguments if not word.startswith("-")), "") in _CHANGING


def stop_by(stack: Stack, arguments: Sequence[str]) -> Stop | None:
    """What to remember of a call that was there to end something; None for any other."""
    command = next((word for word in arguments if not word.startswith("-")), "")
    return Stop(f"tegu compose {stack.id} {command}", now()) if command in _ENDING else None


def carry_out(services: Services, stack: Stack, arguments: Sequence[str]) -> int:
    """Call Compose for a stack, in this terminal.

    What changes nothing replaces this process. After anything else the stack's containers are looked at, so that
    everybody sees at once that somebody has stopped it.

    Returns:
        Compose's exit code.

    Raises:
        UserError: as `compose_call` does, and when Compose cannot be started.
        InvalidStack: as `compose_call` does.
    """
    call = compose_call(services, stack, arguments)
    services.close()
    try:
        if not changes_containers(call.arguments):
            become(call.argv, env=call.environment, cwd=call.directory)
        code = accompany(call.argv, env=call.environment, cwd=call.directory)
    except CommandFailed as error:
        message = f"{error}; install Docker Compose 2.20 or newer"
        raise UserError(message) from error
    # Nobody who has stopped a stack wants to wait for a Redis or an engine that is away; reconcile looks again.
    with suppress(TeguError), closing(Services(services.settings, redis_timeout=_LOOK_SECONDS)) as anew:
        look_at(anew, stack, stop_by(stack, call.arguments))
    return code
