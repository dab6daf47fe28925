"""A container that was not well at the end of a deployment, as it is remembered apart from the log of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from workers.model.messages import shortened

MOST_AILING = 5
"""So many of one deployment are remembered."""
LONGEST_LOG = 4000
LONGEST_CHECK = 500
"""Characters."""


@dataclass(frozen=True, slots=True)
class Ailing:
    """One container.

    Attributes:
        service: its service.
        container: its name.
        why: what is the matter with it, such as `is unhealthy`.
        exit_code: that it has ended with; None where it has not.
        log: its last lines.
        healthcheck: what its healthcheck printed last, where that is what fails.
    """

    service: str
    container: str
    why: str
    exit_code: int | None = None
    log: str = ""
    healthcheck: str = ""

    def to_keep(self, mask: Callable[[str], str]) -> Ailing:
        """The same without secrets, and within its bounds."""
        log, check = mask(self.log), mask(self.healthcheck)
        return replace(self, log=shortened(log, LONGEST_LOG), healthcheck=shortened(check, LONGEST_CHECK))

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Ailing:
        """From Redis."""
        return cls(**stored)

    def to_json(self) -> dict[str, Any]:
        """As it is stored and shown."""
        return {
            "service": self.service,
            "container": self.container,
            "why": self.why,
            "exit_code": self.exit_code,
            "log": self.log,
            "healthcheck": self.healthcheck,
        }
