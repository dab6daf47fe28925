"""A deployment from its stage to its record, or back: the steps in their order, and what each failure means."""

from __future__ import annotations

from workers.adapters.state.journal import Journal
from workers.changes.tree import Tree
from workers.deploy.containers.health import failures
from workers.deploy.containers.names import NameTaken
from workers.deploy.containers.networks import Lacking
from workers.deploy.containers.ports import PortTaken
from workers.deploy.containers.running import Running
from workers.deploy.ending import Ending
from workers.deploy.files.layout import remove_tree
from workers.deploy.transaction.apply import Unhealthy, apply
from workers.deploy.transaction.attempt import Attempt
from workers.deploy.transaction.commit import put_tags_back, switch
from workers.deploy.transaction.intent import Intent
from workers.deploy.transaction.moved_data import MovedData
from workers.deploy.transaction.prepare import Missing, OwnProject, prepare
from workers.model.errors import (
    BlockedStack,
    Cancelled,
    CommandFailed,
    EngineUnavailable,
    InvalidStack,
    TeguError,
    TransientError,
)
from workers.model.words import Outcome, Reason
from workers.runtime.logs import get_logger

log = get_logger(__name__)

_CANCELLED = Ending(Outcome.CANCELLED, message="cancelled before anything was touched", hold=True)


def begin(attempt: Attempt, tree: Tree, missing: Missing, journal: Journal) -> Intent | Ending:
    """Everything up to and with the switch; an ending when it did not come to that, and nothing was touched.

    Raises:
        TransientError: when something is away that will be back.
    """
    try:
        prepare(attempt, tree, missing)
        return switch(attempt, journal)
    except Cancelled:
        return _untouched(attempt, _CANCELLED)
    except OwnProject as error:
        return _untouched(attempt, Ending(Outcome.SKIPPED, Reason.SELF, str(error)))
    except MovedData as error:
        return _untouched(attempt, Ending(Outcome.BLOCKED, Reason.MOVED, str(error)))
    except BlockedStack as error:
        return _untouched(attempt, Ending(Outcome.BLOCKED, Reason.BLOCKED, str(error)))
    except InvalidStack as error:
        return _untouched(attempt, Ending(Outcome.INVALID, Reason.INVALID, str(error), hold=True))
    except (CommandFailed, Lacking, NameTaken, PortTaken, OSError) as error:
        if attempt.tools.stop.is_set():  # it was ended for that
            return _untouched(attempt, _CANCELLED)
        return _untouched(attempt, Ending(Outcome.FAILED, message=str(error), hold=True, again=True))
    except TransientError:
        _untouched(attempt, Ending(Outcome.FAILED))
        raise


def _untouched(attempt: Attempt, ending: Ending) -> Ending:
    """Put tags back that a staged build has moved, and drop the stage."""
    put_tags_back(attempt.tools.engine, attempt.images)
    remove_tree(attempt.folders.stage)
    return ending


def resume(attempt: Attempt, intent: Intent) -> Intent:
    """Go on with an attempt whose files are in place: what it has done already is not done again.

    Raises:
        InvalidStack: when Compose refuses the live files, which it did not before.
    """
    tools = attempt.tools
    tools.say(f"going on with deployment {intent.deployment}, which was interrupted")
    model, _ = tools.compose.config(attempt.project, pass_fds=(tools.lock,))
    attempt.note(model)
    attempt.operations = intent.operations
    attempt.look(Running.now(tools.engine, attempt.stack.project))
    attempt.starts, attempt.resting, attempt.networks = set(intent.starts), set(intent.resting), set(intent.networks)
    attempt.images, attempt.volumes = dict(intent.images), intent.volumes
    attempt.applied = True
    return intent


def go_on(attempt: Attempt) -> str | None:
    """Everything after the switch; what went wrong, or None.

    Raises:
        EngineUnavailable: the engine is away, so there is neither a way forward nor one back for now.
    """
    try:
        apply(attempt)
    except EngineUnavailable:
        raise
    except (TeguError, OSError) as error:
        problem = _told(attempt, error)
        attempt.tools.say(problem)
        return problem
    return None


def _told(attempt: Attempt, error: Exception) -> str:
    """What went wrong. Compose says that a container has failed but not why, so its last words are added."""
    if not isinstance(error, CommandFailed) or isinstance(error, Unhealthy) or not attempt.applied:
        return str(error)
    tools = attempt.tools
    found = failures(tools.engine, attempt.stack.project, attempt.starts, attempt.before.details)
    return str(error) if found.good else f"{error}\n{found}"
