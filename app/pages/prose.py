"""Sentences as Tegu's messages write them, for a page: what stands between backticks is something to type."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_CODE = re.compile(r"`([^`\n]+)`")


def said(text: str) -> Markup:
    """The text, with nothing in it that a browser could take for more than text, but for what is to be typed."""
    # The backticks are left as they are by escaping, and what stands between them is escaped already.
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 (escaped just before)
