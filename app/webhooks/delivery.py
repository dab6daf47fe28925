"""What a forge's delivery comes down to, whichever forge sent it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from workers.model.errors import UserError
from workers.model.refs import may_be

Headers = Mapping[str, str]
"""The request's headers, their names in lower case."""


class MalformedDelivery(UserError):
    """The body is not what this forge sends. The message says which part, never what it held."""


class IgnoredReason(StrEnum):
    """Why a genuine delivery starts nothing."""

    PING = "ping"
    OTHER_EVENT = "other_event"
    OTHER_REF = "other_ref"
    DELETION = "deletion"
    NO_REF = "no_ref"


@dataclass(frozen=True, slots=True)
class Ignored:
    """A genuine delivery that starts nothing. `detail` is a sentence for whoever reads the forge's delivery log."""

    reason: IgnoredReason
    detail: str


class Update(NamedTuple):
    """One ref that a push moved. `commit` None: the forge did not say where to."""

    ref: str
    commit: str | None


class Deletion(NamedTuple):
    """One ref that a push removed."""

    ref: str


@dataclass(frozen=True, slots=True)
class Push:
    """Refs that were created or moved. None at all: the sender only said "look"."""

    updates: tuple[Update, ...] = ()

    def among(self, followed: Iterable[str]) -> tuple[Update, ...]:
        """The updates of followed refs, under the names they are followed by.

        Args:
            followed: branches or tags, by their short names or in full.
        """
        return tuple(
            Update(name, update.commit) for name in followed for update in self.updates if may_be(update.ref, name)
        )


class Forge(Protocol):
    """What the module of every forge offers. No I/O: bytes in, values out.

    A property of the protocol here is a plain constant or function of the module.
    """

    @property
    def NAME(self) -> str:  # noqa: N802 (a module's constant)
        """The forge's name in logs and metrics."""
        ...

    def recognises(self, headers: Headers) -> bool:
        """Whether the headers are this forge's own."""
        ...

    def verify(self, headers: Headers, body: bytes, secret: bytes) -> bool:
        """Whether whoever sent this knew the secret; in constant time, and never with an empty secret."""
        ...

    def parse(self, headers: Headers, body: bytes) -> Push | Ignored:
        """Read a verified delivery.

        Raises:
            MalformedDelivery: when it is not what this forge sends.
        """
        ...
