"""`tegu compose STACK …`: Docker Compose with the stack's exact project, files and environment."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from workers.compose import prefix, project_of
from workers.errors import UserError
from workers.model import Stack
from workers.services import Services
from workers.settings import inherited
from workers.transaction.recording import project_from

# What a terminal needs; it reaches Compose itself, never a container.
_TERMINAL = ("TERM", "COLUMNS", "LINES", "NO_COLOR", "COMPOSE_ANSI")


@dataclass(frozen=True, slots=True)
class Call:
    """A program to become: its arguments, environment and directory."""

    argv: tuple[str, ...]
    directory: str
    environment: dict[str, str] = field(repr=False)


def compose_call(services: Services, stack: Stack, arguments: Sequence[str]) -> Call:
    """The call of `docker compose` for a stack that is deployed on this host: as it was called to deploy it.

    Raises:
        UserError: when it is not.
        InvalidStack: when its files are not there.
    """
    live = services.live(stack)
    if not (live / stack.path).is_dir():
        message = f"{stack.id} has no files on this host yet; `tegu deploy {stack.id}` brings them"
        raise UserError(message)
    journal = services.state.journal.load(stack.id)
    if call := journal.get("call"):
        deployed = (journal.get("record") or {}).get("project") or stack.project
        project = replace(project_from(call, stack, live), name=deployed)
    else:
        project = project_of(stack, live, live)
    return Call(
        argv=(*prefix(project, services.compose.program), *arguments),
        directory=str(project.directory),
        environment={**project.environment, **inherited(_TERMINAL)},
    )


def become(call: Call) -> None:
    """Replace this process by the call, so that terminal, signals and exit code are Compose's own.

    Raises:
        UserError: when the program cannot be started.
    """
    os.chdir(call.directory)
    try:
        os.execvpe(call.argv[0], list(call.argv), call.environment)  # noqa: S606 (that is what is asked for)
    except OSError as error:
        message = f"{call.argv[0]} cannot be started: {error.strerror}; install Docker Compose 2.20 or newer"
        raise UserError(message) from error
