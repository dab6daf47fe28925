"""The steps before the switch: they touch nothing that runs and no live file."""

from __future__ import annotations

from dataclasses import replace

from workers.adapters.docker.compose_argv import dry_up_argv
from workers.changes.agreement import missing_sources
from workers.changes.snapshot import Snapshot
from workers.deploy.containers import compose_model
from workers.deploy.containers.networks import network_ids, refuse_shared_networks
from workers.deploy.containers.provenance import named_by, strays
from workers.deploy.containers.running import NOTHING, Running
from workers.deploy.files.data import Belonging
from workers.deploy.files.layout import make_live
from workers.deploy.files.manifest import Manifest
from workers.deploy.files.safe_path import Root
from workers.deploy.files.stage import stage
from workers.deploy.files.switch_plan import Operation, Planner
from workers.deploy.transaction.commit import tags_kept
from workers.deploy.transaction.ground import Ground
from workers.deploy.transaction.images import build, pull, refuse_absent
from workers.deploy.transaction.intent import Intent
from workers.deploy.transaction.moved_data import moved_along
from workers.deploy.transaction.network_survey import with_outdated
from workers.deploy.transaction.obstacles import refuse_obstacles
from workers.deploy.transaction.prepared import Prepared, Seen, Staged, Surveyed, Work, mounted, written
from workers.deploy.transaction.secrets_read import hidden_of
from workers.deploy.transaction.steps import Step
from workers.deploy.transaction.validate import validated
from workers.deploy.transaction.volume_survey import survey_volumes
from workers.model.errors import BlockedStack
from workers.model.words import Action, Decision, ServiceDecision
from workers.runtime.logs import get_logger

log = get_logger(__name__)


class OwnProject(BlockedStack):
    """The stack's project holds this Tegu itself."""

    def __init__(self, stack: str) -> None:
        super().__init__(stack)
        self.stack = stack

    def __str__(self) -> str:
        return f"{self.stack} holds this Tegu itself, which never deploys itself; update it by hand"


def stage_files(ground: Ground) -> Staged:
    """Make the stage, and let Compose read it, once; what it knows of and Tegu has not read joins the closure.

    Raises:
        InvalidStack: when Compose refuses the files.
    """
    tools, snapshot, new = ground.tools, ground.snapshot, ground.new
    with tools.steps.step(Step.STAGE):
        _fill_stage(ground, snapshot, new)
    with tools.steps.step(Step.VALIDATE):
        private = (str(ground.folders.stage / path) for path in snapshot.confidential)
        model, said = validated(ground, snapshot, new, private)
        tools.hide(hidden_of(ground, snapshot, model).masked)
        for line in said.splitlines():
            tools.say(line)
        found = missing_sources(snapshot, model, str(ground.staged.directory))
        if joining := tuple(path for path in found if ground.tree.entry(path) is not None):
            log.warning("compose uses paths that were not read", stack=ground.stack.id, paths=list(joining))
            snapshot = snapshot.joined(ground.tree, joining)
            new = {**new, **snapshot.files(ground.tree)}
            _fill_stage(ground, snapshot, new)
        return Staged(snapshot, new, model, mounted(model, ground.folders))


def survey(ground: Ground, staged: Staged) -> Surveyed:
    """Find out what is there, and refuse what the engine or Compose would refuse later.

    Nothing is made and nothing fetched, so a plan may ask for this without a deployment.

    Raises:
        InvalidStack: when a volume holds data that its new definition would lose.
        BlockedStack: when something would be lost.
        Obstructed: when something of the host is in the way.
        EngineUnavailable: when the engine is away.
    """
    engine, steps = ground.tools.engine, ground.tools.steps
    with steps.step(Step.REMEMBER):
        before = Running.of_listing(engine, ground.there)
        names = compose_model.all_images(staged.model, ground.stack.project)
        images = {name: engine.image_id(name) for name in sorted(names)}
        decision = _with_strays(ground, staged.model, before)
    with steps.step(Step.CHECK):
        _refuse_own(ground, before)
        brought, halted = moved_along(ground, staged, before)
        work = _surveyed(_seen(ground, decision, staged.model, before), brought)
        return Surveyed(work, images, _planned(ground, staged.new, staged.protected), brought, halted)


def prepare(ground: Ground, staged: Staged) -> Prepared:
    """Everything else up to the point from which something may have to be taken back.

    Raises:
        CommandFailed: when building or pulling fails.
        Lacking: when an image is still not there; and what `survey` raises.
    """
    found, steps = survey(ground, staged), ground.tools.steps
    work, images = found.work, found.images
    with tags_kept(ground.tools.engine, images):
        with steps.step(Step.BUILD):
            build(work, images, staged.snapshot)
        with steps.step(Step.PULL):
            pull(work, images)
            refuse_absent(work, images)
            work = with_outdated(work)
            _try_schedules(work)
    done = written(ground.old, staged.new, staged.protected, found.operations)
    return Prepared(work, staged.snapshot, done, found.operations, images, found.brought, found.halted)


