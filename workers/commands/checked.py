"""What `tegu doctor` has to say of one thing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing that was looked at.

    `status` is `ok`, `warning`, `failed`, or `unreachable` for a service that does not answer; `mend` says what to do.
    """

    name: str
    status: str
    found: str
    mend: str = ""
