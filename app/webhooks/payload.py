"""Reading what anybody may have sent: every surprise is a `MalformedDelivery`, never a traceback."""

from __future__ import annotations

import binascii
import json
from collections.abc import Iterable

from app.webhooks.delivery import Deletion, Headers, Ignored, IgnoredReason, MalformedDelivery, Push, Update
from workers.model.refs import is_full_id

_FORM = "application/x-www-form-urlencoded"
_LONGEST_REF = 1024


def read_json(body: bytes) -> dict[str, object]:
    """The JSON object that the body is.

    Raises:
        MalformedDelivery: when it is not UTF-8, not JSON, nested too deeply, or not an object.
    """
    try:
        value = json.loads(body.decode())
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is a ValueError too
        message = "the body is not JSON"
        raise MalformedDelivery(message) from error
    if not isinstance(value, dict):
        message = "the body is not a JSON object"
        raise MalformedDelivery(message)
    return value


def is_form(headers: Headers) -> bool:
    """Whether the body was sent as an HTML form would be."""
    return headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM


def payload_field(body: bytes) -> bytes:
    """The form's field `payload`, decoded; empty when there is none.

    This happens before the sender is known, so it must be cheap for any 25 MB: quoted-printable differs from
    URL encoding in its escape character alone, and the standard library decodes it in C, in one buffer.
    """
    for field in body.split(b"&", maxsplit=64):
        if field.startswith(b"payload="):
            text = field.removeprefix(b"payload=")
            return binascii.a2b_qp(text.replace(b"=", b"%3D").replace(b"+", b" ").replace(b"%", b"="))
    return b""


def read_json_or_form(headers: Headers, body: bytes) -> dict[str, object]:
    """The JSON object that the body is, or that its form field `payload` holds.

    Raises:
        MalformedDelivery: as `read_json` does.
    """
    return read_json(payload_field(body) if is_form(headers) else body)


def part(value: object, *path: str) -> object:
    """What lies at a path of keys; None where a key is missing.

    Raises:
        MalformedDelivery: when something on the way there is not an object.
    """
    for key in path:
        if value is None:
            return None
        if not isinstance(value, dict):
            message = f"what should hold {key!r} is not an object"
            raise MalformedDelivery(message)
        value = value.get(key)
    return value


def objects(value: object, name: str) -> list[dict[str, object]]:
    """A list of objects.

    Raises:
        MalformedDelivery: for anything else.
    """
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        message = f"{name!r} is not a list of objects"
        raise MalformedDelivery(message)
    return value


def read_ref(value: object) -> str:
    """The name of a ref.

    Raises:
        MalformedDelivery: when it is no text that could name one.
    """
    if not isinstance(value, str) or not value or len(value) > _LONGEST_REF or not value.isprintable():
        message = "the ref is not the name of one"
        raise MalformedDelivery(message)
    return value


def read_commit(value: object) -> str | None:
    """An object id; None where there is none.

    Raises:
        MalformedDelivery: when it is something else.
    """
    if value is None:
        return None
    if not isinstance(value, str) or not is_full_id(value):
        message = "the commit is not an object id"
        raise MalformedDelivery(message)
    return value


def moved(ref: str, commit: str | None, *, deleted: bool = False) -> Update | Deletion:
    """What a push did to a ref. Zeros stand for "deleted"; a commit that is not named at all stands for nothing.

    Args:
        ref: its name.
        commit: where it is now, as far as the forge said so.
        deleted: whether the forge says in another way that it is gone.
    """
    gone = deleted or (commit is not None and not commit.strip("0"))
    return Deletion(ref) if gone else Update(ref, commit)


def settle(updates: Iterable[Update | Deletion]) -> Push | Ignored:
    """Leave deletions out: what is deployed stays when its branch goes."""
    every = tuple(updates)
    kept = tuple(update for update in every if isinstance(update, Update))
    if kept:
        return Push(kept)
    if every:
        names = ", ".join(update.ref for update in every[:3])
        return Ignored(IgnoredReason.DELETION, f"{names} was deleted; a deletion undeploys nothing")
    return Ignored(IgnoredReason.NO_REF, "the push moved no ref")


def other_event(event: object) -> Ignored:
    """The answer to an event that is not a push."""
    name = event[:80] if isinstance(event, str) else "unnamed"
    return Ignored(IgnoredReason.OTHER_EVENT, f"the event {name!r} is not a push")


def pinged() -> Ignored:
    """The answer to a forge that tries out its webhook."""
    return Ignored(IgnoredReason.PING, "the webhook works")


def push_of_one_ref(payload: dict[str, object]) -> Push | Ignored:
    """Read the push event that GitHub introduced and Gitea, Forgejo and Gogs send in the same shape.

    `after` of an annotated tag is the tag object; `head_commit`, where it is sent, is the commit behind it.

    Raises:
        MalformedDelivery: when it is not of that shape.
    """
    ref = read_ref(payload.get("ref"))
    update = moved(ref, read_commit(payload.get("after")), deleted=payload.get("deleted") is True)
    if isinstance(update, Update) and ref.startswith("refs/tags/"):
        update = Update(ref, read_commit(part(payload, "head_commit", "id")) or update.commit)
    return settle([update])