def prepare_files(ground: Ground) -> Prepared:
    """The same for files that reach no service: nothing is found out of containers.

    Raises:
        BlockedStack: when something is in the way.
    """
    snapshot = ground.snapshot
    _fill_stage(ground, snapshot, ground.new)
    # Compose is not asked what it mounts, so whatever was content before is not removed from under a container.
    contents = (path for each in snapshot.services.values() for path in each.content)
    protected = frozenset((*contents, *snapshot.extra))
    operations = _planned(ground, ground.new, protected)
    work = Work(ground, ground.decision, {}, NOTHING, frozenset(), frozenset(), frozenset(), {})
    return Prepared(work, snapshot, written(ground.old, ground.new, protected, operations), operations, {})


def resume(ground: Ground, intent: Intent) -> Prepared:
    """What an attempt has found out whose files are in place: what it has done already is not done again.

    Raises:
        InvalidStack: when Compose refuses the live files, which it did not before.
    """
    tools = ground.tools
    tools.say(f"going on with deployment {intent.deployment}, which was interrupted")
    model, _ = tools.compose.config(ground.project, pass_fds=(tools.lock,))
    tools.hide(hidden_of(ground, ground.snapshot, model).masked)
    before = Running.of_listing(tools.engine, ground.there)
    networks, volumes = intent.networks, intent.volumes
    return Prepared(
        Work(ground, ground.decision, model, before, intent.starts, intent.resting, networks, volumes),
        ground.snapshot,
        written(ground.old, ground.new, mounted(model, ground.folders), intent.operations),
        intent.operations,
        intent.images,
        intent.brought,
        intent.halted,
        is_resumed=True,
    )


def _fill_stage(ground: Ground, snapshot: Snapshot, new: Manifest) -> None:
    empty = (ground.stack.path, *snapshot.hollow(ground.tree))
    stage(ground.tools.source, new, snapshot.outside_paths, ground.folders, empty)


def _with_strays(ground: Ground, model: compose_model.Model, before: Running) -> Decision:
    """Make anew, too, what runs another image than the files name: an earlier release took that for no difference."""
    project, decision = ground.stack.project, ground.decision
    names = compose_model.images(model, project)
    services = dict(decision.services)
    found = strays(ground.tools.engine, before.containers(), named_by(model, project))
    for service, image in sorted(found.items()):
        known = services.get(service, ServiceDecision(Action.NONE))
        if known.action.strength < Action.RECREATE.strength:
            ground.tools.say(f"{service} runs {image}, not {names[service]}, so it is made anew as well")
            services[service] = replace(known, action=Action.RECREATE, signal=None)
    return replace(decision, services=services)


def _seen(ground: Ground, decision: Decision, model: compose_model.Model, before: Running) -> Seen:
    # What still runs where the last deployment is has not been touched either.
    starts = before.starts | (ground.former.running.starts if ground.former else set())
    return Seen(ground, decision, model, before, frozenset(starts), frozenset(before.resting()))


def _refuse_own(ground: Ground, before: Running) -> None:
    """Refuse to deploy the project that this process runs in."""
    former = ground.former.running.details if ground.former else ()
    if any(ground.tools.own.has(each) for each in (*before.details, *former)):
        raise OwnProject(ground.stack.id)


def _surveyed(seen: Seen, brought: tuple[Belonging, ...]) -> Work:
    """Refuse before the switch what the engine would refuse after it: what others use, and what is in the way."""
    engine, project, networks = seen.ground.tools.engine, seen.ground.stack.project, seen.decision.networks
    refuse_shared_networks(engine, project, networks)
    ids = frozenset(network_ids(engine, project, networks))
    volumes = survey_volumes(seen, brought)
    work = Work(seen.ground, seen.decision, seen.model, seen.before, seen.starts, seen.resting, ids, volumes)
    refuse_obstacles(work)
    return work


def _planned(ground: Ground, new: Manifest, protected: frozenset[str]) -> tuple[Operation, ...]:
    """Work the switch of files out, and refuse what is in the way."""
    make_live(ground.folders.live)
    live = Root(ground.folders.live)
    try:
        planner = Planner(
            live,
            ground.folders.stage,
            old=ground.old,
            new=new,
            adopt=ground.stack.options.adopt,
            protected=protected,
            made_of=ground.made_of,
        )
        operations = planner.plan().operations
    finally:
        live.close()
    for each in operations:
        if each.keep:
            kept = ground.folders.kept / ground.name / each.path
            ground.tools.say(f"{each.path} was changed on this host; Git's version counts, a copy stays in {kept}")
    return operations


def _try_schedules(work: Work) -> None:
    """Let Compose try `up` without doing anything where there are scheduled jobs: 5.6 reads them and then refuses."""
    jobs = work.model.get("jobs") or {}
    if any((job.get("triggers") or {}).get("schedule") for job in jobs.values()):
        seconds = work.ground.stack.options.limits.up.total_seconds()
        work.ground.run(dry_up_argv(), seconds=seconds, staged=True)
