"""Gogs: Gitea's scheme under its own header names.

https://gogs.io/advancing/webhooks
"""

from __future__ import annotations

from app.webhooks.delivery import Headers, Ignored, Push
from app.webhooks.gitea import is_signed, parse_event

NAME = "gogs"


def recognises(headers: Headers) -> bool:
    """Gitea and Forgejo send this header too, and Gogs itself sends GitHub's: ask between them."""
    return "x-gogs-event" in headers


def verify(headers: Headers, body: bytes, secret: bytes) -> bool:
    """`X-Gogs-Signature: <hex>` over the JSON."""
    return is_signed(headers, "x-gogs-signature", body, secret)


def parse(headers: Headers, body: bytes) -> Push | Ignored:
    """The event `push`.

    Raises:
        MalformedDelivery: when the body of a push is none.
    """
    return parse_event(headers, "x-gogs-event", body)
