"""Comparing what a sender knows with what is configured: as bytes, in constant time, never with nothing.

`hmac.compare_digest` refuses text that is not ASCII, so a header is turned back into the bytes it was.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac


def header_bytes(value: str) -> bytes:
    """The bytes of a header's value as they were sent; WSGI hands them over read as Latin-1 (PEP 3333)."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")


def is_secret(value: bytes, secret: bytes) -> bool:
    """Whether the value is the secret itself. An empty secret is nobody's."""
    return bool(secret) and hmac.compare_digest(value, secret)


def is_sha256(digest: str, body: bytes, secret: bytes) -> bool:
    """Whether the digest, in hex, is the body's HMAC-SHA256 under the secret."""
    if not secret:
        return False
    expected = hmac.new(secret, body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(header_bytes(digest), expected.encode())


def is_prefixed_sha256(value: str, body: bytes, secret: bytes) -> bool:
    """The same for a value written `sha256=<hex>`."""
    algorithm, _, digest = value.partition("=")
    return algorithm == "sha256" and is_sha256(digest, body, secret)


def credentials(headers_value: str, scheme: str) -> bytes | None:
    """What follows the scheme's name in an `Authorization` header; None for another scheme."""
    name, _, rest = headers_value.partition(" ")
    return header_bytes(rest.strip()) if name.lower() == scheme else None


def decode_base64(text: bytes) -> bytes | None:
    """The decoded text, or None where it is not base64."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
