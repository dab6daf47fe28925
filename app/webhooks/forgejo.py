"""Forgejo: Gitea's scheme under its own header names.

https://forgejo.org/docs/latest/user/webhooks/
"""

from __future__ import annotations

from app.webhooks.delivery import Headers, Ignored, Push
from app.webhooks.gitea import is_signed, parse_event

NAME = "forgejo"


def recognises(headers: Headers) -> bool:
    """It also sends the headers of Gitea, Gogs and GitHub: ask before them."""
    return "x-forgejo-event" in headers


def verify(headers: Headers, body: bytes, secret: bytes) -> bool:
    """`X-Forgejo-Signature: <hex>` over the JSON."""
    return is_signed(headers, "x-forgejo-signature", body, secret)


def parse(headers: Headers, body: bytes) -> Push | Ignored:
    """The event `push`.

    Raises:
        MalformedDelivery: when the body of a push is none.
    """
    return parse_event(headers, "x-forgejo-event", body)
