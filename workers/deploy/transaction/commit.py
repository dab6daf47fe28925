"""The point of no silent return: the intent goes to the journal, then the live files are switched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from workers.adapters.docker.engine import Engine
from workers.adapters.state.journal import Journal
from workers.deploy.files.bring_data import bring, bring_back, start_again
from workers.deploy.files.layout import Folders
from workers.deploy.files.manifest import load_manifest, save_manifest
from workers.deploy.files.switch import Switching
from workers.deploy.files.switch_plan import Switch
from workers.deploy.transaction.ground import Ground
from workers.deploy.transaction.intent import Intent
from workers.deploy.transaction.prepared import Prepared
from workers.deploy.transaction.steps import Step
from workers.model.errors import CommandFailed, EngineUnavailable


def commit(prepared: Prepared, journal: Journal) -> Intent:
    """Write the intent and bring the new files into place; whatever fails on the way is taken back.

    Raises:
        BlockedStack: when something has turned up in the way.
        OSError: when the disk refuses.
    """
    ground = prepared.ground
    with tags_kept(ground.tools.engine, prepared.images):
        return _switched(ground, Intent.of(prepared), journal)


def _switched(ground: Ground, intent: Intent, journal: Journal) -> Intent:
    folders, steps = ground.folders, ground.tools.steps
    with steps.step(Step.INTEND):
        folders.undo.mkdir(mode=0o700, exist_ok=True)
        save_manifest(folders.old_manifest, ground.old)
        journal.update(ground.stack.id, intent=intent.to_json())
    try:
        with steps.step(Step.SWITCH):
            Switching(folders, ground.name).forward(Switch(intent.operations))
        if intent.brought:
            with steps.step(Step.BRING):
                bring(ground.tools.engine, folders, intent.brought, intent.halted, ground.tools.stop)
        with steps.step(Step.SWITCHED):
            intent = intent.done()
            journal.update(ground.stack.id, intent=intent.to_json())
    except BaseException:
        take_back(ground.tools.engine, folders, intent)
        journal.update(ground.stack.id, intent=None)
        folders.clear()
        raise
    return intent


def take_back(engine: Engine, folders: Folders, intent: Intent) -> None:
    """Bring the data and the old files back, however far the switch came, and the manifest with them."""
    bring_back(engine, folders, intent.project, intent.brought, folders.kept / intent.deployment)
    Switching(folders, intent.deployment).back(intent.operations)
    if folders.old_manifest.exists():
        save_manifest(folders.manifest, load_manifest(folders.old_manifest))
    start_again(engine, intent.halted)


@contextmanager
def tags_kept(engine: Engine, images: Mapping[str, str | None]) -> Iterator[None]:
    """Do something that may move tags, as a staged build does, and put them back should it fail.

    Args:
        engine: where the images are.
        images: the id that each image name stood for before; None for no image.
    """
    try:
        yield
    except Exception:
        put_tags_back(engine, images)
        raise


def put_tags_back(engine: Engine, images: Mapping[str, str | None]) -> None:
    """Let every image name stand for what it stood for before; nothing is a reason to stop.

    The engine may be away, and an image may have been pruned.
    """
    for name, identifier in images.items():
        with suppress(CommandFailed, EngineUnavailable):
            if engine.image_id(name) != identifier:
                if identifier is None:
                    engine.untag(name)
                else:
                    engine.tag(identifier, name)
