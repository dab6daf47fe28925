"""A deployment's log on its page: the end of it, or the lines that somebody looks for."""

from __future__ import annotations

from dataclasses import dataclass

from workers.adapters.state.deployments import Deployments

_SHOWN = 500
_BATCH = 2000
_LONGEST_SEARCH = 100


@dataclass(frozen=True, slots=True)
class LogView:
    """Lines of a log.

    Attributes:
        lines: those that are shown, in their order.
        older: how many are before them; where something is looked for, how many of those that have it.
        search: what is looked for; empty for nothing.
        count: of all lines.
    """

    lines: tuple[str, ...]
    older: int
    search: str
    count: int


def read_log(deployments: Deployments, identifier: str, wanted: str) -> LogView:
    """Read the end of a deployment's log.

    Args:
        deployments: where it is.
        identifier: the deployment.
        wanted: what lines have to hold, in capitals or not; empty for all of them.
    """
    search = wanted.strip()[:_LONGEST_SEARCH]
    if not search:
        lines, older = deployments.last_lines(identifier, _SHOWN)
        return LogView(tuple(lines), older, "", older + len(lines))
    found, count, after = list[str](), 0, "0"
    while batch := deployments.read_log(identifier, after, count=_BATCH):
        count, after = count + len(batch), batch[-1][0]
        found += [line for _, line in batch if search.lower() in line.lower()]
    return LogView(tuple(found[-_SHOWN:]), max(0, len(found) - _SHOWN), search, count)
