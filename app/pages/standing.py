"""How all stacks stand, in the one sentence with which pages and command line begin and end. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from app.pages import words
from app.pages.stack_line import StackLine
from app.pages.words import Tone
from workers.model.words import StackStatus

_SEVERITY = (Tone.BAD, Tone.WARN, Tone.BUSY, Tone.QUIET, Tone.GOOD)


def standing(living: Sequence[StackLine], *, in_trouble: bool = False) -> tuple[Tone, str]:
    """The sentence, `38 of 40 stacks run the newest commit. 1 rolled back, 1 waits.`, and its colour, of the worst.

    Args:
        living: the stacks that are not gone.
        in_trouble: whether Tegu itself is.
    """
    if not living:
        return (Tone.BAD, "Nothing can be deployed now.") if in_trouble else (Tone.QUIET, "There is no stack yet.")
    newest, count = sum(line.is_newest for line in living), len(living)
    said = f"{newest} of {count} stacks run the newest commit."
    if count == 1:
        said = f"The only stack {'runs' if newest else 'does not run'} the newest commit."
    elif newest == count:
        said = f"All {count} stacks run the newest commit."
    counts: Counter[StackStatus] = Counter(line.status for line in living)
    others = [
        f"{counts[status]} {_counted(status, counts[status])}"
        for status in words.STATUS
        if counts[status] and status is not StackStatus.DEPLOYED
    ]
    worst = Tone.BAD if in_trouble else min((line.tone for line in living), key=_SEVERITY.index)
    return worst, f"{said} {', '.join(others)}." if others else said


def _counted(status: StackStatus, count: int) -> str:
    return "wait" if status is StackStatus.PENDING and count > 1 else words.STATUS[status][1]
