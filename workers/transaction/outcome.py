"""How a deployment ended."""

from __future__ import annotations

from dataclasses import dataclass

from workers.model import Outcome, Reason


@dataclass(frozen=True, slots=True)
class Ending:
    """How a deployment ended.

    Attributes:
        reason: replaces the decision's when the deployment found out better.
        message: for people; empty when all is well.
        again: whether the same content is to be tried again after a while.
        hold: whether its fingerprint is held at all.
    """

    outcome: Outcome
    reason: Reason | None = None
    message: str = ""
    again: bool = False
    hold: bool = False
