"""What a command of Compose failed for, out of all that it printed: the error, not how far everything had come. Pure.

Compose writes progress to the same stream. Its lines begin with a blank (` Container web-1  Starting`), those of a
build with `#` and a number; an error begins a line, and comes last (seen with Compose 2.26.1 and 5.6.1). Where a build
fails, what its step said stands between two lines of dashes before that.
"""

from __future__ import annotations

import re

_DASHES = "------"
_BUILDS = re.compile(r"#\d+ ")
_WARNS = re.compile(r'^time="[^"]*" level=warning ')
# ` web Error Get "https://…": no such host` up to 2.40, ` Image busybox Error Get …` since 5.
_FAILED = re.compile(r"^ (?:Image )?(\S+?) Error (?!context canceled)(\S.*)$")
_MOST = 5  # lines of errors; one is usual
_MOST_OF_STEP = 20  # lines of a step of a build


def gist(output: str) -> str:
    """What a command failed for; all of its output where nothing looks like an error.

    Args:
        output: both streams, or the one with errors.

    Returns:
        First the error, then what a failed step of a build said.
    """
    lines = [line.rstrip() for line in output.splitlines()]
    step = _step(lines)
    errors = [line for line in lines if _is_error(line) and line not in step]
    said = [*dict.fromkeys(errors)][-_MOST:]
    return "\n".join([*said, *step]) if said else output.strip()


def gist_of_pull(output: str) -> str:
    """The same for a pull, with a line `NAME: why` for each service (up to Compose 2.40) or image that failed."""
    failed = {found[1]: found[2] for line in output.splitlines() if (found := _FAILED.match(line.rstrip()))}
    return "\n".join([gist(output), *(f"{name}: {why}" for name, why in failed.items())])


def _is_error(line: str) -> bool:
    is_progress = line.startswith((" ", "\t", _DASHES)) or _BUILDS.match(line) or _WARNS.match(line)
    return bool(line) and not is_progress


def _step(lines: list[str]) -> list[str]:
    """What the step of a build said that failed."""
    places = [place for place, line in enumerate(lines) if line == _DASHES]
    if len(places) < 2:  # noqa: PLR2004 (the line before, and the one after)
        return []
    return [line.strip() for line in lines[places[-2] + 1 : places[-1]] if line.strip()][-_MOST_OF_STEP:]
