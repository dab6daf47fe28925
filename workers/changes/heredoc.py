"""Here-documents of a Dockerfile: which words begin one, and the line that ends it.

https://docs.docker.com/reference/dockerfile/#here-documents, and as BuildKit's parser has it
(`frontend/dockerfile/parser`): `<<` begins one only at the beginning of a word, digits before it aside.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

_WORD = re.compile(r"""(?:<<\s*|\\.?|'[^']*'|"(?:\\.|[^"\\])*"|[^\s'"\\])+""", re.DOTALL)
_BEGINNING = re.compile(r"\d*<<(-?)\s*([^<\s][^<]*)", re.DOTALL)
_PIECE = re.compile(r"""'([^']*)'|"((?:\\.|[^"\\])*)"|\\?(.)""", re.DOTALL)
_ESCAPED = re.compile(r"""\\(["$\\])""")


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
    """Whether tabs before it do not count, and the word that ends it, for each here-document."""
    for word in _words(instruction):
        if (found := _BEGINNING.fullmatch(word)) and (end := _unquoted(found[2])):
            yield bool(found[1]), end


def _words(text: str) -> list[str]:
    """The words as a shell tells them apart, quotes kept; none where a quote is not closed."""
    words = []
    place = _after_blanks(text, 0)
    while place < len(text):
        found = _WORD.match(text, place)
        if found is None:
            return []
        words.append(found[0])
        place = _after_blanks(text, found.end())
    return words


def _after_blanks(text: str, place: int) -> int:
    while text[place : place + 1].isspace():
        place += 1
    return place


def _unquoted(word: str) -> str:
    return "".join(single or _ESCAPED.sub(r"\1", double) or bare for single, double, bare in _PIECE.findall(word))
