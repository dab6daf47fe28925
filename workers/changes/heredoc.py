"""Here-documents of a Dockerfile: which words begin one, and the line that ends it.

https://docs.docker.com/reference/dockerfile/#here-documents, and as BuildKit's parser has it
(`frontend/dockerfile/parser`): `<<` begins one only at the beginning of a word, digits before it aside.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import suppress

from workers.changes.shell_words import RefusedWordError, split

_BEGINNING = re.compile(r"[0-9]*<<(-?)\s*+([^<]*)", re.DOTALL)


class Ends:
    """Where the here-documents of a file end, each found without going through the file again.

    Args:
        lines: the file's, without their ends.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self._places: dict[bool, dict[str, list[int]]] = {False: {}, True: {}}
        for place, line in enumerate(lines):
            self._places[False].setdefault(line, []).append(place)
            self._places[True].setdefault(line.lstrip("\t"), []).append(place)

    def after(self, instruction: str, place: int) -> int:
        """The place of the first line behind an instruction's here-documents.

        Where no line ends one of them, the builder refuses the file; nothing is taken for content then.

        Args:
            instruction: all of it, its lines joined.
            place: of the first line behind the instruction.

        Raises:
            InvalidStack: variables nest too deep in it.
        """
        end = place
        for tabbed, word in _beginnings(instruction):
            places = self._places[tabbed].get(word, [])
            found = bisect_left(places, end)
            if found == len(places):
                return place
            end = places[found] + 1
        return end


def _beginnings(instruction: str) -> Iterator[tuple[bool, str]]:
    """Whether tabs before it do not count, and the word that ends it, for each here-document.

    In an instruction that the builder cannot tell apart into words, it sees none; what the shell will read is another
    matter.
    """
    if "<<" not in instruction:
        return
    with suppress(RefusedWordError):
        for word in split(instruction, raw=True):
            found = _BEGINNING.fullmatch(word)
            ends = split(found[2], raw=False) if found else []
            if found and len(ends) == 1:
                yield bool(found[1]), ends[0]
