"""What would come of an order, as it is said."""

from __future__ import annotations

import pytest

from app.pages.prospect import prospect, sentence
from workers.adapters.state.answers import Foretold
from workers.model.words import Action, Decision, Reason, ServiceDecision

STACK = "production/mail"
UP, RESTART = ServiceDecision(Action.UP, ("mail/compose.yaml",)), ServiceDecision(Action.RESTART, ("mail/a", "mail/b"))


def decision(action: Action, reason: Reason, **more: object) -> Decision:
    return Decision(STACK, action, reason, "c" * 40, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            decision(
                Action.UP, Reason.CONTENT_CHANGED, paths=("mail/compose.yaml",), services={"web": UP, "db": RESTART}
            ),
            "Restart db, bring up web: compose.yaml changed.",
        ),
        (
            decision(Action.UP, Reason.CONTENT_CHANGED, paths=("x",), services={"old": UP}, removed=("old",)),
            "Remove old: x changed.",
        ),
        (
            decision(Action.UP, Reason.RETRIED),
            "Bring up what does not run as it should: tried again.",
        ),
        (
            decision(Action.NONE, Reason.UNCHANGED),
            "Nothing would be touched: what runs is what is asked for.",
        ),
        (
            decision(Action.NONE, Reason.UNCHANGED, paths=("mail/README.md",)),
            "Its files are written; what differs reaches no service, so none is touched.",
        ),
        (decision(Action.NONE, Reason.STOPPED), "Nothing would be touched: somebody has stopped it."),
        (
            decision(Action.REMOVE, Reason.REMOVED, message="mail is gone from homelab"),
            "What its option `when_removed` says: mail is gone from homelab.",
        ),
        (decision(Action.NONE, Reason.RENAMED, message="x goes on as y"), "X goes on as y"),
    ],
)
def test_what_would_be_done_is_a_sentence(found: Decision, said: str) -> None:
    assert sentence(found) == said


@pytest.mark.parametrize(
    ("reason", "action", "ways"),
    [
        (Reason.PAUSED, Action.NONE, ["Resume"]),
        (Reason.PINNED, Action.NONE, ["Resume"]),
        (Reason.MOVED, Action.UP, ["Decide about its data"]),
        (Reason.OBSTRUCTED, Action.UP, []),
        (Reason.BLOCKED, Action.UP, []),
        (Reason.INVALID, Action.NONE, []),
        (Reason.SELF, Action.NONE, []),
    ],
)
def test_what_is_in_the_way_is_told_with_what_helps(reason: Reason, action: Action, ways: list[str]) -> None:
    found = prospect(Foretold(decision(action, reason, message="port 80 is taken"), None), STACK)
    assert found.obstacle == "port 80 is taken"
    assert [each.label for each in found.ways] == ways
    assert prospect(Foretold(decision(action, reason), None), STACK).obstacle


def test_what_differs_besides_and_what_stays_is_told() -> None:
    changed = decision(
        Action.UP,
        Reason.ROLLBACK,
        paths=("mail/compose.yaml", "mail/README.md"),
        services={"web": UP, "sig": ServiceDecision(Action.SIGNAL, (), "HUP")},
        inputs=("variable:DOMAIN",),
        networks=("front",),
        volumes=("data",),
        removed=("old",),
    )
    found = prospect(Foretold(changed, "d" * 40, ("db", "cache"), under_way=True), STACK)
    assert [(each.service, each.action) for each in found.touched] == [
        ("sig", "signal HUP"),
        ("web", "up"),
        ("old", "removed"),
    ]
    assert found.causes == ("mail/README.md", "variable:DOMAIN (outside Git)", "network front", "volume data")
    assert found.untouched == "db and cache stay as they are, and are started where not running."
    assert "under way" in found.notes[0]
    assert found.plan == ("up", "rollback")
