"""What would come of an order, in the words of `tegu plan`. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from app.pages import words
from app.pages.acts import Act, Button, address
from workers.adapters.state.answers import Between, Foretold
from workers.model.words import Action, Decision, Reason, ServiceDecision

# What a deployment would find in its way before it touches anything keeps the action that it would have had.
_IN_THE_WAY = frozenset(
    {
        Reason.PAUSED,
        Reason.PINNED,
        Reason.STOPPED,
        Reason.FAILED_BEFORE,
        Reason.OBSTRUCTED,
        Reason.BLOCKED,
        Reason.MOVED,
        Reason.INVALID,
        Reason.SELF,
        Reason.WAITING,
    }
)
_ALL_BROUGHT_UP = frozenset({Reason.FIRST_DEPLOY, Reason.INTERRUPTED, Reason.RETRIED, Reason.ROLLBACK})
"""Then what does not run is started, too."""
_WAYS = {
    Reason.PAUSED: (Act.RESUME, "Resume"),
    Reason.PINNED: (Act.RESUME, "Resume"),
    Reason.MOVED: (Act.ADOPT, "Decide about its data"),
}


@dataclass(frozen=True, slots=True)
class Touched:
    """A service, what would be done to it, and because of which paths."""

    service: str
    action: str
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prospect:
    """What would come of an order.

    Attributes:
        said: in a sentence.
        seal: tells it from what it was a moment ago.
        plan: the words of `tegu plan`, its action and its reason; empty where it has none for that.
        commit: where the stack would be; None where that is not to be said.
        touched: services.
        untouched: a sentence about the others.
        causes: paths in Git that differ and are told of no service, and what differs outside of it.
        obstacle: why it cannot be ordered now; empty where it can.
        asks: what has to be chosen before; empty for nothing.
        ways: what helps then.
        notes: what else is to be known.
        between: the commits that come, or are taken back.
    """

    said: str
    seal: str = ""
    plan: tuple[str, ...] = ()
    commit: str | None = None
    touched: tuple[Touched, ...] = ()
    untouched: str = ""
    causes: tuple[str, ...] = ()
    obstacle: str = ""
    asks: str = ""
    ways: tuple[Button, ...] = ()
    notes: tuple[str, ...] = ()
    between: Between = field(default_factory=Between)

    def noting(self, *notes: str) -> Prospect:
        """The same, with more to be known."""
        return replace(self, notes=(*self.notes, *notes))


def prospect(foretold: Foretold, stack: str) -> Prospect:
    """What a worker has foretold of an order, where nothing else is to be said of it."""
    decision = foretold.decision
    way = _WAYS.get(decision.reason)
    in_the_way = decision.reason in _IN_THE_WAY
    return Prospect(
        said=sentence(decision),
        seal=foretold.seal,
        plan=(decision.action, decision.reason),
        commit=decision.commit,
        touched=tuple(_touched(decision)),
        untouched=_untouched(foretold),
        causes=tuple(_causes(decision)),
        obstacle=(decision.message or words.why(decision.reason)) if in_the_way else "",
        ways=(Button(way[1], address(stack, way[0])),) if in_the_way and way else (),
        notes=tuple(_notes(foretold)),
        between=foretold.between,
    )


def sentence(decision: Decision) -> str:
    """What would be done and why, as in `Restart web: config.yml changed.`."""
    why = words.why(decision.reason, decision.paths, decision.inputs)
    if decision.action is Action.NONE:
        if decision.reason is Reason.UNCHANGED and (decision.paths or decision.inputs):
            return "Its files are written; what differs reaches no service, so none is touched."
        if decision.reason is Reason.UNCHANGED:
            return "Nothing would be touched: what runs is what is asked for."
        if decision.reason is Reason.RENAMED:
            return _capital(decision.message)
        return f"Nothing would be touched: {why}."
    if decision.action is Action.REMOVE:
        return f"What its option `when_removed` says: {decision.message or why}."
    groups = _grouped(decision)
    done = ", ".join(f"{verb} {words.listed(names, 3)}" for verb, names in groups.items())
    return f"{_capital(done or 'bring up what does not run as it should')}: {why}."


def _grouped(decision: Decision) -> dict[str, list[str]]:
    """Services by what would be done to them."""
    groups: dict[str, list[str]] = {}
    for name, each in sorted(decision.services.items()):
        if each.action is not Action.NONE and name not in decision.removed:
            groups.setdefault(words.to_do(each.action), []).append(name)
    if decision.removed:
        groups["remove"] = list(decision.removed)
    return groups


def _touched(decision: Decision) -> Iterator[Touched]:
    for name, each in sorted(decision.services.items()):
        if each.action is not Action.NONE and name not in decision.removed:
            yield Touched(name, _action(each), each.paths)
    yield from (Touched(name, "removed") for name in decision.removed)


def _action(service: ServiceDecision) -> str:
    """As `tegu plan` says it."""
    return f"signal {service.signal}" if service.signal else str(service.action)


def _untouched(foretold: Foretold) -> str:
    decision, others = foretold.decision, foretold.others
    if not others or decision.action is Action.NONE:
        return ""
    names, verb = words.listed(others, 6), "stays as it is" if len(others) == 1 else "stay as they are"
    if decision.reason in _ALL_BROUGHT_UP or not decision.services:
        return f"{names} {verb}, and {'is' if len(others) == 1 else 'are'} started where not running."
    return f"{names} {verb}."


def _causes(decision: Decision) -> Iterator[str]:
    """What differs, but for the paths that are told of a service."""
    told = {path for each in decision.services.values() for path in each.paths}
    yield from (path for path in decision.paths if path not in told)
    yield from (f"{name} (outside Git)" for name in decision.inputs)
    yield from (f"network {name}" for name in decision.networks)
    yield from (f"volume {name}" for name in decision.volumes)


def _notes(foretold: Foretold) -> Iterator[str]:
    if foretold.under_way:
        yield "A deployment of it is under way; this would come after it, and may be another thing by then."
    if not foretold.sees_engine:
        yield "Its engine does not answer now, so this is without what runs there and without what may be in the way."
    if foretold.decision.message and foretold.decision.action not in {Action.NONE, Action.REMOVE}:
        yield foretold.decision.message


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
