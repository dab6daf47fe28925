"""All patterns of an ignore file at once, compared with paths as they are gone down, a character at a time.

The patterns are one automaton, made deterministic as far as paths ask for it. So a name costs a dictionary lookup for
each of its characters, however many patterns there are, and no pattern can make the search run away. The state at
a folder is also all that matters for what lies in it: wherever the same folder is met in the same state, the same is
left of it. That is what `filtered` remembers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from workers.changes.digest import plain
from workers.changes.ignore_pattern import WORD, Chars, Many, Maybe, NoExpressionError, One, Place, Step, steps
from workers.changes.ignorefile import BadPatternError, Pattern
from workers.changes.limits import MAX_IGNORE_PLACES

_MOST_STATES = 8 << 20  # bytes that the states of one matcher may take, about
_MOST_VERDICTS = 10_000
_SPECIAL = frozenset("*[]?^\\")
_SLASH = Chars((("/", "/"),))


@dataclass(slots=True, eq=False)
class State:
    """Where a path so far leaves the patterns: bits of the automaton's places, and what the last character was.

    `next` are the states that single characters lead to, as far as they were asked for.
    """

    places: int
    begin: bool = False
    word: bool = False
    next: dict[str, State] = field(default_factory=dict)
    matched: int | None = None
    living: int | None = None
    digest: str = ""


class Matcher:
    """What an ignore file's patterns say of paths.

    Sets of patterns are numbers, a bit for each pattern in order.

    Args:
        patterns: in order; the last one that matches decides.

    Attributes:
        start: the state before any character of a path.
    """

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._exceptions = sum(1 << number for number, pattern in enumerate(patterns) if pattern.exception)
        self._patterns = patterns
        self._identity = plain(repr([(pattern.text, pattern.exception) for pattern in patterns]).encode())
        self._eats: list[list[tuple[Chars, int]]] = []
        self._skips: list[list[tuple[Place | None, int]]] = []
        self._owners: list[int] = []
        self._ends = 0
        self._broken = 0
        self._guides = 0
        self._asks_for_places = False
        begin = 0
        for number, pattern in enumerate(patterns):
            begin |= self._add(number, pattern)
        self._are_plain = not any(
            _SPECIAL.intersection(_without_glob(pattern.text)) for pattern in patterns if pattern.exception
        )
        self.start = State(begin, begin=True)
        self._begin()

    def _begin(self) -> None:
        self._states: dict[tuple[int, bool], State] = {}
        self._size = 0
        self._verdicts: dict[tuple[int, int], tuple[bool, int]] = {}
        self.start.next.clear()

    # ---------------------------------------------------------------- making

    def _add(self, number: int, pattern: Pattern) -> int:
        try:
            ways = steps(pattern.text)
        except NoExpressionError:
            self._broken |= 1 << number
            return 0
        begin = 0
        for way in ways:
            place = self._place(number)
            begin |= 1 << place
            for step in way:
                place = self._step(place, step, number)
            self._ends |= 1 << place
        return begin | (self._guide(number, pattern.text) if pattern.exception else 0)

    def _guide(self, number: int, text: str) -> int:
        """Places that a path is at for as long as it leads to what an exception names."""
        place = self._place(number)
        begin = 1 << place
        for char in _without_glob(text) + "/":
            self._guides |= 1 << place
            place = self._step(place, One(Chars(((char, char),))), number)
        self._guides |= 1 << place
        return begin

    def _place(self, number: int) -> int:
        if len(self._owners) == MAX_IGNORE_PLACES:
            problem = f"the patterns up to here are too long: more than {MAX_IGNORE_PLACES} characters"
            raise BadPatternError(self._patterns[number].line, problem)
        self._eats.append([])
        self._skips.append([])
        self._owners.append(number)
        return len(self._owners) - 1

    def _step(self, place: int, step: Step, number: int) -> int:
        after = self._place(number)
        if isinstance(step, One):
            self._eats[place].append((step.chars, after))
        elif isinstance(step, Place):
            self._asks_for_places = True
            self._skips[place].append((step, after))
        elif isinstance(step, Maybe):
            self._skips[place].append((None, after))
            self._eats[place].append((step.chars, after))
        elif isinstance(step, Many):
            self._skips[place].append((None, after))
            self._eats[after].append((step.chars, after))
        else:
            loop = self._place(number)
            self._skips[place] += [(None, loop), (None, after)]
            self._eats[loop] += [(step.chars, loop), (_SLASH, after)]
        return after

    # ---------------------------------------------------------------- following

    def follow(self, state: State, text: str) -> State:
        """The state after more characters of a path."""
        for char in text:
            try:  # most steps are known, and asking first would cost as much as the step
                state = state.next[char]
            except KeyError:
                state = self._follow(state, char)
        return state

    def _follow(self, state: State, char: str) -> State:
        places = 0
        for place in _bits(self._closure(state, char)):
            for chars, after in self._eats[place]:
                if chars.has(char):
                    places |= 1 << after
        word = self._asks_for_places and WORD.has(char)
        found = self._states.get((places, word))
        if found is None:
            self._size += 400 + places.bit_length() // 8
            if self._size > _MOST_STATES:
                self._begin()
            found = self._states[places, word] = State(places, word=word)
        state.next[char] = found
        return found

    def _closure(self, state: State, char: str | None) -> int:
        """All places that the path is at before its next character, None at its end."""
        known = state.places
        new = list(_bits(known))
        while new:
            for place, after in self._skips[new.pop()]:
                if not known >> after & 1 and (place is None or _holds(place, state, char)):
                    known |= 1 << after
                    new.append(after)
        return known

    # ---------------------------------------------------------------- saying

    def verdict(self, state: State, above: int) -> tuple[bool, int]:
        """Whether a path is ignored, and the patterns that match it or a folder above, as what lies in it needs them.

        A pattern is compared only where it could change anything; that is why it is not a matter of the path alone
        (`MatchesUsingParentResults`).

        Args:
            state: where the whole path leads.
            above: the patterns that match the folder it lies in, as said of that.

        Raises:
            BadPatternError: for a pattern that the builder cannot compare with anything.
        """
        if state.matched is None:
            state.matched = self._owned(self._closure(state, None) & self._ends)
        found = self._verdicts.get((state.matched, above))
        if found is None:
            if len(self._verdicts) >= _MOST_VERDICTS:
                self._verdicts.clear()
            found = self._verdicts[state.matched, above] = self._decide(state.matched, above)
        return found

    def _decide(self, matched: int, above: int) -> tuple[bool, int]:
        ignored = False
        held = 0
        for number, pattern in enumerate(self._patterns):
            bit = 1 << number
            if not above & bit:
                if pattern.exception is not ignored:
                    continue
                if self._broken & bit:
                    problem = f"the pattern {pattern.text!r} becomes a regular expression that the builder refuses"
                    raise BadPatternError(pattern.line, problem)
                if not matched & bit:
                    continue
            held |= bit
            ignored = not pattern.exception
        return ignored, held

    def can_bring_back(self, state: State) -> bool:
        """Whether the builder looks into an ignored folder, the path of which leads here, for exceptions.

        Where all of them look plain to it, it goes by their beginnings alone (`filterFS.Walk`).
        """
        can_match = self.living(state) & self._exceptions
        return bool(can_match and (state.places & self._guides or not self._are_plain))

    def living(self, state: State) -> int:
        """The patterns that could still match something longer than the path so far, or fail at it."""
        if state.living is None:
            known, new = state.places, list(_bits(state.places))
            while new:
                for _, after in self._skips[new.pop()]:
                    if not known >> after & 1:
                        known |= 1 << after
                        new.append(after)
            state.living = self._broken | self._owned(sum(1 << place for place in _bits(known) if self._eats[place]))
        return state.living

    def _owned(self, places: int) -> int:
        owned = 0
        for place in _bits(places):
            owned |= 1 << self._owners[place]
        return owned

    def digest(self, state: State) -> str:
        """What tells the state from every other one, of any ignore file; equal states say the same of what follows."""
        if not state.digest:
            state.digest = plain(f"{self._identity} {state.places:x} {state.word}".encode())
        return state.digest


def _without_glob(text: str) -> str:
    return text.removesuffix("/**").removesuffix("/*")


def _holds(place: Place, state: State, char: str | None) -> bool:
    if place is Place.BEGIN:
        return state.begin
    if place is Place.END:
        return char is None
    between = state.word is not (char is not None and WORD.has(char))
    return between is (place is Place.BOUNDARY)


def _bits(number: int) -> Iterator[int]:
    """The numbers of the bits that are set."""
    text = bin(number)
    last = len(text) - 1
    place = text.rfind("1")
    while place > 1:
        yield last - place
        place = text.rfind("1", 0, place)
