"""Webhooks of every forge, without I/O: bytes in, a `Push` out.

One module per forge, all of one shape (`delivery.Forge`): `recognises(headers)`, `verify(headers, body, secret)`,
`parse(headers, body)`. `delivery` holds the values, `signature` compares secrets, `payload` reads bodies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.webhooks import (
    azure_devops,
    bitbucket_cloud,
    bitbucket_server,
    forgejo,
    generic,
    gitea,
    github,
    gitlab,
    gogs,
)
from app.webhooks.delivery import Forge, Headers, Ignored, IgnoredReason, MalformedDelivery, Push, Update

__all__ = [
    "FORGES",
    "Forge",
    "Headers",
    "Ignored",
    "IgnoredReason",
    "MalformedDelivery",
    "Push",
    "Update",
    "is_genuine",
    "lowered",
    "recognise",
]

FORGES: tuple[Forge, ...] = (
    forgejo,
    gitea,
    gogs,
    github,
    gitlab,
    bitbucket_cloud,
    bitbucket_server,
    azure_devops,
    generic,
)
"""In the order in which they are asked: Forgejo sends the headers of the next three, Gitea those of the next two."""


def lowered(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> Headers:
    """The headers as every forge's module wants them: names in lower case."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return {name.lower(): value for name, value in pairs}


def recognise(headers: Headers) -> Forge:
    """Whose delivery this is, by its headers."""
    return next(forge for forge in FORGES if forge.recognises(headers))


def is_genuine(forge: Forge, headers: Headers, body: bytes, secrets: Iterable[bytes]) -> bool:
    """Whether the sender knew one of the secrets. Several work side by side while one replaces another."""
    return any(forge.verify(headers, body, secret) for secret in secrets)
