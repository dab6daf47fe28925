"""What exactly somebody wants to order, as an address or a form has it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast, get_args

from app.pages.acts import Act, address
from workers.model.errors import UsageError
from workers.reconcile.requests import Data, Hold

_LONGEST_REASON = 500
_REVISION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._/~^-]{0,199}")
_STACK = re.compile(r"[^\s/]{1,100}/[^\s/]{1,100}")


@dataclass(frozen=True, slots=True)
class Wish:
    """An act and its options.

    Attributes:
        act: what.
        stack: of which stack.
        force: of a deployment: recreate every service.
        to: of a rollback: the commit.
        hold: of a rollback: what ends it.
        data: of an adoption: what becomes of the data.
        source: of an adoption: the stack that goes on as this one.
        down: of what is forgotten: take its containers down first.
        reason: of a pause.
    """

    act: Act
    stack: str
    force: bool = False
    to: str = ""
    hold: Hold = "until_release"
    data: Data | None = None
    source: str = ""
    down: bool = False
    reason: str = ""

    @classmethod
    def of(cls, act: Act, stack: str, given: Mapping[str, str]) -> Wish:
        """From an address or a form; what is none of the act's is left out.

        Raises:
            UsageError: something in it is nothing that can be wanted.
        """
        to, source, data, hold = (given.get(name, "") for name in ("to", "source", "data", "hold"))
        wrong = (
            (to and not _REVISION.fullmatch(to))
            or (source and not _STACK.fullmatch(source))
            or (data and data not in get_args(Data))
            or (hold and hold not in get_args(Hold))
        )
        if wrong:
            message = "the address has something that cannot be ordered; begin at the stack's page"
            raise UsageError(message)
        return cls(
            act,
            stack,
            force=act is Act.DEPLOY and given.get("force") == "1",
            to=to if act is Act.ROLLBACK else "",
            hold="until_push" if act is Act.ROLLBACK and hold == "until_push" else "until_release",
            data=cast("Data", data) if act is Act.ADOPT and data else None,
            source=source if act is Act.ADOPT else "",
            down=act is Act.FORGET and given.get("down") == "1",
            reason=given.get("reason", "").strip()[:_LONGEST_REASON] if act is Act.PAUSE else "",
        )

    @property
    def options(self) -> dict[str, str]:
        """What an address or a form carries, without what is usual and without a reason."""
        known = {
            "force": "1" if self.force else "",
            "to": self.to,
            "hold": "until_push" if self.hold == "until_push" else "",
            "data": self.data or "",
            "source": self.source,
            "down": "1" if self.down else "",
        }
        return {name: value for name, value in known.items() if value}

    @property
    def url(self) -> str:
        """Where it is looked at."""
        return address(self.stack, self.act, **self.options)
