"""How Compose is called for a stack, to be copied."""

from __future__ import annotations

import shlex

from workers.adapters.state.answers import ComposeLine
from workers.commands.compose import compose_call
from workers.model.stack import Stack
from workers.services import Services

_USUAL_HOST = "unix:///var/run/docker.sock"


def compose_line(services: Services, stack: Stack) -> ComposeLine:
    """The command that `tegu compose` calls, before the subcommand. No value of a variable is in it.

    Raises:
        UserError: the stack has no files on this host.
        InvalidStack: its files cannot be read.
    """
    call = compose_call(services, stack, ())
    host = call.environment["DOCKER_HOST"]
    engine = "" if host == _USUAL_HOST else f"DOCKER_HOST={shlex.quote(host)} "
    # Called by its plugin's path it says the same, but nobody would type that.
    options = shlex.join(call.argv[len(services.compose.program) :])
    command = f"cd {shlex.quote(call.directory)} && {engine}docker compose {options}"
    return ComposeLine(command, tuple(sorted(stack.options.variables)))
