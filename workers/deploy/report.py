"""What everybody is told of a deployment: its log and steps while it runs, then its record, hold and outcome.

A Redis that is away stops none of this but the last word, which is what the task is tried again for.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from workers.adapters.state.clock import now
from workers.adapters.state.fast_path import decision_fields
from workers.adapters.state.results import StackResult
from workers.adapters.state.state import State
from workers.deploy.ending import Ending
from workers.deploy.gate import RETRY_MINUTES, held
from workers.model.errors import RedisUnavailable, StaleHolder
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
            with suppress(RedisUnavailable):
                self._state.deployments.append_log(self.deployment, *masked(line).splitlines())

    def note_step(self, name: str, seconds: float) -> None:
        """Note a step that has ended."""
        self.seconds[name] = round(self.seconds.get(name, 0.0) + seconds, 3)
        if self.deployment:
            with suppress(RedisUnavailable):
                self._state.deployments.add_step(self.deployment, name, seconds)

    def record(self, record: Mapping[str, Any], **kept: object) -> None:
        """Write what is deployed: the journal first, since it is the host's own, then Redis.

        Args:
            record: for both.
            kept: fields of the journal alone.
        """
        commit = record["commit"]
        status = {"deployed_commit": commit, "verified_commit": commit, "drift": None, "stopped": None, "removed": None}
        self._write(record, status, {"status": None, **kept})

    def went_back(self, record: Mapping[str, Any] | None) -> None:
        """Write that the stack is back at what was deployed before.

        Args:
            record: that, with the containers it has now; None where nothing is recorded.
        """
        if record is None:
            self._state.journal.update(self._stack, intent=None, disturbed=None, volumes=None, networks=None)
        else:
            self._write(record, {"drift": None}, {"disturbed": None, "volumes": None, "networks": None})

    def _write(self, record: Mapping[str, Any], status: Mapping[str, object], kept: Mapping[str, object]) -> None:
        known = {"intent": None, **kept, "record": dict(record), "fence": self._fence}
        self._state.journal.update(self._stack, **known)
        try:
            self._state.records.put(self._stack, record, self._fence, **status)
        except (RedisUnavailable, StaleHolder) as error:
            log.warning("record stands in the journal only", stack=self._stack, error=str(error))

    def interrupt(self, message: str) -> None:
        """End a deployment that could not be carried out for now; its runs wait for the next one."""
        self.say(message)
        with suppress(RedisUnavailable):
            self._state.deployments.finish(self.deployment, Outcome.FAILED, masked(message), seconds=self.seconds)

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
        message = masked(ending.message)
        self._hold(ending, decision, fingerprint, asked=asked)
        self._state.deployments.finish(
            self.deployment, ending.outcome, message or None, seconds=self.seconds, fingerprint=fingerprint
        )
        last = {"id": self.deployment, "outcome": ending.outcome, "commit": decision.commit, "at": now()}
        status: dict[str, object] = {
            "latest_commit": self._newest or decision.commit,
            "last_decision": decision_fields(decision, decision.commit, self._runs[-1] if self._runs else None),
            "last_deployment": last | ({"message": message} if message else {}),
        }
        result = StackResult.of(decision, ending.outcome, self.deployment, message)
        self._state.runs.finish(self._runs, result, status)
        log.info("deployment ended", stack=self._stack, outcome=ending.outcome.value, deployment=self.deployment)

    def _is_deployed(self, fingerprint: str) -> bool:
        record = self._state.records.get(self._stack)
        return record is not None and record.get("fingerprint") == fingerprint

    def _hold(self, ending: Ending, decision: Decision, fingerprint: str, *, asked: bool) -> None:
        """Hold what failed, until content or options change, somebody asks, or its time has come."""
        before = self._state.holds.get(self._stack)
        is_newest = self._newest in {None, decision.commit}
        if ending.hold:
            if ending.outcome is Outcome.CANCELLED and self._is_deployed(fingerprint):
                return  # what was cancelled is a repetition; what runs is what should
            failed = self._failed(ending, decision, fingerprint, None if asked else held(before, fingerprint))
            # What is newest stays held when something older fails, too.
            beside = before is not None and not is_newest and before["fingerprint"] != fingerprint
            self._state.holds.hold(self._stack, **({**(before or {}), "beside": failed} if beside else failed))
        elif before is not None and ending.outcome is Outcome.DEPLOYED:
            if is_newest or before["fingerprint"] == fingerprint:
                self._state.holds.release(self._stack)
            elif held(before, fingerprint):
                self._state.holds.hold(self._stack, **{**before, "beside": None})

    def _failed(
        self, ending: Ending, decision: Decision, fingerprint: str, before: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """What is held of content that failed, maybe not for the first time."""
        attempts = 1 + int((before or {}).get("attempts") or 0)
        minutes = RETRY_MINUTES[min(attempts, len(RETRY_MINUTES)) - 1]
        return {
            "fingerprint": fingerprint,
            "why": masked(ending.message),
            "commit": decision.commit,
            "deployment": self.deployment,
            "outcome": ending.outcome,
            "attempts": attempts,
            "invalid": ending.outcome is Outcome.INVALID,
            "retry_at": now(timedelta(minutes=minutes)) if ending.again else None,
            "at": now(),
        }
