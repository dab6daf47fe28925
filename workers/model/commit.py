"""A commit as people know it: its subject, its author, its time. A value; Git's form of it is read here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_AUTHOR = re.compile(rb"^author (?P<name>.*?) ?<[^<>\n]*> (?P<seconds>\d{1,11}) [+-]\d{4}$", re.MULTILINE)
_LONGEST_SUBJECT, _LONGEST_NAME = 200, 100


@dataclass(frozen=True, slots=True)
class CommitNote:
    """What is said of a commit: the first line of its message, who wrote it (without the address), and when."""

    subject: str
    author: str = ""
    at: str = ""

    @classmethod
    def of_object(cls, content: bytes) -> CommitNote:
        """From a commit object's content (`git cat-file -p`, gitformat-commit); whatever it lacks stays empty."""
        head, _, message = content.partition(b"\n\n")
        found = _AUTHOR.search(head)
        subject = next((line for line in message.decode(errors="replace").splitlines() if line.strip()), "")
        name = found["name"].decode(errors="replace") if found else ""
        return cls(subject.strip()[:_LONGEST_SUBJECT], name.strip()[:_LONGEST_NAME], _time(found))

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> CommitNote:
        """From Redis."""
        return cls(stored.get("subject") or "", stored.get("author") or "", stored.get("at") or "")

    def to_json(self) -> dict[str, str]:
        """For Redis."""
        return {"subject": self.subject, "author": self.author, "at": self.at}


def _time(found: re.Match[bytes] | None) -> str:
    if found is None:
        return ""
    try:
        return f"{datetime.fromtimestamp(int(found['seconds']), UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (OverflowError, ValueError):
        return ""
