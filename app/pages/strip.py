"""The last deployments of a stack as small bars: dashes of a line, a line for each colour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from app.pages import words
from app.pages.moments import Times
from app.pages.words import Tone
from workers.adapters.state.clock import text_of
from workers.adapters.state.identifiers import time_of
from workers.adapters.state.past_marks import LETTERS, MOST_MARKS, PastMark, PastMarks


@dataclass(frozen=True, slots=True)
class Stroke:
    """Bars of one colour, as the path of a line: each is one unit wide. `title` is what a single one says."""

    tone: Tone
    path: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Strip:
    """The bars, the newest to the right; `said` counts them."""

    said: str
    strokes: tuple[Stroke, ...]


@lru_cache(maxsize=4096)
def strip(outcomes: str) -> Strip:
    """Bars of which all of one colour are one line: most of a thousand stacks have the same ones.

    Args:
        outcomes: letters, as `PastMarks` has them.
    """
    places: dict[Tone, list[int]] = {}
    for place, letter in enumerate(outcomes, MOST_MARKS - len(outcomes)):
        places.setdefault(words.OUTCOME[LETTERS[letter]][0], []).append(place)
    return Strip(_said(outcomes), tuple(Stroke(tone, _path(each)) for tone, each in places.items()))


def told_strip(past: PastMarks, times: Times) -> Strip:
    """Bars that each say how the deployment ended, of which commit, and when."""
    marks = past.each()
    strokes = [_told(mark, place, times) for place, mark in enumerate(marks, MOST_MARKS - len(marks))]
    return Strip(_said(past.outcomes), tuple(strokes))


def _told(mark: PastMark, place: int, times: Times) -> Stroke:
    tone, word = words.OUTCOME[mark.outcome]
    moment = times.moment(text_of(time_of(mark.id)))
    said = (word, mark.commit, moment.ago if moment else "")
    return Stroke(tone, _path([place]), " ".join(each for each in said if each))


def _path(places: Iterable[int]) -> str:
    """A line with a stretch for each place, in the fewest characters."""
    stretches: list[list[int]] = []
    for place in places:
        if stretches and stretches[-1][1] == place:
            stretches[-1][1] += 1
        else:
            stretches.append([place, place + 1])
    path, at = "", 0
    for start, end in stretches:
        path += f"{'m' if path else 'M'}{start - at},0h{end - start}"
        at = end
    return path


def _said(outcomes: str) -> str:
    counts = Counter(words.OUTCOME[LETTERS[letter]][1] for letter in outcomes)
    return ", ".join(f"{count} {word}" for word, count in counts.most_common())
