"""Writing down what is deployed, once all of it is well."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from workers.adapters.state.clock import now
from workers.adapters.state.deployed import Deployed, Healed, RecordedContainer
from workers.changes.snapshot import Snapshot
from workers.deploy.containers import compose_model
from workers.deploy.containers.prune import prune_images
from workers.deploy.containers.running import Running
from workers.deploy.drift import acting, heals_after
from workers.deploy.files.manifest import save_manifest
from workers.deploy.files.unversioned import remember
from workers.deploy.report import Ledger
from workers.deploy.transaction.call import call_of
from workers.deploy.transaction.ground import Ground
from workers.deploy.transaction.prepared import Prepared
from workers.model.errors import TeguError
from workers.model.stack import Stack
from workers.model.words import Reason
from workers.services import Services


def record(services: Services, prepared: Prepared, running: Running, ledger: Ledger) -> None:
    """Write down what is deployed: the journal first, then Redis, then Git's pins.

    Args:
        services: the process's.
        prepared: what was deployed.
        running: the containers after it.
        ledger: where it is told.
    """
    ground = prepared.ground
    done = replace(record_of(prepared, running, datetime.now(UTC)), seconds=dict(ledger.seconds))
    save_manifest(ground.folders.manifest, prepared.written)
    remember(ground.folders, prepared.snapshot.outside_paths)
    call = call_of(ground.stack, ground.project, ground.folders.live, keeps_unversioned=True)
    ledger.record(done, {"call": call, "disturbed": None, "volumes": None, "networks": None, "left": None})
    pin(services, ground.stack, done.commit, done.previous)
    if ground.stack.options.prune_images:
        _prune(services, ground, done, ledger)


def record_of(prepared: Prepared, running: Running, at: datetime) -> Deployed:
    """What is deployed once it has succeeded.

    Args:
        prepared: what was deployed.
        running: the containers after it.
        at: the time.
    """
    ground, work = prepared.ground, prepared.work
    names = compose_model.all_images(work.model, ground.stack.project)
    ids = {each.container.image: each.container.image_id for each in running.details}
    heals: Mapping[str, Healed] = {}
    if work.decision.reason is Reason.DRIFTED:
        heals = heals_after(ground.record, acting(work.decision), prepared.snapshot.fingerprint, at)
    made = deployed(
        ground.stack,
        prepared.snapshot,
        working_dir=str(ground.live_directory),
        services=compose_model.services(work.model),
        images={name: ids.get(name) or ground.tools.engine.image_id(name) for name in sorted(names)},
        containers=containers_of(running),
        deployment=ground.name,
        previous=previous_of(ground.record, prepared.snapshot.commit),
    )
    return replace(made, heals=heals, renamed_from=ground.record.renamed_from if ground.record else None)


def previous_of(before: Deployed | None, commit: str) -> str | None:
    """What was deployed before this commit, and so what a rollback by hand goes back to.

    Args:
        before: what was deployed; None for nothing.
        commit: what is deployed now.
    """
    if before is None:
        return None
    return before.commit if before.commit != commit else before.previous


def pin(services: Services, stack: Stack, commit: str, previous: str | None = None) -> None:
    """Keep what is deployed in the clone, and what was before where that is known.

    Where that fails, the next deployment pins again, and a day is kept in any case.
    """
    deployed = {f"deployed/{stack.id}": commit}
    for pins in ({**deployed, f"previous/{stack.id}": previous}, deployed) if previous else (deployed,):
        with suppress(TeguError):
            services.clone(stack.repo).pin_all(pins)
            return


def _prune(services: Services, ground: Ground, done: Deployed, ledger: Ledger) -> None:
    """Remove the images that nobody uses any more; what cannot be removed now is left for good."""
    with suppress(TeguError):
        records = services.state.records
        others = records.get_many(set(records.known()) - {ground.stack.id})
        used = {text for each in others.values() if each for pair in each.images.items() for text in pair if text}
        before = ground.record.images if ground.record else {}
        for name in prune_images(ground.tools.engine, before, done.images, used):
            ledger.say(f"image {name} is not used any more and was removed")


def deployed(
    stack: Stack,
    snapshot: Snapshot,
    *,
    working_dir: str,
    services: Iterable[str],
    images: Mapping[str, str | None],
    containers: Mapping[str, RecordedContainer],
    deployment: str = "",
    previous: str | None = None,
) -> Deployed:
    """A record of a stack as it is now: fit for Redis, so it holds no values of variables.

    Args:
        stack: the stack.
        snapshot: of what is deployed.
        working_dir: the project directory.
        services: those that are active.
        images: the id that each image name stands for.
        containers: by name.
        deployment: the deployment's id; empty where nobody knows.
        previous: the commit that was deployed before.
    """
    return Deployed(
        snapshot=snapshot,
        fingerprint=snapshot.fingerprint,
        repo=stack.repo,
        ref=stack.ref,
        project=stack.project,
        docker_host=stack.docker_host,
        worker=stack.worker,
        working_dir=working_dir,
        services=tuple(sorted(services)),
        images=images,
        containers=containers,
        deployment=deployment,
        at=now(),
        previous=previous,
    )


def containers_of(running: Running) -> dict[str, RecordedContainer]:
    """The containers after a deployment by name, for drift."""
    return {
        each.container.name: RecordedContainer(
            id=each.container.id,
            service=each.container.service,
            image_id=each.container.image_id,
            config_hash=each.container.config_hash,
            compose=each.container.release,
            state=each.state,
            restart=each.restart_policy,
        )
        for each in sorted(running.details, key=lambda found: found.container.name)
    }


def brought_back(record: Deployed, running: Running, starts: frozenset[tuple[str, str]]) -> Deployed:
    """The record after the way back: the containers that were made or started on it are others than those before.

    What is recorded of any other stays, so that one that has drifted, or that did not come back, is still drift.

    Args:
        record: what is deployed.
        running: what runs of it now.
        starts: which containers had been started when, before anything was touched.
    """
    fresh = tuple(each for each in running.details if (each.container.id, each.started_at) not in starts)
    return replace(record, containers={**record.containers, **containers_of(Running(fresh))})
