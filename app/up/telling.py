"""What of all that programs log people want to read: one line for one thing that happened, in the contract's words.

    20:01:29  homelab   webhook  github  queued
    20:01:30  authelia  deployed  content changed  6.1 s

Lines of Tegu's own are objects here, whatever form they are printed in. What Celery, gunicorn and Redis say of
themselves is left out, but not what went wrong with them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from workers.model.messages import visible

_OWN = ("app.", "workers.")
_TROUBLE = re.compile(r"warning|error|fatal|fail|critical|cannot|can't|out of memory", re.IGNORECASE)
_CELERY_SAYS = ("worker: ", "beat: ")
_GRAVE = ("warning", "error", "critical")
# Fields that say for programs what the line says otherwise.
_UNSAID = frozenset(
    {"event", "level", "logger", "timestamp", "process", "exception", "stack", "repo", "task", "request"}
)


@dataclass(frozen=True, slots=True)
class Told:
    """One line for people.

    Attributes:
        at: when.
        subject: whom it is about: a stack, a repo, or the program that says it.
        text: what.
        level: `info`, `warning`, `error` or `critical`.
        more: lines that belong to it, a traceback for example.
    """

    at: datetime
    subject: str
    text: str
    level: str = "info"
    more: tuple[str, ...] = ()


def tell(process: str, fields: Mapping[str, Any], *, verbose: bool) -> Told | None:
    """What to print of a line that is an object; None: nothing.

    Args:
        process: which program has written it.
        fields: as `workers.runtime.logs` writes them.
        verbose: whether nothing is left out.
    """
    event, level = str(fields.get("event", "")), str(fields.get("level", "info"))
    is_own = str(fields.get("logger", "")).startswith(_OWN)
    say = _SAYING.get(event) if is_own else None
    text = (say or _as_it_is)(fields)
    if not verbose and level not in _GRAVE and (not is_own or text is None):
        return None
    subject = _subject(fields) or process
    first, *rest = f"{text or _as_it_is(fields)}\n{fields.get('exception') or ''}".strip().splitlines() or [""]
    return Told(_at(fields), subject, visible(first), level, tuple(visible(each) for each in rest if each.strip()))


def tell_line(process: str, line: str, now: datetime, *, verbose: bool) -> Told | None:
    """What to print of a line that is none: Redis writes those, and whatever ends before it can log."""
    is_trouble = bool(_TROUBLE.search(line)) if process == "redis" else not line.startswith(_CELERY_SAYS)
    return Told(now, process, visible(line.rstrip())) if is_trouble or verbose else None


def _deployment(fields: Mapping[str, Any]) -> str | None:
    parts = [_words(fields.get("outcome")), _words(fields.get("reason"))]
    if (seconds := fields.get("seconds")) is not None:
        parts.append(f"{seconds:.1f} s")
    parts.append(str(fields.get("message") or ""))
    return "  ".join(filter(None, parts))


def _pull(fields: Mapping[str, Any]) -> str | None:
    """A pull that found nothing new is no thing that happened."""
    counts = [f"{fields[name]} {name}" for name in ("changed", "gone", "invalid") if fields.get(name)]
    if not counts:
        return None
    counts.append(f"{fields.get('unchanged', 0)} unchanged")
    return f"pulled  {str(fields.get('commit', ''))[:12]}  {', '.join(counts)}"


def _reconciliation(fields: Mapping[str, Any]) -> str | None:
    counts = [f"{fields[name]} {name}" for name in ("restored", "published", "healing", "gone") if fields.get(name)]
    return f"reconciled  {', '.join(counts)}" if counts else None


def _webhook(fields: Mapping[str, Any]) -> str | None:
    return f"webhook  {fields.get('forge')}  {_words(fields.get('result'))}"


_SAYING: Mapping[str, Callable[[Mapping[str, Any]], str | None]] = {
    "deployment ended": _deployment,
    "pulled": _pull,
    "reconciled": _reconciliation,
    "webhook": _webhook,
}


def _as_it_is(fields: Mapping[str, Any]) -> str:
    rest = [f"{name}={value}" for name, value in fields.items() if name not in _UNSAID]
    return "  ".join([str(fields.get("event", "")), *rest])


def _subject(fields: Mapping[str, Any]) -> str:
    """A stack's name, without the environment that there is where nobody has named any; or a repo's."""
    return str(fields.get("stack") or fields.get("repo") or "").removeprefix("default/")


def _at(fields: Mapping[str, Any]) -> datetime:
    try:
        return datetime.fromisoformat(str(fields["timestamp"]))
    except (KeyError, ValueError):
        return datetime.now(UTC)


def _words(name: object) -> str:
    return str(name or "").replace("_", " ")
