"""Stopping or taking down what runs of a stack; its volumes and files stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from workers.adapters.docker.compose_argv import down_argv, stop_argv
from workers.adapters.docker.compose_project import Project, command_environment, own_environment
from workers.adapters.state.deployed import Call, Deployed, Home
from workers.adapters.state.journal import JournalEntry
from workers.adapters.state.marks import Removed
from workers.catalog.catalog import project_of
from workers.deploy.containers.ownership import own_parts
from workers.deploy.transaction.call import project_from
from workers.deploy.transaction.intent import Intent
from workers.model.errors import CommandFailed, EngineUnavailable
from workers.model.stack import Limits, Options, Policy, Stack
from workers.runtime.logs import get_logger
from workers.services import Services

log = get_logger(__name__)

KEEP: Policy = "keep"
ARGV = {"stop": stop_argv, "down": down_argv}
DONE = {KEEP: "left as it is", "stop": "stopped", "down": "its containers and networks are removed; volumes stay"}


def recorded_policy(journal: JournalEntry) -> Policy:
    """What a stack's options said last of its removal."""
    return journal.when_removed or (journal.call and journal.call.when_removed) or KEEP


def policy_of(services: Services, identifier: str, journal: JournalEntry, mark: Removed | None) -> Policy:
    """What is to be done about a stack that is gone: what its options said last, or what the defaults it went by say.

    Args:
        services: the process's.
        identifier: the stack.
        journal: what this host knows of it.
        mark: that it is gone; None when that is new.
    """
    if mark is not None and mark.by_default:
        return services.catalog.current().removal_in(identifier.partition("/")[0])
    return recorded_policy(journal)


def stack_of(identifier: str, record: Deployed | None) -> Stack:
    """A stack as it was last deployed, with the defaults for whatever only its entry in the catalog said."""
    environment, _, name = identifier.partition("/")
    return Stack(
        environment=environment,
        name=name,
        repo=(record and record.repo) or "",
        path=record.path if record else "",
        ref=(record and record.ref) or "",
        worker="",
        docker_host=(record and record.docker_host) or "unix:///var/run/docker.sock",
        project=(record and record.project) or name,
        options=Options(limits=Limits()),
    )


def as_left(services: Services, identifier: str, record: Deployed | None) -> Stack:
    """A stack that is gone as it was last deployed.

    Of one whose first deployment has failed there is no record: its containers tell the project, if there are any.

    Raises:
        EngineUnavailable: the engine would have to be asked, and is away.
    """
    stack = stack_of(identifier, record)
    environment = services.catalog.current().environments.get(stack.environment)
    if record is not None or environment is None:
        return stack
    stack = replace(stack, docker_host=environment.docker_host)
    live = services.live(stack)
    for each in services.containers(stack.docker_host).containers():
        if Path(each.working_dir).is_relative_to(live):
            return replace(stack, project=each.project)
    return stack


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
    for other in services.stacks.all():
        if other.id != stack.id and project_of(other) == mine:
            return f"left as it is, since its project {other.project} is that of {other.id} now"
    engine = services.containers(stack.docker_host)
    known = services.other_containers()
    own = own_parts(services.own_container, services.settings.state_url, stack.docker_host, known)
    if any(own.has(each) for each in engine.details(engine.containers(stack.project))):
        return "left as it is, since it holds this Tegu itself"
    return None


def undeploy(
    services: Services, stack: Stack, call: Call | None, policy: Policy, lock: int, say: Callable[[str], None]
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
    environment = command_environment(stack, root, own_environment())
    end(Project(stack.project, root, root, (), environment=environment))


def undo_move(services: Services, stack: Stack, record: Deployed | None, intent: Intent, lock: int) -> None:
    """Take down what an interrupted deployment has begun under a name or on an engine that is not wanted any more.

    Only what it has made itself, all of it: a container that was there before belongs to somebody.

    Args:
        services: the process's.
        stack: as it is to be now.
        record: what is deployed; None for nothing.
        intent: the interrupted deployment, which is about to be given up.
        lock: the descriptor of the stack's lock.
    """
    begun = (intent.docker_host, intent.project)
    home = record.home(stack) if record else Home.of(stack)
    wanted, deployed = (stack.docker_host, stack.project), (home.docker_host, home.project)
    if not all(begun) or begun in {wanted, deployed}:
        return
    there = replace(stack, docker_host=intent.docker_host, project=intent.project)
    before = {container for container, _ in intent.starts}
    try:
        made = {each.id for each in services.containers(there.docker_host).containers(there.project)}
        if (
            made
            and not made & before
            and not any(project_of(each) == project_of(there) for each in services.stacks.all())
        ):
            log.warning("taking down what was begun elsewhere", stack=stack.id, project=begun[1], docker_host=begun[0])
            undeploy(services, there, None, "down", lock, lambda line: log.info("compose says", line=line))
    except (CommandFailed, EngineUnavailable) as error:
        log.warning("what was begun elsewhere stays", stack=stack.id, docker_host=begun[0], error=str(error))
