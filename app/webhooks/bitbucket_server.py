"""Bitbucket Server and Data Center: HMAC-SHA256 over the raw body; one push may move several refs.

Some releases send the delivery of their "Test connection" button unsigned; it is answered like everything
unsigned, while real pushes work.

https://confluence.atlassian.com/bitbucketserver/manage-webhooks-938025878.html
https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html
"""

from __future__ import annotations

from app.webhooks.delivery import Deletion, Headers, Ignored, Push, Update
from app.webhooks.payload import moved, objects, other_event, part, pinged, read_commit, read_json, read_ref, settle
from app.webhooks.signature import is_prefixed_sha256

NAME = "bitbucket_server"

_PUSHES = {"repo:refs_changed", "mirror:repo_synchronized"}


def recognises(headers: Headers) -> bool:
    """Bitbucket Cloud names its events alike: ask after it."""
    return "x-event-key" in headers


def verify(headers: Headers, body: bytes, secret: bytes) -> bool:
    """`X-Hub-Signature: sha256=<hex>`."""
    return is_prefixed_sha256(headers.get("x-hub-signature", ""), body, secret)


def parse(headers: Headers, body: bytes) -> Push | Ignored:
    """The events `repo:refs_changed`, `mirror:repo_synchronized` and `diagnostics:ping`.

    A mirror sends the second once it has what was pushed.

    Raises:
        MalformedDelivery: when the body of a push is none.
    """
    event = headers.get("x-event-key", "")
    if event == "diagnostics:ping":
        return pinged()
    if event not in _PUSHES:
        return other_event(event)
    payload = read_json(body)
    if payload.get("refLimitExceeded") is True:
        return Push()  # a mirror names no refs where there are too many
    return settle(map(_update, objects(payload.get("changes"), "changes")))


def _update(change: dict[str, object]) -> Update | Deletion:
    """`type` is ADD, UPDATE or DELETE; `toHash` is zeros for the last."""
    ref, commit = read_ref(part(change, "ref", "id")), read_commit(change.get("toHash"))
    return moved(ref, commit, deleted=change.get("type") == "DELETE")
