"""The last deployments of a stack as small bars: dashes of a line, a line for each colour.

Drawn once of what is stored and kept: a page of a thousand stacks has twenty thousand of them, and most are the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from markupsafe import Markup

from app.pages import words
from app.pages.words import Tone
from workers.adapters.state.identifiers import time_of
from workers.adapters.state.past_marks import LETTERS, MOST_MARKS, PastMark, PastMarks

_STRIP = Markup("<svg role=img><title>{}</title>{}</svg>")
# Every byte of these is in a page a thousand times: a bar is good without a class, and a path needs no quotes.
_LINE = Markup("<path{} d={} />")
_TOLD = Markup("<path{} d={}><title>{} {} {:%Y-%m-%d %H:%M} UTC</title></path>")
_CLASS = Markup(" class={}")


@lru_cache(maxsize=4096)
def strip(outcomes: str) -> Markup:
    """Bars, the newest to the right, of which all of one colour are one line, and what they come to.

    Args:
        outcomes: letters, as `PastMarks` has them.
    """
    places: dict[Tone, list[int]] = {}
    for place, letter in enumerate(outcomes, MOST_MARKS - len(outcomes)):
        places.setdefault(words.OUTCOME[LETTERS[letter]][0], []).append(place)
    lines = (_LINE.format(_class(tone), _path(each)) for tone, each in places.items())
    return _STRIP.format(_said(outcomes), Markup().join(lines))


@lru_cache(maxsize=1024)
def told_strip(past: PastMarks) -> Markup:
    """Bars that each say how the deployment ended, of which commit, and when."""
    marks = past.each()
    bars = (_told(mark, place) for place, mark in enumerate(marks, MOST_MARKS - len(marks)))
    return _STRIP.format(_said(past.outcomes), Markup().join(bars))


def _told(mark: PastMark, place: int) -> Markup:
    tone, word = words.OUTCOME[mark.outcome]
    return _TOLD.format(_class(tone), _path([place]), word, mark.commit, time_of(mark.id))


def _class(tone: Tone) -> str:
    return "" if tone is Tone.GOOD else _CLASS.format(tone)


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
