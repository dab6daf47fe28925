"""Anything else that can send a header: CI jobs, scripts, `curl`.

    curl -X POST -H "Authorization: Bearer $SECRET" -d '{"ref": "refs/heads/main"}' …/webhooks/homelab

The scheme is RFC 6750's (https://www.rfc-editor.org/rfc/rfc6750#section-2.1).
"""

from __future__ import annotations

from app.webhooks.delivery import Headers, Ignored, Push, Update
from app.webhooks.payload import read_commit, read_json, read_ref
from app.webhooks.signature import credentials, is_secret

NAME = "generic"


def recognises(headers: Headers) -> bool:
    """Whoever is nobody else."""
    del headers
    return True


def verify(headers: Headers, body: bytes, secret: bytes) -> bool:
    """`Authorization: Bearer <secret>`; the body is not signed."""
    del body
    token = credentials(headers.get("authorization", ""), "bearer")
    return token is not None and is_secret(token, secret)


def parse(headers: Headers, body: bytes) -> Push | Ignored:
    """`{"ref": "refs/heads/main"}` or a short name; nothing at all means "look". `commit` may say where it is now.

    Raises:
        MalformedDelivery: when the body is neither.
    """
    del headers
    if not body.strip():
        return Push()
    payload = read_json(body)
    commit = read_commit(payload.get("commit"))
    if payload.get("ref") is None:
        return Push()
    return Push((Update(read_ref(payload["ref"]), commit if commit and commit.strip("0") else None),))
