"""What everybody is told of a deployment: its log and steps while it runs, then its record, hold and outcome.

A Redis that is away stops none of this but the last word, which is what the task is tried again for.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from workers.adapters.state.clock import now
from workers.adapters.state.deployed import Deployed
from workers.adapters.state.journal import KeptFields
from workers.adapters.state.past_deployment import EndedStep
from workers.adapters.state.results import StackResult
from workers.adapters.state.state import State
from workers.adapters.state.status import DecisionNote, DeploymentNote, StatusFields, stored_fields
from workers.deploy.ending import Ending
from workers.deploy.retry import Attempted, next_hold
from workers.deploy.telling import Telling
from workers.model.errors import RedisUnavailable, StaleHolder
from workers.model.messages import shortened
from workers.model.words import Decision, Outcome
from workers.runtime.logs import get_logger
from workers.runtime.masking import masked

log = get_logger(__name__)


class Ledger:
    """The telling of one deployment.

    Args:
        state: where it is told.
        stack: its id.
        fence: the number of the stack's lease.
        runs: those that wait for the stack.
        newest: the newest commit of its ref, where that is another than the one to deploy.
    """

    def __init__(self, state: State, stack: str, fence: int, runs: tuple[str, ...], newest: str | None = None) -> None:
        self._state = state
        self._stack = stack
        self._fence = fence
        self._runs = runs
        self._newest = newest
        self.seconds: dict[str, float] = {}
        self.deployment = ""
        self._told = Telling(lambda lines, steps: state.deployments.tell(self.deployment, lines, steps))

    def open(self, decision: Decision) -> str:
        """Make the deployment; its id."""
        run = self._runs[-1] if self._runs else None
        head = self._state.runs.head(run) if run else None
        trigger, who = (head.trigger, head.who) if head else (None, None)
        self.deployment = self._state.deployments.create(decision, run, trigger=trigger, who=who)
        return self.deployment

    def say(self, line: str) -> None:
        """Add a line to the log."""
        if self.deployment:
            self._told.say(masked(line).splitlines())

    def note_step(self, name: str, seconds: float) -> None:
        """Note a step that has ended."""
        self.seconds[name] = round(self.seconds.get(name, 0.0) + seconds, 3)
        if self.deployment:
            self._told.note(EndedStep(name, round(seconds, 3), now()))

    def catch_up(self) -> None:
        """Let everybody see what was said and done until now."""
        self._told.send()

    def record(self, record: Deployed, kept: KeptFields | None = None) -> None:
        """Write what is deployed: the journal first, since it is the host's own, then Redis.

        Args:
            record: for both.
            kept: fields of the journal alone.
        """
        status: StatusFields = {
            "deployed_commit": record.commit,
            "verified_commit": record.commit,
            "drift": None,
            "stopped": None,
            "removed": None,
        }
        self._write(record, status, {"removed": None, "stopped": None, **(kept or {})})

    def went_back(self, record: Deployed | None) -> None:
        """Write that the stack is back at what was deployed before.

        Args:
            record: that, with the containers it has now; None where nothing is recorded.
        """
        if record is None:
            self._state.journal.update(self._stack, intent=None, disturbed=None, volumes=None, networks=None)
        else:
            self._write(record, {"drift": None}, {"disturbed": None, "volumes": None, "networks": None})

    def _write(self, record: Deployed, status: StatusFields, kept: KeptFields) -> None:
        self._state.journal.update(self._stack, intent=None, record=record, fence=self._fence, **kept)
        try:
            self._state.records.put(self._stack, record, self._fence, **status)
        except (RedisUnavailable, StaleHolder) as error:
            log.warning("record stands in the journal only", stack=self._stack, error=str(error))

    def interrupt(self, message: str) -> None:
        """End a deployment that could not be carried out for now; its runs wait for the next one."""
        self.say(message)
        self.catch_up()
        with suppress(RedisUnavailable):
            self._state.deployments.finish(
                self.deployment, Outcome.FAILED, shortened(masked(message)), seconds=self.seconds
            )

    def close(self, ending: Ending, decision: Decision, fingerprint: str, *, asked: bool) -> None:
        """End the deployment and its part in every run.

        Args:
            ending: how it ended.
            decision: what was carried out.
            fingerprint: of the content.
            asked: whether somebody asked, which starts the counting of attempts anew.

        Raises:
            RedisUnavailable: when Redis is away; everything but the outcome of the runs is in the journal.
        """
        message = shortened(masked(ending.message))
        self.catch_up()
        self._hold(replace(ending, message=message), decision, fingerprint, asked=asked)
        self._state.deployments.finish(
            self.deployment,
            ending.outcome,
            message or None,
            seconds=self.seconds,
            fingerprint=fingerprint,
            ailing=ending.ailing,
        )
        run = self._runs[-1] if self._runs else None
        status = stored_fields(
            latest_commit=self._newest or decision.commit,
            last_decision=DecisionNote.of(decision, decision.commit, run, now()),
            last_deployment=DeploymentNote.of(self.deployment, decision, ending.outcome, now(), message),
        )
        result = StackResult.of(replace(decision, content=fingerprint), ending.outcome, self.deployment, message)
        self._state.runs.finish(self._runs, result, status)
        log.info(
            "deployment ended",
            stack=self._stack,
            outcome=ending.outcome.value,
            reason=decision.reason.value,
            seconds=round(sum(self.seconds.values()), 1),
            deployment=self.deployment,
            **({"message": message} if ending.outcome.bad else {}),
        )

    def _deployed(self, ending: Ending) -> str | None:
        """The fingerprint of what is deployed, where it makes a difference."""
        if not (ending.outcome is Outcome.CANCELLED or ending.stranded):
            return None
        record = self._state.records.get(self._stack)
        return record.fingerprint if record else None

    def _hold(self, ending: Ending, decision: Decision, fingerprint: str, *, asked: bool) -> None:
        """Hold what failed, and no longer what has succeeded."""
        before, deployed = self._state.holds.get(self._stack), self._deployed(ending)
        tried = Attempted(
            deployment=self.deployment,
            commit=decision.commit,
            fingerprint=fingerprint,
            is_newest=self._newest in {None, decision.commit},
            is_deployed=deployed == fingerprint,
            asked=asked,
            deployed=deployed,
        )
        after = next_hold(before, tried, ending, datetime.now(UTC))
        if after is not None and after != before:
            self._state.holds.hold(self._stack, after)
        elif after is None and before is not None:
            self._state.holds.release(self._stack)
