"""Gitea: HMAC-SHA256 over the JSON, even when the JSON is sent as a form's field.

Without a secret it sends the header with an empty digest, which matches nothing.

https://docs.gitea.com/usage/repository/webhooks
"""

from __future__ import annotations

from app.webhooks.delivery import Headers, Ignored, Push
from app.webhooks.payload import is_form, other_event, payload_field, push_of_one_ref, read_json_or_form
from app.webhooks.signature import is_sha256

NAME = "gitea"


def recognises(headers: Headers) -> bool:
    """It also sends GitHub's and Gogs' headers: ask before them, and after Forgejo."""
    return "x-gitea-event" in headers


def verify(headers: Headers, body: bytes, secret: bytes) -> bool:
    """`X-Gitea-Signature: <hex>`."""
    return is_signed(headers, "x-gitea-signature", body, secret)


def parse(headers: Headers, body: bytes) -> Push | Ignored:
    """The event `push`; a test delivery is one, of the newest commit.

    Raises:
        MalformedDelivery: when the body of a push is none.
    """
    return parse_event(headers, "x-gitea-event", body)


def is_signed(headers: Headers, name: str, body: bytes, secret: bytes) -> bool:
    """Whether the header of this name holds the digest of the JSON; its relatives differ in that name alone."""
    return is_sha256(headers.get(name, ""), payload_field(body) if is_form(headers) else body, secret)


def parse_event(headers: Headers, name: str, body: bytes) -> Push | Ignored:
    """Read a delivery whose event is in the header of this name.

    Raises:
        MalformedDelivery: when the body of a push is none.
    """
    event = headers.get(name, "")
    return push_of_one_ref(read_json_or_form(headers, body)) if event == "push" else other_event(event)
