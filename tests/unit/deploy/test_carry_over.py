"""A stack goes on under another name; with containers and kills, in the integration tests."""

from __future__ import annotations

from dataclasses import replace

from tests.records import a_record
from workers.adapters.state.clock import now
from workers.adapters.state.marks import Removed
from workers.deploy.carry_over import carry_over
from workers.deploy.sight import Sight
from workers.model.stack import Stack
from workers.services import Services

OLD = "default/old"


def test_what_somebody_has_forgotten_meanwhile_is_not_carried_over(services: Services, stack: Stack) -> None:
    commit = services.clone("r").resolve("main")
    carry_over(services, stack, OLD, commit, 1)
    assert services.state.journal.load(stack.id).record is None


def test_record_and_directory_go_on_and_the_old_name_is_forgotten(services: Services, stack: Stack) -> None:
    commit = services.clone("r").resolve("main")
    snapshot = Sight(services, stack).compare(None, commit).snapshot
    assert snapshot is not None
    record = replace(
        a_record(),
        snapshot=snapshot,
        fingerprint=snapshot.fingerprint,
        project=stack.project,
        repo="r",
        docker_host=stack.docker_host,
        worker=stack.worker,
        previous=None,
    )
    services.state.journal.update(OLD, record=record)
    services.state.records.put(OLD, record, None)
    services.state.records.set_status(OLD, removed=Removed("gone", at=now()))
    old = services.settings.data_dir / "stacks" / OLD
    (old / "a/data").mkdir(parents=True)
    (old / "a/data/precious").write_text("everything")

    carry_over(services, stack, OLD, commit, 1)

    new = services.settings.data_dir / "stacks" / stack.id
    assert (new.is_symlink(), (new / "a/data/precious").read_text()) == (True, "everything")
    carried = services.state.records.get(stack.id)
    assert carried is not None
    assert (carried.project, carried.containers) == (stack.project, record.containers)
    assert services.state.records.get(OLD) is None
    assert not services.state.journal.exists(OLD)
    assert f"deployed/{stack.id}" in services.clone("r").pins()
