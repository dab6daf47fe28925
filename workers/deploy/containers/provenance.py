"""Whether containers run the images that the files name: `deployed` is never said of a stack that runs others.

What an image's name stands for may move on, by a pull or a build of somebody else: that is no difference, since nobody
wanted a new container for it. But a container that was made from another name, another digest among them, is not what
the files ask for, however it came about.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from workers.adapters.docker.container import Container
from workers.adapters.docker.engine import Engine
from workers.changes.digest import canonical, keyed
from workers.changes.dockerfile import image_name
from workers.changes.snapshot import Snapshot
from workers.deploy.containers import compose_model

IsNamed = Callable[[str, str], bool]
"""Whether the files name this image, in any spelling, for this service."""


def named_by(model: compose_model.Model, project: str) -> IsNamed:
    """As Compose resolved the files; what it does not know of is left alone."""
    names = {service: image_name(name) for service, name in compose_model.images(model, project).items()}
    return lambda service, image: names.get(service) in {None, image_name(image)}


def named_at(snapshot: Snapshot, key: bytes) -> IsNamed:
    """As a snapshot has it, which knows images by their digests only."""
    known = {name: service.image for name, service in snapshot.services.items()}
    return lambda service, image: known.get(service) in {None, keyed(key, canonical(image_name(image)))}


def made_from(engine: Engine, containers: Iterable[Container], known: Collection[str]) -> dict[str, str]:
    """The name that each running container's image was called by when it was made, by the container's id.

    A listing shows it, but an id where the name has moved on; the engine is asked about what is none of the `known`.
    """
    running = [each for each in containers if each.running]
    asked = engine.details(each for each in running if each.image not in known)
    names = {each.container.id: each.made_from for each in asked}
    return {each.id: names.get(each.id, each.image) for each in running}


def named_otherwise(containers: Iterable[Container], names: Mapping[str, str], is_named: IsNamed) -> set[str]:
    """The services of which a container runs an image that is not the named one; `names` is from `made_from`. Pure."""
    return {each.service for each in containers if each.id in names and not is_named(each.service, names[each.id])}


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
