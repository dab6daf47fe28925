"""Every image that the services need, before anything is switched: built here, pulled, or at least there; then in use.

Beside the image of a service itself there are those of its `pre_start` hooks and of its volumes of `type: image`. No
release of `docker compose pull` fetches all of them, and `up --pull never` fails for want of one when the old
containers are gone already.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from workers.adapters.docker.compose_argv import build_argv, pull_argv
from workers.adapters.docker.container import Container
from workers.changes.snapshot import Snapshot
from workers.deploy.containers import compose_model
from workers.deploy.containers.provenance import named_by, strays
from workers.deploy.containers.running import Running
from workers.deploy.transaction.ground import Ground
from workers.deploy.transaction.prepared import Seen
from workers.model.errors import CommandFailed, CommandTimedOut, TeguError
from workers.model.words import Action

Images = Mapping[str, str | None]
"""The id that each image name stood for before; None for no image."""


class Lacking(TeguError):
    """The engine lacks an image that a service needs; somebody may bring it any time."""


class WrongImage(TeguError):
    """A container runs another image than the files name."""


def build(seen: Seen, images: Images, snapshot: Snapshot) -> None:
    """Build what the decision names, and what has a build section but no image yet.

    Raises:
        CommandFailed: when that fails.
    """
    ground = seen.ground
    if not ground.stack.options.build:
        return
    names = compose_model.built_names(seen.model, ground.stack.project)
    needed = compose_model.all_images(seen.model, ground.stack.project)
    absent = {name for name, given in names.items() if any(images[each] is None for each in given & needed)}
    wanted = (seen.services_with(Action.BUILD) & names.keys()) | absent
    services = snapshot.services
    for wave in build_waves({name: services[name].builds_on if name in services else () for name in wanted}):
        ground.run(build_argv(wave), seconds=ground.stack.options.limits.build.total_seconds(), staged=True)


def build_waves(builds_on: Mapping[str, Collection[str]]) -> Iterator[list[str]]:
    """The services to build together, one wave after the other.

    One `docker compose build` builds all its services at once: whoever stands on an image of another one would get the
    old image, or none.

    Args:
        builds_on: the services to be built, each with those whose images it is built on.
    """
    left = set(builds_on)
    while left:
        ready = {name for name in left if not left.intersection(builds_on[name])}
        wave = ready or left  # images that stand on each other are for the builder to refuse
        yield sorted(wave)
        left -= wave


def pull(seen: Seen, images: Images) -> None:
    """Pull what is missing, or everything that services are to be brought up with, as the option says.

    Raises:
        CommandFailed: when that fails.
    """
    ground, model = seen.ground, seen.model
    options, project = ground.stack.options, ground.stack.project
    if options.pull_images == "never":
        return
    names = compose_model.images(model, project)
    buildable = compose_model.built_names(model, project) if options.build else {}
    further_of = compose_model.further_images(model, project)
    if options.pull_images == "always":
        coming = _coming(seen)
        names = {name: image for name, image in names.items() if name in coming}
        further_of = {name: further for name, further in further_of.items() if name in coming}
    further = set[str]().union(*further_of.values())
    services = set(names) - buildable.keys()
    others = further.difference(*buildable.values(), (names[name] for name in services))
    if options.pull_images == "missing":
        services = {name for name in services if images[names[name]] is None}
        others = {name for name in others if images[name] is None}
    seconds = options.limits.pull.total_seconds()
    if services:
        with _naming({name: names[name] for name in services}):
            ground.run(pull_argv(sorted(services), buildable=not options.build), seconds=seconds, staged=True)
    if others:
        _pull_others(ground, sorted(others), seconds)


@contextmanager
def _naming(images: Mapping[str, str]) -> Iterator[None]:
    """Say of a pull that fails of which images: Compose names services, or nothing at all.

    Args:
        images: by the name of the service.

    Raises:
        CommandFailed: with them.
    """
    try:
        yield
    except CommandFailed as error:
        first, *lines = error.output.splitlines() or [""]
        named = {line: line.partition(": ")[0] for line in lines}
        failed = {images.get(name, name) for name in named.values()} & {*images.values()}
        what = f"{error.command} of {', '.join(sorted(failed or {*images.values()}))}"
        if isinstance(error, CommandTimedOut):
            raise CommandTimedOut(what, error.seconds, error.output) from error
        # Of one image, the first line says why.
        output = first if len(failed) == 1 else error.output
        raise CommandFailed(what, error.code, output) from error


def _coming(seen: Seen) -> set[str]:
    """The services that may get new containers: what the decision names, and what does not run."""
    named = seen.services_with(Action.RECREATE, Action.UP, Action.BUILD)
    return named | (compose_model.services(seen.model).keys() - seen.before.running())


def _pull_others(ground: Ground, names: list[str], seconds: float) -> None:
    """Pull images that are no service's, as those of a project that has a service for each."""
    tools = ground.tools
    file = ground.folders.stage.with_suffix(".images")
    model = {"services": {f"image-{place}": {"image": name} for place, name in enumerate(names)}}
    file.write_text(json.dumps(model).replace("$", "$$"))
    argv = pull_argv(())
    try:
        tools.say(f"$ docker compose {' '.join(argv)}  # {', '.join(names)}")
        project = replace(ground.staged, files=(str(file),), env_files=(), profiles=())
        with _naming({f"image-{place}": name for place, name in enumerate(names)}):
            tools.compose.run(
                project, argv, timeout=seconds, on_line=tools.say, pass_fds=(tools.lock,), stop=tools.stop
            )
    finally:
        file.unlink()


