"""The only door to Apprise, which knows how to tell people something by whatever service they read.

Addresses hold secrets. What Apprise and the libraries below it write of them is not to be relied on, so nothing of it
gets any further: an error here says which receiver, never where.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workers.catalog.problems import nearest
from workers.model.secret import Secret
from workers.model.stack import Receiver
from workers.model.words import News
from workers.runtime.late import late

if TYPE_CHECKING:
    import apprise
else:
    apprise = late("apprise")  # a seventh of a second, and half as much for its services

SECONDS = 5.0
"""How long sending a notice may take, to all receivers together."""

_KINDS = {
    News.FAILED: "failure",
    News.ROLLED_BACK: "failure",
    News.BLOCKED: "warning",
    News.INVALID: "warning",
    News.RECOVERED: "success",
    News.DEPLOYED: "success",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """What to tell, masked already."""

    news: News
    title: str
    body: str


def problem_of(receiver: Receiver) -> str | None:
    """Why a receiver cannot be told anything, never with its address; None when Apprise understands that."""
    if _apprise(receiver.url):
        return None
    service, known = service_of(receiver.url), apprise.NotificationManager().schemas()  # type: ignore[no-untyped-call]
    if service and service not in {*known, "http", "https"}:
        return f"Apprise knows no {service}://; {nearest(service, known)}"
    return "Apprise does not understand the address, or lacks a package for its service; see the page of that service"


def service_of(url: Secret) -> str:
    """What an address begins with; empty if it begins with no service, since it is then all secret."""
    service, separator, _ = url.reveal().partition("://")
    return service.lower() if separator and service.isalnum() else ""


def send(notices: Sequence[tuple[Receiver, Notice]]) -> dict[str, bool]:
    """Send a notice to each receiver, all at once, within `SECONDS`.

    Returns:
        By the receiver's name, whether it took the notice.
    """
    with ThreadPoolExecutor(len(notices) or 1) as pool:
        taken = list(pool.map(lambda pair: _send(*pair), notices))
    return {receiver.name: good for (receiver, _), good in zip(notices, taken, strict=True)}


def _send(receiver: Receiver, notice: Notice) -> bool:
    teller, kind = _apprise(receiver.url), _KINDS[notice.news]
    # A receiver that is not heard of by then is given up by Apprise, which leaves a thread with it.
    sent = teller.notify(notice.body, notice.title, kind, body_format=apprise.NotifyFormat.TEXT, timeout=SECONDS)
    return bool(sent)


def _apprise(url: Secret) -> apprise.Apprise:
    """An Apprise with one receiver; with none, and so false, when it does not understand the address."""
    _hush()
    asset = apprise.AppriseAsset(app_id="Tegu", app_desc="Tegu", app_url="", storage_mode="memory")
    made = apprise.Apprise(asset=asset)
    if (service := apprise.Apprise.instantiate(url.reveal(), asset=asset)) is not None:
        made.add(service)
    return made


def _hush() -> None:
    """Let Apprise write nothing: some of its services quote an address, or an answer, as it is."""
    logger = logging.getLogger("apprise")
    logger.disabled, logger.propagate = True, False
