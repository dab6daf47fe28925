"""How a stack's services stand, and why they do not run, in sentences that `tegu status` and `tegu explain` share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def running(row: Mapping[str, Any]) -> str:
    """The services that run and are well, of those that ought to: `2/2`; nothing where there are none."""
    counted = row["running"]
    if not counted["of"]:
        return ""
    unknown = any(each["state"] == "unknown" for each in row["services"].values())
    return f"{'?' if unknown else counted['well']}/{counted['of']}"


def stopped(row: Mapping[str, Any]) -> str:
    """How it is known that somebody has stopped a stack; nothing of one that nobody has."""
    stop = row.get("stopped")
    if not stop:
        return ""
    return f"stopped by hand: `{stop['how']}` seen at {stop['at']}" if stop.get("how") else "stopped by hand"


def service_line(name: str, service: Mapping[str, Any]) -> str:
    """One service: `web: exited since … (ended by itself with exit code 1)`."""
    health = f", {service['health']}" if service["health"] else ""
    since = f" since {service['since']}" if service["since"] else ""
    why = f" ({service['why']})" if service.get("why") else ""
    return f"{name}: {service['state']}{health}{since}{why}"


def unwell(row: Mapping[str, Any]) -> str:
    """What is the matter with a stack's services: as they stand now, and as the last look found them to differ."""
    drift = dict(row["drift"] or {})
    ill = {
        name: service_line(name, each)
        for name, each in row["services"].items()
        if (each["state"], each["health"]) not in {("running", None), ("running", "healthy")}
        and (name in drift or each["state"] != "exited" or each.get("why", "").startswith("stopped"))
    }
    said = {name: f"{name}: {str(word).replace('_', ' ')}" for name, word in drift.items()}
    return "; ".join((said | ill).values())
