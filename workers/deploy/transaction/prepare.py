"""The steps before the switch: they touch nothing that runs and no live file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from workers.adapters.docker.argv import dry_up_argv
from workers.changes.tree import Tree
from workers.deploy.containers import compose_model
from workers.deploy.containers.names import refuse_taken_names, wanted_names
from workers.deploy.containers.networks import network_ids, refuse_lacking, refuse_shared_networks, strangers
from workers.deploy.containers.ports import refuse_taken, wanted
from workers.deploy.containers.provenance import named_by, strays
from workers.deploy.containers.running import Running
from workers.deploy.files.safe_path import Root
from workers.deploy.files.stage import stage
from workers.deploy.files.switch_plan import Planner
from workers.deploy.transaction.attempt import Attempt
from workers.deploy.transaction.images import build, pull, refuse_absent
from workers.deploy.transaction.moved_data import settle_moved
from workers.deploy.transaction.network_survey import include_outdated
from workers.deploy.transaction.steps import Step
from workers.deploy.transaction.volume_survey import survey_volumes
from workers.model.errors import BlockedStack
from workers.model.words import Action, ServiceDecision
from workers.runtime.logs import get_logger

log = get_logger(__name__)

Missing = Callable[[Any, Any, str], Iterable[str]]


def prepare(attempt: Attempt, tree: Tree, missing: Missing) -> None:
    """Everything up to the point from which something may have to be taken back.

    Args:
        attempt: the attempt.
        tree: the commit.
        missing: says which repository paths Compose's model names although the closure lacks them.

    Raises:
        InvalidStack: when Compose refuses the files, or a volume holds data that its new definition would lose.
        BlockedStack: when something would be lost.
        CommandFailed: when building or pulling fails.
        Lacking: when there is no such external network or volume, or an image is still not there.
        PortTaken: when another project has a port.
        NameTaken: when another project has a container of a name.
        EngineUnavailable: when the engine is away.
    """
    steps = attempt.tools.steps
    with steps.step(Step.STAGE):
        stage_closure(attempt)
    with steps.step(Step.VALIDATE):
        _validate(attempt, tree, missing)
    with steps.step(Step.REMEMBER):
        attempt.look(Running.now(attempt.tools.engine, attempt.stack.project))
        names = compose_model.all_images(attempt.model, attempt.stack.project)
        attempt.images = {name: attempt.tools.engine.image_id(name) for name in sorted(names)}
        _include_strays(attempt)
    with steps.step(Step.CHECK):
        _refuse_own(attempt)
        settle_moved(attempt)
        _survey(attempt)
        plan(attempt)
    with steps.step(Step.BUILD):
        build(attempt)
    with steps.step(Step.PULL):
        pull(attempt)
        refuse_absent(attempt)
        include_outdated(attempt)
        _try_schedules(attempt)


def stage_closure(attempt: Attempt) -> None:
    """Make the stage."""
    empty = (attempt.stack.path, *attempt.hollow)
    stage(attempt.tools.source, attempt.new, attempt.snapshot.outside_paths, attempt.folders, empty)


def _validate(attempt: Attempt, tree: Tree, missing: Missing) -> None:
    """Let Compose read the staged files, once; what it knows of and Tegu has not read joins the closure."""
    tools = attempt.tools
    private = (str(attempt.folders.stage / path) for path in attempt.snapshot.confidential)
    model, said = tools.compose.config(attempt.staged, private=private, pass_fds=(tools.lock,))
    for line in said.splitlines():
        tools.say(line)
    found = tuple(missing(attempt.snapshot, model, str(attempt.staged.directory)))
    if joining := tuple(path for path in found if tree.entry(path) is not None):
        log.warning("compose uses paths that were not read", stack=attempt.stack.id, paths=list(joining))
        attempt.snapshot = attempt.snapshot.joined(tree, joining)
        attempt.new.update(attempt.snapshot.files(tree))
        attempt.hollow = attempt.snapshot.hollow(tree)
        stage_closure(attempt)
    attempt.note(model)


def _include_strays(attempt: Attempt) -> None:
    """Make anew, too, what runs another image than the files name: an earlier release took that for no difference."""
    project, decision = attempt.stack.project, attempt.decision
    names = compose_model.images(attempt.model, project)
    services = dict(decision.services)
    found = strays(attempt.tools.engine, attempt.before.containers(), named_by(attempt.model, project))
    for service, image in sorted(found.items()):
        known = services.get(service, ServiceDecision(Action.NONE))
        if known.action.strength < Action.RECREATE.strength:
            attempt.tools.say(f"{service} runs {image}, not {names[service]}, so it is made anew as well")
            services[service] = replace(known, action=Action.RECREATE, signal=None)
    attempt.decision = replace(decision, services=services)


def _refuse_own(attempt: Attempt) -> None:
    """Refuse to deploy the project that this process runs in."""
    former = attempt.former.running.details if attempt.former else ()
    if any(attempt.tools.own.has(each) for each in (*attempt.before.details, *former)):
        raise OwnProject(attempt.stack.id)


def _survey(attempt: Attempt) -> None:
    """Refuse before the switch what the engine would refuse after it: what others use, and what is not there."""
    engine, project, networks = attempt.tools.engine, attempt.stack.project, attempt.decision.networks
    refuse_lacking(engine, attempt.model)
    made = attempt.services_with(Action.UP, Action.BUILD, Action.RECREATE)
    ports, names = wanted(attempt.model, made), wanted_names(attempt.model, project, made, attempt.before.containers())
    others = strangers(engine, attempt.own_projects) if names else []
    refuse_taken(others, ports)
    refuse_taken_names(others, names)
    refuse_shared_networks(engine, project, networks)
    attempt.networks = network_ids(engine, project, networks)
    attempt.volumes = survey_volumes(attempt)


class OwnProject(BlockedStack):
    """The stack's project holds this Tegu itself."""

    def __init__(self, stack: str) -> None:
        super().__init__(stack)
        self.stack = stack

    def __str__(self) -> str:
        return f"{self.stack} holds this Tegu itself, which never deploys itself; update it by hand"


def plan(attempt: Attempt) -> None:
    """Work the switch of files out, and refuse what is in the way."""
    live = Root(attempt.folders.live)
    try:
        planner = Planner(
            live,
            attempt.folders.stage,
            old=attempt.old,
            new=attempt.new,
            adopt=attempt.stack.options.adopt,
            protected=attempt.protected,
            made_of=attempt.made_of,
        )
        attempt.operations = planner.plan().operations
    finally:
        live.close()
    for each in attempt.operations:
        if each.keep:
            kept = attempt.folders.kept / attempt.name / each.path
            attempt.tools.say(f"{each.path} was changed on this host; Git's version counts, a copy stays in {kept}")


def _try_schedules(attempt: Attempt) -> None:
    """Let Compose try `up` without doing anything where there are scheduled jobs: 5.6 reads them and then refuses."""
    jobs = attempt.model.get("jobs") or {}
    if any((job.get("triggers") or {}).get("schedule") for job in jobs.values()):
        seconds = attempt.stack.options.limits.up.total_seconds()
        attempt.run(dry_up_argv(), seconds=seconds, staged=True)
