"""Decisions as people read them: cells of a table, Markdown for a pull request, an explanation in lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.cli.how_it_stands import service_line, stopped
from app.cli.output import short

_SHOWN_PATHS = 5


def cells(row: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    """A decision as cells of a table."""
    services = ", ".join(f"{name}: {_service(service)}" for name, service in row["services"].items())
    return row["stack"], row["action"], row["reason"], services, _because(row)


def _service(service: Mapping[str, Any]) -> str:
    signal = service.get("signal")
    return f"signal {signal}" if signal else str(service["action"])


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


def explanation(found: Mapping[str, Any]) -> str:
    """Everything about a stack, in lines."""
    return "\n".join(_explained(found))


def _explained(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"{found['stack']}: {found['status']}"
    if found["path"] is None:
        yield f"  cannot be a stack: {found['why']}"
        yield f"  found in repo {found['repo']} at {found['ref']}"
    else:
        yield f"  {found['path'] or '.'} of repo {found['repo']} at {found['ref']}, project {found['project']}"
    yield f"  worker {found['worker']}, {found['docker_host']}"
    if found["options"]:
        yield f"  options set: {', '.join(found['options'])}"
    deployed, newest = short(found["deployed_commit"]), short(found["latest_commit"])
    yield f"  deployed {deployed or 'nothing'}, newest {newest or 'unknown'}"
    yield from _standing(found)
    yield from _decided(found["last_decision"])
    if found.get("renamed_from"):
        yield f"  goes on with what was {found['renamed_from']}"
    for mark in ("removed", "paused", "held", "pinned"):
        if found.get(mark):
            yield f"{mark}: " + ", ".join(f"{key} {value}" for key, value in found[mark].items() if value)
    yield from _closure(found.get("closure") or {})


def _standing(found: Mapping[str, Any]) -> Iterator[str]:
    if said := stopped(found):
        yield f"  {said}"
    for name, service in found["services"].items():
        yield f"  {service_line(name, service)}"


def _decided(decision: Mapping[str, Any] | None) -> Iterator[str]:
    if not decision:
        yield "no decision yet"
        return
    yield f"last decision at {decision.get('at')}: {decision.get('action')} because {decision.get('reason')}"
    if decision.get("message"):
        yield f"  {decision['message']}"
    objects = decision.get("objects") or {}
    for path in decision.get("paths", ()):
        ids = objects.get(path) or {}
        yield f"  {path} differs: {_object(ids.get('old'))} before, {_object(ids.get('new'))} after"
    for name in decision.get("inputs", ()):
        yield f"  {name} differs (outside Git; its value is not kept)"
    for name, service in sorted(decision.get("services", {}).items()):
        yield f"  {name}: {service['action']} because of {', '.join(service['paths']) or 'its definition'}"


def _object(oid: str | None) -> str:
    return short(oid) or "(absent)"


def _closure(closure: Mapping[str, Any]) -> Iterator[str]:
    if not closure:
        return
    yield "what is deployed is made of"
    for path, oid in closure["paths"].items():
        yield f"  {path} {_object(oid)}"
    for path in closure["outside"]:
        yield f"  {path} (outside Git)"
    for path in closure["host_paths"]:
        yield f"  {path} (mounted from outside the repository; its content is not compared)"
    for name in closure["inputs"]:
        yield f"  {name}"
    if closure["unset"]:
        yield f"  used without a value: {', '.join(closure['unset'])}"
