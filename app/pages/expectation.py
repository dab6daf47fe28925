"""What would come of each act: what a worker foretells of it, or what is known without asking one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

from app.pages import words
from app.pages.acts import Act, Button, address
from app.pages.prospect import Prospect, Touched, prospect, sentence
from app.pages.wish import Wish
from workers.adapters.state.answers import Foretold
from workers.celery import PLAN
from workers.model.errors import UserError
from workers.model.question import Order, Question
from workers.model.words import Action, Reason
from workers.reconcile.ask import Asker, Unanswered
from workers.reconcile.cancel import cancellable
from workers.reconcile.forget import find_gone
from workers.services import Services


def expect(services: Services, asking: Asker, wish: Wish) -> Prospect:
    """What would come of a wish now.

    Raises:
        Unanswered: only a worker can say, and none has answered.
        UnknownName: there is no such stack.
        UserError: it makes no sense, for the reason given.
        RedisUnavailable: nothing is known.
    """
    return _EXPECTED[wish.act](services, asking, wish)


def _foretold(services: Services, asking: Asker, wish: Wish, order: Order, detail: str = "") -> Foretold:
    stack = services.stacks.find(wish.stack)
    return Foretold.from_json(asking(Question(PLAN, stack.id, order, detail), stack.worker))


def _deployment(services: Services, asking: Asker, wish: Wish) -> Prospect:
    order = Order.RECREATE if wish.force else Order.DEPLOY
    foretold = _foretold(services, asking, wish, order)
    found, decision = prospect(foretold, wish.stack), foretold.decision
    if decision.action is Action.NONE and decision.reason is Reason.UNCHANGED and not (found.causes or decision.paths):
        anew = Button("Recreate every service", replace(wish, force=True).url)
        return replace(found, obstacle="There is nothing to deploy.", ways=(anew,))
    hold = services.state.holds.get(wish.stack)
    if decision.reason is Reason.RETRIED and hold is not None and hold.why:
        return found.noting(f"It has failed before: {hold.why.splitlines()[0]}")
    return found


def _rollback(services: Services, asking: Asker, wish: Wish) -> Prospect:
    found = prospect(_foretold(services, asking, wish, Order.ROLLBACK, wish.to), wish.stack)
    until = "a push changes it, or " if wish.hold == "until_push" else ""
    return found.noting(f"It stays there until {until}somebody resumes it; whatever else is pushed is left.")


def _pause(services: Services, asking: Asker, wish: Wish) -> Prospect:
    services.stacks.find(wish.stack)
    facts = services.state.facts([wish.stack])[wish.stack]
    pause = facts.pause
    said = "Nothing is touched. Until it is resumed, nothing is deployed to it, whatever is pushed."
    if pause is not None:
        why = f": {pause.why}" if pause.why else ""
        resume = Button("Resume", address(wish.stack, Act.RESUME))
        return Prospect(said, f"paused {pause.at}", obstacle=f"It was paused by {pause.who}{why}.", ways=(resume,))
    # It needs no worker, so that none answers is no reason not to.
    left = "What is left undone until then is not known, since no worker has said so."
    with suppress(Unanswered, UserError):
        decision = _foretold(services, asking, wish, Order.NOTHING).decision
        left = f"The next look would do this, and leaves it until then: {sentence(decision)}"
        if decision.action is Action.NONE:
            left = "At the moment there is nothing that would be left undone."
    found = Prospect(said, "not paused", notes=(left,))
    return found.noting("The deployment under way goes on; cancel it if it should not.") if facts.leased else found


def _resumption(services: Services, asking: Asker, wish: Wish) -> Prospect:
    stack = services.stacks.find(wish.stack)
    facts = services.state.facts([wish.stack])[wish.stack]
    if facts.pause is None and facts.pin is None:
        return Prospect("Nothing would be touched.", "", obstacle="It is neither paused nor rolled back.")
    found = prospect(_foretold(services, asking, wish, Order.RESUME), wish.stack)
    ended = " and ".join(name for name, mark in (("pause", facts.pause), ("rollback", facts.pin)) if mark)
    notes = [f"Its {ended} ends: it follows {stack.ref} again."]
    if found.obstacle:  # it can be resumed all the same
        notes.append(f"It is left alone for another reason then: {found.obstacle}")
    notes.append(f"Then {stack.repo} is pulled on {stack.worker}; what else was pushed meanwhile is deployed, too.")
    seal = f"{found.seal} {facts.pause.at if facts.pause else ''} {facts.pin.at if facts.pin else ''}"
    return replace(found, seal=seal, obstacle="", ways=()).noting(*notes)


def _cancellation(services: Services, _: Asker, wish: Wish) -> Prospect:
    stack = services.stacks.find(wish.stack)
    found = cancellable(services, stack.id)
    under_way, waits = found.deployment, found.is_waiting or bool(found.behind)
    if not found:
        return Prospect("Nothing would be touched.", "", obstacle="Nothing of it is under way.")
    turn = f"for {words.listed(found.behind, 3)}" if found.behind else "for its turn"
    notes, said = ["The next look deploys it, unless it is paused."], f"It waits {turn}, and is left alone then."
    if under_way is not None:
        said = f"The deployment of {(under_way.commit or '')[:10]} stops at its next safe point."
        done = ", ".join(step.name for step in under_way.steps) or "nothing"
        notes = [
            f"Done so far: {done}.",
            "Before its files are switched nothing is touched; after that, the last good deployment is brought back.",
            "Then it waits for a push that changes it, or until somebody deploys it.",
        ]
        if waits:
            notes.append("What waits for its turn after it is left, too.")
    return Prospect(said, f"{under_way.id if under_way else ''} {waits}", notes=tuple(notes))


def _adoption(services: Services, asking: Asker, wish: Wish) -> Prospect:
    if wish.data is None and not wish.source:
        decision = services.state.facts([wish.stack])[wish.stack].known.last_decision
        why = decision.message if decision and decision.reason is Reason.MOVED else "Nothing of it lies elsewhere."
        return Prospect("", obstacle=why, asks="Choose above what becomes of it; each choice shows its plan.")
    found = prospect(_foretold(services, asking, wish, Order.ADOPT, wish.data or wish.source), wish.stack)
    notes = {
        "move": "Its data is moved to the stack's directory. The containers that use it are stopped meanwhile.",
        "copy": "Its data is copied to the stack's directory. The containers that use it are stopped meanwhile.",
        "leave": "Its data stays where it is, and the stack begins without.",
    }
    return found.noting(notes[wish.data] if wish.data else f"It goes on with what {wish.source} has.")


def _forgetting(services: Services, _: Asker, wish: Wish) -> Prospect:
    stack, mark = find_gone(services, wish.stack)
    record = services.state.records.get(stack)
    names = sorted(record.snapshot.services) if record else []
    volumes = sorted(record.snapshot.volumes) if record else []
    kept = "Volumes stay, and so does everything in its directory that Tegu did not write."
    if volumes:
        kept += f" Its volumes: {words.listed(volumes, 6)}."
    if wish.down:
        said = "Take down its containers and networks, then forget what is known of it and remove the files Tegu wrote."
        return Prospect(said, mark.at, touched=tuple(Touched(name, "removed") for name in names), notes=(kept,))
    said = "Forget what is known of it."
    left = "The files that Tegu wrote stay while containers of it are left; without any, they are removed."
    untouched = f"{words.listed(names, 6)}: left as they are." if names else ""
    return Prospect(said, mark.at, untouched=untouched, notes=(left, kept))


_EXPECTED: Mapping[Act, Callable[[Services, Asker, Wish], Prospect]] = {
    Act.DEPLOY: _deployment,
    Act.ROLLBACK: _rollback,
    Act.PAUSE: _pause,
    Act.RESUME: _resumption,
    Act.CANCEL: _cancellation,
    Act.ADOPT: _adoption,
    Act.FORGET: _forgetting,
}
