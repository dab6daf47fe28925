"""Sentences as Tegu's messages write them, for a page: what stands between backticks is something to type."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_CODE = re.compile(r"`([^`\n]+)`")


_UNITS = ("bytes", "kB", "MB", "GB")
_STEP = 1000
_TENTHS_UNTIL = 10


def amount(size: float) -> str:
    """A number of bytes in the unit that fits, as disks and Docker count: `48 kB`, `3.2 MB`."""
    place = 0
    while size >= _STEP and place < len(_UNITS) - 1:
        size, place = size / _STEP, place + 1
    return f"{size:.1f} {_UNITS[place]}" if size < _TENTHS_UNTIL and place else f"{size:.0f} {_UNITS[place]}"


def said(text: str) -> Markup:
    """The text, with nothing in it that a browser could take for more than text, but for what is to be typed."""
    # The backticks are left as they are by escaping, and what stands between them is escaped already.
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 (escaped just before)
