"""Stacks as people call them: without their environment, where there is only one to be in."""

from __future__ import annotations

import re
from collections.abc import Iterable

from workers.catalog import CatalogFile
from workers.model.errors import TeguError


class Names:
    """Names for people; programs get ids.

    Args:
        environments: that there are.
    """

    def __init__(self, environments: Iterable[str]) -> None:
        known = tuple(environments)
        self._only = f"{known[0]}/" if len(known) == 1 else ""
        # Where a word begins, so that no path has a part cut out of it.
        self._in_text = re.compile(rf"(?<![\w./-]){re.escape(self._only)}(?=[a-z0-9])") if self._only else None

    @classmethod
    def of(cls, catalog: CatalogFile) -> Names:
        """As a catalog has them; ids stay whole where it cannot be read."""
        try:
            return cls(catalog.current().environments)
        except TeguError:
            return cls(())

    def __call__(self, stack: str) -> str:
        """A stack's id as its name."""
        return stack.removeprefix(self._only)

    def within(self, text: str) -> str:
        """A text with the names of the stacks in it."""
        return self._in_text.sub("", text) if self._in_text else text
