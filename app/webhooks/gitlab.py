"""GitLab: a token sent as it is, or a signature as in Standard Webhooks.

A signature's timestamp is not judged: a delivery that is replayed only says "look" once more, and a clock
that is wrong would refuse genuine ones.

https://docs.gitlab.com/user/project/integrations/webhooks/
https://docs.gitlab.com/user/project/integrations/webhook_events/#push-events
https://docs.gitlab.com/administration/system_hooks/
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from app.webhooks.delivery import Headers, Ignored, Push, Update
from app.webhooks.payload import moved, objects, other_event, read_commit, read_json, read_ref, settle
from app.webhooks.signature import decode_base64, header_bytes, is_secret

NAME = "gitlab"

_PUSHES = {"Push Hook", "Tag Push Hook"}
_PREFIX = b"whsec_"  # what follows it in a signing token is the key, in base64
_MOST_SIGNATURES = 8  # a sender that changes keys sends one for each; nobody sends many


def recognises(headers: Headers) -> bool:
    """Every delivery names its event so, system hooks included; what proxies leave of one is GitLab's all the same."""
    return not headers.keys().isdisjoint({"x-gitlab-event", "x-gitlab-token", "webhook-signature"})


def verify(headers: Headers, body: bytes, secret: bytes) -> bool:
    """`X-Gitlab-Token: <secret>`, or `webhook-signature: v1,<base64>` over `id.timestamp.body`."""
    if is_secret(header_bytes(headers.get("x-gitlab-token", "")), secret):
        return True
    return _is_signed(headers, body, secret)


def _is_signed(headers: Headers, body: bytes, secret: bytes) -> bool:
    key = decode_base64(secret.removeprefix(_PREFIX)) if secret.startswith(_PREFIX) else secret
    if not key:
        return False
    stamp = header_bytes(f"{headers.get('webhook-id', '')}.{headers.get('webhook-timestamp', '')}.")
    mac = hmac.new(key, stamp, hashlib.sha256)
    mac.update(body)
    expected = b"v1," + base64.b64encode(mac.digest())
    signatures = header_bytes(headers.get("webhook-signature", "")).split()[:_MOST_SIGNATURES]
    return any(hmac.compare_digest(signature, expected) for signature in signatures)


def parse(headers: Headers, body: bytes) -> Push | Ignored:
    """Pushes of branches and tags, from a project, a group or the whole system.

    Raises:
        MalformedDelivery: when the body of a push is none.
    """
    event = headers.get("x-gitlab-event", "")
    if event in _PUSHES:
        return _push(read_json(body))
    if event not in {"System Hook", ""}:
        return other_event(event)
    payload = read_json(body)
    kind = payload.get("event_name")
    if kind == "repository_update":
        return _repository_update(payload)
    return _push(payload) if kind in ("push", "tag_push") else other_event(kind)


def _repository_update(payload: dict[str, object]) -> Push | Ignored:
    """One for a whole push, whatever it moved; system hooks send it unless they are told not to."""
    changes = objects(payload.get("changes"), "changes")
    return settle(moved(read_ref(change.get("ref")), read_commit(change.get("after"))) for change in changes)


def _push(payload: dict[str, object]) -> Push | Ignored:
    """`after` is zeros for a deletion; `checkout_sha` is the commit, also behind an annotated tag."""
    update = moved(read_ref(payload.get("ref")), read_commit(payload.get("after")))
    if isinstance(update, Update):
        update = Update(update.ref, read_commit(payload.get("checkout_sha")) or update.commit)
    return settle([update])
