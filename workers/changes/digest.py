"""Digests that are safe to store: keyed, so that nobody can guess a variable's value from Redis."""

from __future__ import annotations

import json
from hashlib import blake2b

_KEY_SIZE = 64


def keyed(key: bytes, content: bytes) -> str:
    """The keyed digest of some bytes, 32 hexadecimal digits.

    Args:
        key: the worker's key; any length.
        content: what may be secret.
    """
    if len(key) > _KEY_SIZE:
        key = blake2b(key).digest()
    return blake2b(content, key=key, digest_size=16).hexdigest()


def canonical(value: object) -> bytes:
    """The one spelling of a JSON-like value: keys sorted, so that the order of keys in a mapping says nothing."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str).encode(
        "utf-8", "surrogatepass"
    )


def plain(content: bytes) -> str:
    """The digest of bytes that are no secret, such as object ids."""
    return blake2b(content, digest_size=16).hexdigest()
