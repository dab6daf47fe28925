"""Whether containers run the images that the files name: `deployed` is never said of a stack that runs others.

What an image's name stands for may move on, by a pull or a build of somebody else: that is no difference, since nobody
wanted a new container for it. But a container that was made from another name, another digest among them, is not what
the files ask for, however it came about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from workers.changes.digest import canonical, keyed
from workers.changes.dockerfile import image_name
from workers.changes.snapshot import Snapshot
from workers.containers import Container, Engine
from workers.errors import TeguError
from workers.model import Action
from workers.transaction import model as compose_model
from workers.transaction.attempt import Attempt

IsNamed = Callable[[str, str], bool]
"""Whether the files name this image, in any spelling, for this service."""


class WrongImage(TeguError):
    """A container runs another image than the files name."""


def named_by(model: compose_model.Model, project: str) -> IsNamed:
    """As Compose resolved the files; what it does not know of is left alone."""
    names = {service: image_name(name) for service, name in compose_model.images(model, project).items()}
    return lambda service, image: names.get(service) in {None, image_name(image)}


def named_at(snapshot: Snapshot, key: bytes) -> IsNamed:
    """As a snapshot has it, which knows images by their digests only."""
    known = {name: service.image for name, service in snapshot.services.items()}
    return lambda service, image: known.get(service) in {None, keyed(key, canonical(image_name(image)))}


def strays(engine: Engine, containers: Iterable[Container], is_named: IsNamed) -> dict[str, str]:
    """The services that run an image which is not the named one, each with that image's name.

    Only containers that run are looked at, and the engine is asked only about those whose listing leaves a doubt: it
    shows an id there where a name has moved on.
    """
    doubtful = [each for each in containers if each.running and not is_named(each.service, each.image)]
    return {
        each.container.service: each.made_from
        for each in engine.details(doubtful)
        if not is_named(each.container.service, each.made_from)
    }


def refuse_other_images(attempt: Attempt) -> None:
    """Refuse to call a stack deployed of which a container runs another image than the files name.

    Raises:
        WrongImage: naming service, wanted and running image.
        EngineUnavailable: when the engine is away.
    """
    engine, project = attempt.tools.engine, attempt.stack.project
    there = engine.containers(project)
    names = compose_model.images(attempt.model, project)
    found = _left_behind(attempt, there) | strays(engine, there, named_by(attempt.model, project))
    if found:
        raise WrongImage("\n".join(f"{name}: runs {found[name]}, not {names[name]}" for name in sorted(found)))


def _left_behind(attempt: Attempt, there: Iterable[Container]) -> dict[str, str]:
    """The services that were to be brought up, but run on with what their image's name stood for before."""
    brought = attempt.services_with(Action.UP, Action.BUILD)
    names = compose_model.images(attempt.model, attempt.stack.project)
    before = {identifier for identifier, _ in attempt.starts}
    return {
        each.service: f"{each.image} ({each.image_id})"
        for each in there
        if each.service in brought & names.keys() and each.running and each.id in before
        if attempt.tools.engine.image_id(names[each.service]) not in {None, each.image_id, each.resolved_image}
    }
