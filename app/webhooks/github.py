"""GitHub: HMAC-SHA256 over the raw body, sent as JSON or as a form.

https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
"""

from __future__ import annotations

from app.webhooks.delivery import Headers, Ignored, Push
from app.webhooks.payload import other_event, pinged, push_of_one_ref, read_json_or_form
from app.webhooks.signature import is_prefixed_sha256

NAME = "github"


def recognises(headers: Headers) -> bool:
    """Gitea and its relatives send this header too: ask after them."""
    return "x-github-event" in headers


def verify(headers: Headers, body: bytes, secret: bytes) -> bool:
    """`X-Hub-Signature-256: sha256=<hex>`; the older SHA-1 header proves nothing and is not looked at."""
    return is_prefixed_sha256(headers.get("x-hub-signature-256", ""), body, secret)


def parse(headers: Headers, body: bytes) -> Push | Ignored:
    """The events `push` and `ping`; every other one is ignored.

    Raises:
        MalformedDelivery: when the body of a push is none.
    """
    event = headers.get("x-github-event", "")
    if event == "ping":
        return pinged()
    if event != "push":
        return other_event(event)
    return push_of_one_ref(read_json_or_form(headers, body))
