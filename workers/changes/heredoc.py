"""Here-documents of a Dockerfile: which words begin one, and the line that ends it.

https://docs.docker.com/reference/dockerfile/#here-documents, and as BuildKit's parser has it
(`frontend/dockerfile/parser`): `<<` begins one only at the beginning of a word, digits before it aside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_WORD = re.compile(r"""(?:<<\s*|\\.?|'[^']*'|"(?:\\.|[^"\\])*"|[^\s'"\\])+""", re.DOTALL)
_BEGINNING = re.compile(r"\d*<<(-?)\s*([^<]+)", re.DOTALL)
_PIECE = re.compile(r"""'([^']*)'|"((?:\\.|[^"\\])*)"|\\?(.)""", re.DOTALL)
_ESCAPED = re.compile(r"""\\(["$\\])""")


def after_heredocs(instruction: str, lines: Sequence[str], place: int) -> int:
    """The place of the first line behind an instruction's here-documents.

    Where no line ends one of them, the builder refuses the file; nothing is taken for content then.

    Args:
        instruction: all of it, its lines joined.
        lines: the file's, without their ends.
        place: of the first line behind the instruction.
    """
    end = place
    for tabbed, word in _beginnings(instruction):
        while end < len(lines) and (lines[end].lstrip("\t") if tabbed else lines[end]) != word:
            end += 1
        if end == len(lines):
            return place
        end += 1
    return end


def _beginnings(instruction: str) -> Iterator[tuple[bool, str]]:
    """Whether tabs before it do not count, and the word that ends it, for each here-document."""
    for word in _words(instruction):
        if (found := _BEGINNING.fullmatch(word)) and (end := _unquoted(found[2])):
            yield bool(found[1]), end


def _words(text: str) -> list[str]:
    """The words as a shell tells them apart, quotes kept; none where a quote is not closed."""
    words = []
    place = len(text) - len(text.lstrip())
    while place < len(text):
        found = _WORD.match(text, place)
        if found is None:
            return []
        words.append(found[0])
        place = found.end()
        place += len(text[place:]) - len(text[place:].lstrip())
    return words


def _unquoted(word: str) -> str:
    return "".join(single or _ESCAPED.sub(r"\1", double) or bare for single, double, bare in _PIECE.findall(word))