def refuse_absent(seen: Seen, images: Images) -> None:
    """Refuse to bring up what needs an image that was not there before, and is not by now.

    Raises:
        Lacking: naming the service and the image.
    """
    project, active = seen.ground.stack.project, compose_model.services(seen.model)
    own, further = compose_model.images(seen.model, project), compose_model.further_images(seen.model, project)
    acting = seen.services_with(Action.UP, Action.BUILD, Action.RECREATE)
    for name in sorted(own):
        if compose_model.replicas(active[name]) and (name in acting or not seen.before.of(name)):
            usual = () if active[name].get("image") else (f"{project}_{name}",)  # as COMPOSE_COMPATIBILITY has it
            for image, *others in ((own[name], *usual), *((image,) for image in sorted(further[name]))):
                if images.get(image) is None and all(
                    seen.ground.tools.engine.image_id(each) is None for each in (image, *others)
                ):
                    raise Lacking(_absent(seen, name, image))


def _absent(seen: Seen, service: str, image: str) -> str:
    options = seen.ground.stack.options
    if service in compose_model.built(seen.model) and not options.build:
        why = "the option build is false, so it has to be pulled, or built by hand"
    elif options.pull_images == "never":
        why = "the option pull_images is never, so it has to be pulled by hand"
    else:
        why = "Compose did not pull it, by the service's pull_policy perhaps"
    return f"the image {image}, which the service {service} needs, is not there; {why} (docker pull {image})"


def refuse_other_images(seen: Seen, now: Running) -> None:
    """Refuse to call a stack deployed of which a container runs another image than the files name.

    Args:
        seen: what was wanted of it.
        now: its containers once they are brought up.

    Raises:
        WrongImage: naming service, wanted and running image.
        EngineUnavailable: when the engine is away.
    """
    engine, project = seen.ground.tools.engine, seen.ground.stack.project
    names = compose_model.images(seen.model, project)
    found = _left_behind(seen, now.listed) | strays(engine, now.listed, named_by(seen.model, project))
    if found:
        raise WrongImage("\n".join(f"{name}: runs {found[name]}, not {names[name]}" for name in sorted(found)))


def _left_behind(seen: Seen, there: Iterable[Container]) -> dict[str, str]:
    """The services that were to be brought up, but run on with what their image's name stood for before."""
    brought = seen.services_with(Action.UP, Action.BUILD)
    names = compose_model.images(seen.model, seen.ground.stack.project)
    before = {identifier for identifier, _ in seen.starts}
    return {
        each.service: f"{each.image} ({each.image_id})"
        for each in there
        if each.service in brought & names.keys() and each.running and each.id in before
        if seen.ground.tools.engine.image_id(names[each.service]) not in {None, each.image_id, each.resolved_image}
    }
