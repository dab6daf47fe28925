"""Whatever is sent: `verify` answers, `parse` answers or says that it is malformed, and nothing else happens."""

from __future__ import annotations

import contextlib
import copy
import json
from urllib.parse import quote_plus

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import webhooks
from app.webhooks import Ignored, MalformedDelivery, Push
from app.webhooks.payload import payload_field
from tests import forges

NAMES = sorted({name.lower() for forge in forges.FORGES for name in forges.push(forge).headers} | {"webhook-signature"})
VALUES = [event for pair in forges.EVENTS.values() for event in pair] + [
    "ping",
    "System Hook",
    "Basic Og==",
    "sha256=0",
]
HEADERS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES) | st.text(max_size=40))

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([forges.BRANCH, forges.COMMIT, forges.ZEROS, "git.push", "push", "branch", "DELETE"])
)
KEYS = st.sampled_from(
    [
        "ref",
        "after",
        "before",
        "deleted",
        "head_commit",
        "id",
        "push",
        "changes",
        "new",
        "old",
        "type",
        "name",
        "target",
        "hash",
        "toHash",
        "eventType",
        "resource",
        "refUpdates",
        "newObjectId",
        "event_name",
        "checkout_sha",
        "commit",
        "payload",
    ]
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=20,
)


# How long an example takes says something of the machine alone.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def deliver(headers: dict[str, str], body: bytes) -> None:
    for forge in (webhooks.recognise(headers), *webhooks.FORGES):
        assert forge.verify(headers, body, b"s3cret") is False
        assert forge.verify(headers, body, b"") is False
        with contextlib.suppress(MalformedDelivery):
            assert isinstance(forge.parse(headers, body), Push | Ignored)


@unhurried
@given(HEADERS, st.binary(max_size=200))
def test_any_bytes_with_any_headers_are_answered(headers: dict[str, str], body: bytes) -> None:
    deliver(headers, body)


@unhurried
@given(HEADERS, TREES)
def test_any_json_with_any_headers_is_answered(headers: dict[str, str], payload: object) -> None:
    deliver(headers, json.dumps(payload).encode())


@unhurried
@given(st.sampled_from(forges.FORGES), st.data())
def test_a_genuine_push_with_any_part_replaced_is_answered(forge: str, data: st.DataObject) -> None:
    payload = copy.deepcopy(forges.PAYLOADS[forge]([(forges.BRANCH, forges.COMMIT)]))  # parts of it are shared
    place = payload
    while True:
        key = data.draw(st.sampled_from(sorted(place)))
        if not isinstance(place[key], dict) or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(TREES)
    delivery = forges.sign(forge, forges.EVENTS[forge][0], payload)
    headers = webhooks.lowered(delivery.headers)
    with contextlib.suppress(MalformedDelivery):
        assert isinstance(webhooks.recognise(headers).parse(headers, delivery.body), Push | Ignored)


@unhurried
@given(st.binary(max_size=300))
def test_a_form_field_is_decoded_as_it_was_encoded(text: bytes) -> None:
    assert payload_field(b"payload=" + quote_plus(text).encode()) == text
