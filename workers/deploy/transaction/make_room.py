"""Room for what comes: services that are to go stop before `up`, and go for good once everything is well.

They may have a port or a name that a new service needs, and their anonymous volumes are lost with them. So until then
they stand aside, and come back when the deployment fails. A container whose name moves on to another service stands
aside, too, and runs on until Compose replaces it: Compose removes the old containers of both first, and the engine
refuses the new ones their names then, there and back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from workers.adapters.docker.compose_argv import remove_argv, up_argv
from workers.adapters.docker.container import Container
from workers.deploy.containers import compose_model
from workers.deploy.containers.aside import name_aside, own_name
from workers.deploy.containers.names import crossing, wanted_names
from workers.deploy.containers.running import Running
from workers.deploy.transaction.ground import Ground
from workers.deploy.transaction.prepared import Seen
from workers.deploy.transaction.steps import Step
from workers.model.errors import CommandFailed


@dataclass(frozen=True, slots=True)
class Moves:
    """Which containers get another name.

    Attributes:
        going: those that stop and stand aside.
        yielding: those that stand aside, and run on.
        coming: the ids of those that come back, each with its name.
        names: the names that Compose will give, each with its service.
    """

    going: Sequence[Container]
    yielding: Sequence[Container]
    coming: Mapping[str, str]
    names: Mapping[str, str]

    def __bool__(self) -> bool:
        return bool(self.going or self.yielding or self.coming)


def moves_for(seen: Seen, there: Sequence[Container]) -> Moves:
    """Which containers have to move for what is wanted. Pure.

    Args:
        seen: what is wanted.
        there: the containers that the project has, those that stand aside included.
    """
    leaving = _leaving(seen) if seen.ground.stack.options.remove_orphans else set()
    active = compose_model.services(seen.model).keys()
    names = wanted_names(seen.model, seen.ground.stack.project, active, there)
    aside = ((each, own_name(each) or "") for each in there if each.service in active)
    return Moves(
        going=[each for each in there if each.service in leaving and own_name(each) is None],
        yielding=crossing(names, (each for each in there if each.service in active)),
        coming={each.id: name for each, name in aside if name and names.get(name, each.service) == each.service},
        names=names,
    )


def make_room(seen: Seen) -> bool:
    """Let the containers of services that are to go stand aside, and those come back that are wanted again.

    Returns:
        Whether any did.
    """
    ground, engine = seen.ground, seen.ground.tools.engine
    if not moves_for(seen, seen.before.listed):
        return False
    # Builds and pulls take their time, so what moves is what is there by now.
    if not (moves := moves_for(seen, engine.containers(ground.stack.project))):
        return False
    with ground.tools.steps.step(Step.MAKE_ROOM):
        for each in moves.going:
            ground.tools.say(f"{each.name} makes room; it goes once everything is well")
            with seen.best_effort():
                engine.stop(each.id)
                engine.rename(each.id, name_aside(each))
        for each in moves.yielding:
            owner = moves.names[each.name]
            ground.tools.say(f"{each.name} is a name of service {owner} now; {each.service} gets another")
            with seen.best_effort():
                engine.rename(each.id, name_aside(each))
        for identifier, name in moves.coming.items():
            ground.tools.say(f"{name} comes back")
            with seen.best_effort():
                _give_name(ground, identifier, name)
    return True


def _give_name(ground: Ground, identifier: str, name: str) -> None:
    """Give a container its name back, or one that says whose it is where somebody else has that name by now."""
    engine = ground.tools.engine
    try:
        engine.rename(identifier, name)
    except CommandFailed as error:
        ground.tools.say(str(error))
        engine.rename(identifier, f"{identifier[:12]}_{name}")


def wanted_no_more(seen: Seen, aside: Iterable[Container]) -> list[Container]:
    """Those containers, of all that stand aside, whose services have made room."""
    active = compose_model.services(seen.model)
    return [each for each in aside if each.service not in active]


def clear_away(seen: Seen, now: Running) -> bool:
    """Remove what has made room and is not wanted any more; what cannot be removed is left, and told.

    Without `remove_orphans`, only services whose profile is off go: Compose knows those as the stack's own.

    Args:
        seen: what is wanted.
        now: the containers, all brought up.

    Returns:
        Whether there was anything to remove.
    """
    aside, leaving = wanted_no_more(seen, now.aside), _leaving(seen)
    if not aside and not leaving:
        return False
    with seen.ground.tools.steps.step(Step.REMOVE):
        try:
            for each in aside:
                seen.ground.tools.engine.remove(each.id)
            if seen.ground.stack.options.remove_orphans and aside:
                _remove_other_orphans(seen)
        except CommandFailed as error:
            seen.ground.tools.say(str(error))
        if not seen.ground.stack.options.remove_orphans:
            _remove_disabled(seen, leaving)
    return True


def _leaving(seen: Seen) -> set[str]:
    """The services that are no longer active, those that an earlier attempt has brought included."""
    known = {*seen.decision.removed, *seen.decision.services}
    return known - set(compose_model.services(seen.model))


def _remove_other_orphans(seen: Seen) -> None:
    """Remove what `up` left because it would have taken those that stood aside along."""
    now = seen.ground.running()
    active = set(compose_model.services(seen.model))
    living = sorted((now.services & active) - now.resting())
    if living and now.services - active:
        seconds = seen.ground.stack.options.limits.up.total_seconds()
        seen.ground.run(up_argv(living[:1], remove_orphans=True, no_recreate=True, alone=True), seconds=seconds)


def _remove_disabled(seen: Seen, leaving: set[str]) -> None:
    there = seen.ground.running().services
    for name in sorted(leaving & there):
        with suppress(CommandFailed):  # one that has left the model is unknown to Compose, and stays
            seen.ground.run(remove_argv([name]), seconds=seen.ground.stack.options.limits.up.total_seconds())
