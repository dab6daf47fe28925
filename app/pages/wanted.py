"""What somebody wants to see of all stacks, as the first page's address has it: so a view can be kept, and sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode

_LONGEST_SEARCH = 100


class Grouping(StrEnum):
    """By what stacks stand together."""

    ENVIRONMENT = "environment"
    REPO = "repo"
    HOST = "host"


class Showing(StrEnum):
    """Which stacks are shown; those that are gone only by themselves."""

    ALL = "all"
    TROUBLE = "trouble"
    BEHIND = "behind"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to see: as the address has it."""

    search: str = ""
    group: Grouping = Grouping.ENVIRONMENT
    show: Showing = Showing.ALL

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Wanted:
        """From an address; what it does not know is left out."""
        group = next((each for each in Grouping if each == query.get("group")), Grouping.ENVIRONMENT)
        show = next((each for each in Showing if each == query.get("show")), Showing.ALL)
        return cls(query.get("q", "").strip()[:_LONGEST_SEARCH], group, show)

    def url(self, **changed: str) -> str:
        """The address that shows the same but for what is changed."""
        known = {"q": self.search, "group": self.group, "show": self.show} | changed
        usual = {"q": "", "group": "environment", "show": "all"}
        query = urlencode({name: value for name, value in known.items() if value != usual[name]})
        return f"/?{query}" if query else "/"
