"""What is done to every message on its way to people: it has a length, and nothing in it steers a terminal. Pure."""

from __future__ import annotations

import re

LONGEST = 2000
"""Characters of a message that is kept or sent."""

# All but line breaks and tabs of Unicode's control characters, and what changes the direction of what follows.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def shortened(text: str, longest: int = LONGEST) -> str:
    """A message that is too long without its middle: the beginning says what failed, the end has the last lines.

    Args:
        text: the message.
        longest: characters.
    """
    if len(text) <= longest:
        return text
    mark = f"\n… {len(text) - longest} characters left out …\n"
    room = longest - len(mark)
    return f"{text[: room // 3]}{mark}{text[len(text) - (room - room // 3) :]}"


def visible(text: str) -> str:
    r"""A text as a terminal may have it: `\u001b` stands where an escape character stood; Windows' line ends are ends.

    So written, what is JSON stays the same JSON.
    """
    if _STEERING.search(text) is None:
        return text
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text.replace("\r\n", "\n"))
