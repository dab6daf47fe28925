"""Room for what comes: services that are to go stop before `up`, and go for good once everything is well.

They may have a port or a name that a new service needs, and their anonymous volumes are lost with them. So until then
they stand aside, and come back when the deployment fails. A container whose name moves on to another service stands
aside, too, and runs on until Compose replaces it: Compose removes the old containers of both first, and the engine
refuses the new ones their names then, there and back.
"""

from __future__ import annotations

from contextlib import suppress

from workers.adapters.docker.argv import remove_argv, up_argv
from workers.adapters.docker.container import Container
from workers.deploy.containers import compose_model
from workers.deploy.containers.aside import name_aside, own_name
from workers.deploy.containers.names import crossing, wanted_names
from workers.deploy.containers.running import Running
from workers.deploy.transaction.attempt import Attempt
from workers.deploy.transaction.steps import Step
from workers.model.errors import CommandFailed


def make_room(attempt: Attempt) -> None:
    """Let the containers of services that are to go stand aside, and those come back that are wanted again."""
    engine, options = attempt.tools.engine, attempt.stack.options
    there = engine.containers(attempt.stack.project)
    leaving = _leaving(attempt) if options.remove_orphans else set()
    going = [each for each in there if each.service in leaving and own_name(each) is None]
    active = compose_model.services(attempt.model).keys()
    names = wanted_names(attempt.model, attempt.stack.project, active, there)
    yielding = crossing(names, (each for each in there if each.service in active))
    aside = ((each, own_name(each) or "") for each in there if each.service in active)
    coming = {each.id: name for each, name in aside if name and names.get(name, each.service) == each.service}
    if not going and not yielding and not coming:
        return
    with attempt.tools.steps.step(Step.MAKE_ROOM):
        for each in going:
            attempt.tools.say(f"{each.name} makes room; it goes once everything is well")
            engine.stop(each.id)
            engine.rename(each.id, name_aside(each))
        for each in yielding:
            attempt.tools.say(f"{each.name} is a name of service {names[each.name]} now; {each.service} gets another")
            engine.rename(each.id, name_aside(each))
        for identifier, name in coming.items():
            attempt.tools.say(f"{name} comes back")
            _give_name(attempt, identifier, name)


def _give_name(attempt: Attempt, identifier: str, name: str) -> None:
    """Give a container its name back, or one that says whose it is where somebody else has that name by now."""
    engine = attempt.tools.engine
    try:
        engine.rename(identifier, name)
    except CommandFailed as error:
        attempt.tools.say(str(error))
        engine.rename(identifier, f"{identifier[:12]}_{name}")


def standing_aside(attempt: Attempt) -> list[Container]:
    """The containers of services that have made room."""
    active = compose_model.services(attempt.model)
    there = attempt.tools.engine.containers(attempt.stack.project)
    return [each for each in there if own_name(each) and each.service not in active]


def clear_away(attempt: Attempt) -> None:
    """Remove what has made room and is not wanted any more; what cannot be removed is left, and told.

    Without `remove_orphans`, only services whose profile is off go: Compose knows those as the stack's own.
    """
    aside, leaving = standing_aside(attempt), _leaving(attempt)
    if not aside and not leaving:
        return
    with attempt.tools.steps.step(Step.REMOVE):
        try:
            for each in aside:
                attempt.tools.engine.remove(each.id)
            if attempt.stack.options.remove_orphans and aside:
                _remove_other_orphans(attempt)
        except CommandFailed as error:
            attempt.tools.say(str(error))
        if not attempt.stack.options.remove_orphans:
            _remove_disabled(attempt, leaving)


def _leaving(attempt: Attempt) -> set[str]:
    """The services that are no longer active, those that an earlier attempt has brought included."""
    known = {*attempt.decision.removed, *attempt.decision.services}
    return known - set(compose_model.services(attempt.model))


def _remove_other_orphans(attempt: Attempt) -> None:
    """Remove what `up` left because it would have taken those that stood aside along."""
    now = Running.now(attempt.tools.engine, attempt.stack.project)
    active = set(compose_model.services(attempt.model))
    living = sorted((now.services & active) - now.resting())
    if living and now.services - active:
        seconds = attempt.stack.options.limits.up.total_seconds()
        attempt.run(up_argv(living[:1], remove_orphans=True, no_recreate=True, alone=True), seconds=seconds)


def _remove_disabled(attempt: Attempt, leaving: set[str]) -> None:
    there = Running.now(attempt.tools.engine, attempt.stack.project).services
    for name in sorted(leaving & there):
        with suppress(CommandFailed):  # one that has left the model is unknown to Compose, and stays
            attempt.run(remove_argv([name]), seconds=attempt.stack.options.limits.up.total_seconds())
