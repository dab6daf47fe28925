"""What it means that a deployment did not come to its switch: nothing was touched."""

from __future__ import annotations

from workers.deploy.containers.obstacles import Obstructed
from workers.deploy.ending import Ending
from workers.deploy.transaction.images import Lacking
from workers.deploy.transaction.moved_data import MovedData
from workers.deploy.transaction.prepare import OwnProject
from workers.model.errors import BlockedStack, Cancelled, CommandFailed, InvalidStack
from workers.model.words import Outcome, Reason

PASSING = (CommandFailed, Lacking, Obstructed, OSError)
"""What may go better after a while."""

REFUSALS = (Cancelled, BlockedStack, InvalidStack, *PASSING)
"""Everything that ends a deployment before its switch."""

_CANCELLED = Ending(Outcome.CANCELLED, message="cancelled before anything was touched", hold=True)


def refusal(error: Exception, *, is_stopped: bool) -> Ending:
    """The ending of a deployment that did not come to its switch.

    Args:
        error: why; one of `REFUSALS`.
        is_stopped: whether somebody has cancelled it: a command that fails then was ended for that.
    """
    match error:
        case Cancelled():
            return _CANCELLED
        case OwnProject():
            return Ending(Outcome.SKIPPED, Reason.SELF, str(error))
        case MovedData():
            return Ending(Outcome.BLOCKED, Reason.MOVED, str(error))
        case BlockedStack():
            return Ending(Outcome.BLOCKED, Reason.BLOCKED, str(error))
        case InvalidStack():
            return Ending(Outcome.INVALID, Reason.INVALID, str(error), hold=True)
        case Obstructed():
            return Ending(Outcome.FAILED, Reason.OBSTRUCTED, str(error), hold=True, again=True)
        case _:
            return _CANCELLED if is_stopped else Ending(Outcome.FAILED, message=str(error), hold=True, again=True)
