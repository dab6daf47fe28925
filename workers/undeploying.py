"""Stopping or taking down what runs of a stack; its volumes and files stay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from workers.catalog.catalog import project_of
from workers.compose import INHERITED, Project, command_environment, down_argv, stop_argv
from workers.errors import CommandFailed
from workers.model import Limits, Options, Stack
from workers.ownership import own_parts
from workers.services import Services
from workers.settings import inherited
from workers.stacks import all_stacks
from workers.transaction.recording import project_from

KEEP = "keep"
ARGV = {"stop": stop_argv, "down": down_argv}
DONE = {KEEP: "left as it is", "stop": "stopped", "down": "its containers and networks are removed; volumes stay"}


def recorded_policy(journal: Mapping[str, Any]) -> str:
    """What a stack's options said last of its removal."""
    policy = journal.get("when_removed") or (journal.get("call") or {}).get("when_removed") or KEEP
    return str(policy)


def stack_of(identifier: str, record: Mapping[str, Any]) -> Stack:
    """A stack as it was last deployed, with the defaults for whatever only its entry in the catalog said."""
    environment, _, name = identifier.partition("/")
    return Stack(
        environment=environment,
        name=name,
        repo=record.get("repo", ""),
        path=record.get("path", ""),
        ref=record.get("ref", ""),
        worker="",
        docker_host=record.get("docker_host", "unix:///var/run/docker.sock"),
        project=record.get("project", name),
        options=Options(limits=Limits()),
    )


def obstacle(services: Services, stack: Stack) -> str | None:
    """Why the containers of a stack stay although its policy is another.

    Args:
        services: the process's.
        stack: as it was last deployed.

    Raises:
        EngineUnavailable: the engine is away.
    """
    if services.state.pauses.get(stack.id):
        return "left as it is, since it is paused"
    mine = project_of(replace(stack, worker=services.settings.worker))
    for other in all_stacks(services):
        if other.id != stack.id and project_of(other) == mine:
            return f"left as it is, since its project {other.project} is that of {other.id} now"
    engine = services.containers(stack.docker_host)
    known = services.other_containers()
    own = own_parts(services.own_container, services.settings.state_url, stack.docker_host, known)
    if any(own.has(each) for each in engine.details(engine.containers(stack.project))):
        return "left as it is, since it holds this Tegu itself"
    return None


def undeploy(
    services: Services, stack: Stack, call: Mapping[str, Any] | None, policy: str, lock: int, say: Callable[[str], None]
) -> None:
    """Stop a stack's containers, or remove them and their networks.

    Args:
        services: the process's.
        stack: as it was last deployed.
        call: how its project was called, from the journal.
        policy: `stop` or `down`.
        lock: the descriptor of the stack's lock, which Compose inherits.
        say: takes a line of what Compose says.

    Raises:
        CommandFailed: when Compose fails, in time or otherwise.
    """

    def end(project: Project) -> None:
        argv = ARGV[policy]()
        say(f"$ docker compose {' '.join(argv)}")
        seconds = stack.options.limits.up.total_seconds()
        services.compose.run(project, argv, timeout=seconds, on_line=say, pass_fds=(lock,))

    if call:
        try:
            end(project_from(call, stack, services.live(stack)))
        except CommandFailed as error:
            # Its files may be gone or broken by now; the containers' labels say enough.
            say(str(error))
        else:
            return
    root = Path("/")
    environment = command_environment(stack, root, {"LANG": "C.UTF-8", **inherited(INHERITED)})
    end(Project(stack.project, root, root, (), environment=environment))
