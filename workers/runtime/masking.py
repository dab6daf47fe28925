"""Secrets that this process knows, and what is written in place of them: in logs, a deployment's log, answers.

Apart from `workers.runtime.logs` because whoever reads a secret has to name it here, and may not want to pay for
logging.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

MASK = "********"

Masker: TypeAlias = Callable[[str], str]

# What is masked while something is under way, in its own thread: what is a secret of one stack is a word to another.
_for_now: ContextVar[tuple[list[Masker], ...]] = ContextVar("masking for now", default=())

# Longest first, so that one containing another is masked whole.
_masked: list[str] = []

_SHORTEST = 4  # a shorter secret would mask half of every line and protect nothing
_TOKEN = re.compile(r"[^/?&=@:#,.\s]{16,}")  # what is as long as that in an address is hardly a word
_PASSWORD = re.compile(r"://[^/@:]*:([^/@]+)@")


def mask(texts: Iterable[str]) -> None:
    """Never show these texts again in what this process writes.

    Args:
        texts: secrets; those shorter than four characters are passed over.
    """
    known = {*_masked, *(text for text in texts if len(text) >= _SHORTEST)}
    _masked[:] = sorted(known, key=len, reverse=True)


def secrets_in(address: str) -> Iterator[str]:
    """What of an address may be a credential: all of it, a password, and whatever looks like a token."""
    yield address
    yield from _PASSWORD.findall(address)
    yield from _TOKEN.findall(address)


def masked(text: str) -> str:
    """The text with every known secret replaced."""
    for secret in _masked:
        if secret in text:
            text = text.replace(secret, MASK)
    for maskers in _for_now.get():
        for also in maskers:
            text = also(text)
    return text


@contextmanager
def masking_for_now() -> Iterator[Callable[[Masker], None]]:
    """Mask more in this thread while the block runs: what it is given to mask with."""
    added: list[Masker] = []
    token = _for_now.set((*_for_now.get(), added))
    try:
        yield added.append
    finally:
        _for_now.reset(token)
