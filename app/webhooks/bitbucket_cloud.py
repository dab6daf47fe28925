"""Bitbucket Cloud: HMAC-SHA256 over the raw body; one push may move several refs.

https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/
https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/#Push
"""

from __future__ import annotations

from app.webhooks.delivery import Deletion, Headers, Ignored, MalformedDelivery, Push, Update
from app.webhooks.payload import moved, objects, other_event, part, read_commit, read_json, read_ref, settle
from app.webhooks.signature import is_prefixed_sha256

NAME = "bitbucket_cloud"

_FOLDERS = {"branch": "refs/heads/", "tag": "refs/tags/", "annotated_tag": "refs/tags/"}


def recognises(headers: Headers) -> bool:
    """Both Bitbuckets name their events alike; only the Cloud's webhooks have a UUID."""
    return "x-event-key" in headers and ("x-hook-uuid" in headers or headers["x-event-key"] == "repo:push")


def verify(headers: Headers, body: bytes, secret: bytes) -> bool:
    """`X-Hub-Signature: sha256=<hex>`."""
    return is_prefixed_sha256(headers.get("x-hub-signature", ""), body, secret)


def parse(headers: Headers, body: bytes) -> Push | Ignored:
    """The event `repo:push`.

    Raises:
        MalformedDelivery: when the body of a push is none.
    """
    event = headers.get("x-event-key", "")
    if event != "repo:push":
        return other_event(event)
    return settle(map(_update, objects(part(read_json(body), "push", "changes"), "changes")))


def _update(change: dict[str, object]) -> Update | Deletion:
    """`new` is null for a deletion, `old` for a new ref."""
    side = change.get("new") or change.get("old")
    kind = part(side, "type")
    if not isinstance(kind, str) or kind not in _FOLDERS:
        message = "a change is of neither a branch nor a tag"
        raise MalformedDelivery(message)
    ref = _FOLDERS[kind] + read_ref(part(side, "name"))
    return moved(ref, read_commit(part(change, "new", "target", "hash")), deleted=not change.get("new"))
