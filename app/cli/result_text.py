"""What became of stacks in a run, and of the run, in the words of the pages."""

from __future__ import annotations

from collections.abc import Iterator

from app.cli.naming import Names
from app.cli.output import short, tinted
from app.pages import words
from workers.adapters.state.results import StackResult
from workers.adapters.state.run import Run
from workers.adapters.state.summary import summary, word_of
from workers.model.messages import visible
from workers.model.words import Action, Outcome, RunStatus


def result_lines(result: StackResult, names: Names) -> Iterator[str]:
    """What became of a stack: `authelia  deployed  restarted: its files changed, df29459802`, and why below it."""
    word = word_of(result) if result.still or not result.outcome else words.OUTCOME[result.outcome][1]
    yield "  ".join(filter(None, (names(result.stack), tinted(word), _did(result))))
    for line in result.message.splitlines():
        yield f"    {visible(names.within(line))}"
    if result.deployment and result.outcome in {Outcome.FAILED, Outcome.ROLLED_BACK}:
        yield f"    `tegu log {result.deployment}` shows what happened"


def _did(result: StackResult) -> str:
    why = words.why(result.reason)
    if result.outcome is Outcome.DEPLOYED and result.action not in {None, Action.NONE}:
        why = f"{words.done(result.action)}: {why}" if why else words.done(result.action)
    return ", ".join(filter(None, (why, short(result.commit))))


def run_sentence(run: Run, names: Names) -> str:
    """How a run has ended, as a sentence: what came of it, its pulls that failed, and where more is to be seen."""
    if not run.status.ended:
        return f"Run {run.id} is {run.status}; `tegu log {run.id} -f` shows how it goes on."
    problems = [f"{worker}: {error}" if len(run.pulls) > 1 else error for worker, error in run.pull_errors.items()]
    if not problems and run.error:
        problems = [run.error]  # a pull's is the run's, too
    said = summary(run.stacks.values(), run.started_at, run.finished_at) if run.stacks or not problems else ""
    word = tinted("failed", "Failed") if run.status is RunStatus.FAILED else tinted("succeeded", "Done")
    parts = "; ".join(filter(None, [*(visible(names.within(each)) for each in problems), said]))
    return f"{word}: {parts} (run {run.id})."
