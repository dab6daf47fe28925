"""Gogs: Gitea's scheme under its own header names, but with other events for tags.

A tag that is pushed is announced as `create` alone, and one that is made with a release on its pages as `release` alone
(`PushTag` and `NewRelease` of its source, up to 0.14). Gitea and Forgejo send `push` for tags, and `create` beside it.

https://gogs.io/advancing/webhooks
"""

from __future__ import annotations

from app.webhooks.delivery import Headers, Ignored, IgnoredReason, Push
from app.webhooks.gitea import is_signed, parse_event
from app.webhooks.payload import moved, other_event, part, read_commit, read_json_or_form, read_ref, settle
from workers.model.refs import TAGS

NAME = "gogs"


def recognises(headers: Headers) -> bool:
    """Gitea and Forgejo send this header too, and Gogs itself sends GitHub's: ask between them."""
    return "x-gogs-event" in headers


def verify(headers: Headers, body: bytes, secret: bytes) -> bool:
    """`X-Gogs-Signature: <hex>` over the JSON."""
    return is_signed(headers, "x-gogs-signature", body, secret)


def parse(headers: Headers, body: bytes) -> Push | Ignored:
    """The event `push`, and what stands for one of a tag: `create` and a published `release`.

    Raises:
        MalformedDelivery: when the body of one of these is none.
    """
    event = headers.get("x-gogs-event", "")
    if event == "create":
        return _created(read_json_or_form(headers, body))
    if event == "release":
        return _released(read_json_or_form(headers, body))
    return parse_event(headers, "x-gogs-event", body)


def _created(payload: dict[str, object]) -> Push | Ignored:
    """`ref` is a short name; `sha` is the tag's own id where it is annotated, and missing from older releases."""
    if payload.get("ref_type") != "tag":
        return Ignored(IgnoredReason.OTHER_EVENT, "a new branch is announced as a push, too")
    return settle([moved(TAGS + read_ref(payload.get("ref")), read_commit(payload.get("sha") or None))])


def _released(payload: dict[str, object]) -> Push | Ignored:
    """Only a published release has a tag for certain; its `target_commitish` is a branch, and says nothing."""
    if payload.get("action") != "published":
        return other_event("release")
    return settle([moved(TAGS + read_ref(part(payload, "release", "tag_name")), None)])
