"""Plans as people read them: a table of what would be done, or Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.cli.naming import Names
from app.cli.output import plural, short
from app.pages import words
from workers.model.words import Action, Reason

_SHOWN_PATHS = 5
_NO_GOOD = (Reason.INVALID, Reason.BLOCKED)


def is_quiet(row: Mapping[str, Any]) -> bool:
    """Whether a decision is to do nothing, and there is nothing to say of it."""
    return bool(row["action"] == Action.NONE and row["reason"] == Reason.UNCHANGED)


def told(row: Mapping[str, Any], names: Names) -> tuple[str, str, str]:
    """A decision for whoever reads it: the stack, what would be done, and why."""
    because = names.within(_because(row))
    if row["reason"] in _NO_GOOD and because:
        return names(row["stack"]), str(row["reason"]), because
    why = words.why(Reason(row["reason"]))
    return names(row["stack"]), _to_do(row), f"{why}: {because}" if because else why


def _to_do(row: Mapping[str, Any]) -> str:
    """What would be done: `restart web, recreate db`."""
    services: dict[str, list[str]] = {}
    for name, service in row["services"].items():
        if service["action"] != Action.NONE:
            services.setdefault(_service(service, words.to_do), []).append(name)
    done = [f"{word} {words.listed(found)}" for word, found in services.items()]
    if row["action"] == Action.REMOVE:
        return "let go"  # how, `when_removed` says
    return ", ".join(done) or words.to_do(Action(row["action"]))


def plan_sentence(rows: Sequence[Mapping[str, Any]]) -> str:
    """What a plan comes to."""
    acted = sum(row["action"] != Action.NONE for row in rows)
    waits, quiet = sum(not is_quiet(row) for row in rows) - acted, sum(map(is_quiet, rows))
    if not rows:
        return "There is no stack."
    if quiet == len(rows):
        return f"Nothing would be done: {plural(quiet, 'stack needs', 'stacks need')} nothing."
    parts = [f"{plural(acted, 'stack')} would change" if acted else "Nothing would change"]
    parts += [f"{waits} would be left alone"] if waits else []
    parts += [f"{quiet} {'needs' if quiet == 1 else 'need'} nothing"] if quiet else []
    return f"{', '.join(parts)}."


def cells(row: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    """A decision as cells of a table of Markdown."""
    services = ", ".join(f"{name}: {_service(service)}" for name, service in row["services"].items())
    return row["stack"], row["action"], row["reason"], services, _because(row)


def _service(service: Mapping[str, Any], called: Callable[[Action], str] = str) -> str:
    signal = service.get("signal")
    return f"signal {signal}" if signal else called(Action(service["action"]))


def _because(row: Mapping[str, Any]) -> str:
    objects = row.get("objects") or {}
    paths = (_moved(path, objects[path]) if path in objects else path for path in row["paths"])
    causes = [*paths, *row.get("inputs", ()), *(f"{name} removed" for name in row.get("removed", ()))]
    more = len(causes) - _SHOWN_PATHS
    shown = ", ".join(causes[:_SHOWN_PATHS]) + (f" and {more} more" if more > 0 else "")
    return str(row.get("message") or shown)


def _moved(path: str, ids: Mapping[str, str | None]) -> str:
    return f"{path} ({short(ids['old']) or 'absent'} to {short(ids['new']) or 'absent'})"


def markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """A table for a comment on a pull request: what changes, and how many stacks do not."""
    changed = [row for row in rows if row["action"] != "none" or row["reason"] != "unchanged"]
    quiet = len(rows) - len(changed)
    lines = [f"**Tegu**: {len(changed)} of {len(rows)} stacks would change."]
    if changed:
        lines += ["", "| stack | action | reason | services | because of |", "|---|---|---|---|---|"]
        lines += ["| " + " | ".join(_escaped(cell) for cell in cells(row)) + " |" for row in changed]
    if quiet and changed:
        lines += ["", f"{quiet} left alone."]
    return "\n".join(lines)


def _escaped(text: str) -> str:
    """Text that a table of Markdown shows as it is; paths may hold anything."""
    kept = text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;").replace("@", "&#64;")
    return kept.replace("`", "'").replace("*", "\\*").replace("_", "\\_").replace("[", "\\[")
