"""Which of the values that a stack's containers get are hidden in what programs print, and where. Pure.

An env file holds passwords beside ports, hosts and `true`. Were all of it masked, no log could be read; and nothing in
the file says which is which. So: what everybody may read in Git anyway is told, and else

- a value whose name says that it is a secret (`DB_PASSWORD`, `API_KEY`) is hidden from four characters on,
- any other from eight, unless it is a number, or made of plain words like names of hosts, images, paths, time zones,
- never a word of `_COMMON`, nor a number of fewer than six digits: a port would be hidden wherever it is told.

A value of fewer than twelve characters is hidden only where it stands as a word. Of a value with several lines (a key),
each line counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from workers.runtime.masking import MASK

_SAYS_SO = re.compile(r"PASS|PWD|SECRET|TOKEN|KEY|CRED|AUTH|PRIVATE|SALT|DSN", re.IGNORECASE)
_COMMON = re.compile(
    r"true|false|(en|dis)abled|none|null|auto|default|always|never|production|development|staging|testing|debug|info"
    r"|notice|warning|error|critical|trace|localhost|admin|administrator|root|postgres|postgresql|mysql|mariadb|mongodb"
    r"|redis|username|password|anonymous|public|internal|external|bridge|unlimited|required|optional",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[\d.,:+/ -]+")
_NAMES = re.compile(r"(?:[A-Za-z]+|\d+)(?:[./:@_-]+(?:[A-Za-z]+|\d+))+[./]?|/[A-Za-z/]+")
_IN_ADDRESS = re.compile(r"://[^/@\s:]*:([^/@\s]+)@")
_SHORTEST, _SHORTEST_OTHER, _ANYWHERE = 4, 8, 12  # characters
_DIGITS = 6
_LONGEST_NAME = 64  # characters; what is longer is none that people gave
_MOST = 2000  # values; a regular expression of more takes longer than the program that prints


@dataclass(frozen=True, slots=True)
class Hidden:
    """What is hidden of some values."""

    pattern: re.Pattern[str] | None

    def masked(self, text: str) -> str:
        """A text without them."""
        return text if self.pattern is None else self.pattern.sub(MASK, text)


def hidden(values: Iterable[tuple[str, str]], public: str) -> Hidden:
    """What is hidden of some values.

    Args:
        values: names and values; the name may be empty.
        public: all that may be told: files that stand in Git for everybody, names of images, paths.
    """
    found = {form for name, value in values for part in _parts(name, value, public) for form in _forms(part)}
    if not found:
        return Hidden(None)
    longest = sorted(found, key=lambda each: (-len(each), each))[:_MOST]  # one that contains another is masked whole
    return Hidden(re.compile("|".join(map(_placed, longest))))


def _parts(name: str, value: str, public: str) -> Iterator[str]:
    for password in _IN_ADDRESS.findall(value):
        if len(password) >= _SHORTEST and password not in public:
            yield password
    for line in value.splitlines():
        part = line.strip()
        if _is_hidden(name, part) and part not in public:
            yield part


def _is_hidden(name: str, value: str) -> bool:
    if _COMMON.fullmatch(value) or (_NUMBER.fullmatch(value) and sum(map(str.isdigit, value)) < _DIGITS):
        return False
    if _SAYS_SO.search(name):
        return len(value) >= _SHORTEST
    if len(value) < _SHORTEST_OTHER or _NUMBER.fullmatch(value):
        return False
    return len(value) > _LONGEST_NAME or not _NAMES.fullmatch(value)


def _forms(value: str) -> set[str]:
    """A value as programs print it: as it is, in JSON, in an address."""
    return {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], quote(value, safe="")}


def _placed(value: str) -> str:
    """Where a value is looked for."""
    if len(value) >= _ANYWHERE:
        return re.escape(value)
    before = r"(?<!\w)" if re.match(r"\w", value) else ""
    after = r"(?!\w)" if re.search(r"\w\Z", value) else ""
    return f"{before}{re.escape(value)}{after}"
