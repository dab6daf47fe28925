"""Azure DevOps: HTTP Basic, whose password is the secret; the user's name does not matter.

Its "Test" button sends the push of a sample repository.

https://learn.microsoft.com/en-us/azure/devops/service-hooks/services/webhooks
https://learn.microsoft.com/en-us/azure/devops/service-hooks/events#git.push
"""

from __future__ import annotations

from app.webhooks.delivery import Headers, Ignored, Push
from app.webhooks.payload import moved, objects, other_event, part, read_commit, read_json, read_ref, settle
from app.webhooks.signature import credentials, decode_base64, is_secret

NAME = "azure_devops"


def recognises(headers: Headers) -> bool:
    """It has no header of its own, but it alone authenticates so."""
    return credentials(headers.get("authorization", ""), "basic") is not None


def verify(headers: Headers, body: bytes, secret: bytes) -> bool:
    """`Authorization: Basic <base64 of user:secret>`; the body is not signed."""
    del body
    given = credentials(headers.get("authorization", ""), "basic")
    decoded = decode_base64(given) if given else None
    return decoded is not None and is_secret(decoded.partition(b":")[2], secret)


def parse(headers: Headers, body: bytes) -> Push | Ignored:
    """The event `git.push`; the body alone names it.

    With "Resource details to send: Minimal" or "None" it has no `refUpdates`: then it says no more than "look".

    Raises:
        MalformedDelivery: when the body of a push is none.
    """
    del headers
    payload = read_json(body)
    event = payload.get("eventType")
    if event != "git.push":
        return other_event(event)
    updates = part(payload, "resource", "refUpdates")
    if updates is None:
        return Push()
    return settle(
        moved(read_ref(item.get("name")), read_commit(item.get("newObjectId")))
        for item in objects(updates, "refUpdates")
    )
