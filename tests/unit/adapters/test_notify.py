"""What Apprise sends, how long that may take, and that nothing of an address gets out."""

from __future__ import annotations

import logging
import subprocess
import sys
import time

import pytest

from tests.receivers import Receiver as Listener
from tests.receivers import Silent
from workers.adapters.notify import Notice, problem_of, send, service_of
from workers.model.secret import Secret
from workers.model.stack import Receiver
from workers.model.words import News

NOTICE = Notice(News.ROLLED_BACK, "production/web: rolled_back", "web: last exit code 3\n<b>& :smile: \\n")
PLANTED = "planted-s3cr3t"


def at(url: str, number: int = 0) -> Receiver:
    return Receiver(f"notify[{number}]", 1, Secret(url), frozenset(News))


def test_a_notice_arrives_as_it_is_written(receiver: Listener) -> None:
    assert send([(at(receiver.url()), NOTICE)]) == {"notify[0]": True}
    (taken,) = receiver.taken
    assert (taken["title"], taken["message"], taken["type"]) == (NOTICE.title, NOTICE.body.strip(), "failure")


def test_a_receiver_that_hangs_costs_others_nothing_and_us_a_few_seconds(receiver: Listener, silent: Silent) -> None:
    started = time.monotonic()
    slow = silent.url + "?rto=60&cto=60"
    assert send([(at(slow), NOTICE), (at(receiver.url(), 1), NOTICE)]) == {"notify[0]": False, "notify[1]": True}
    assert time.monotonic() - started < 30  # half of what the address asks for


def test_nothing_of_an_address_is_written_anywhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    refusing = Listener(status=401)
    addresses = [
        refusing.url(PLANTED),
        f"json://tegu:{PLANTED}@127.0.0.1:1/",
        f"json://127.0.0.1:1/{PLANTED}",
        f"slack://{PLANTED}",
        f"slak://{PLANTED}/x",
        PLANTED,
    ]
    receivers = [at(url, number) for number, url in enumerate(addresses)]
    assert not any(send([(each, NOTICE) for each in receivers]).values())
    told = " ".join(str(problem_of(each)) + service_of(each.url) for each in receivers)
    refusing.close()
    ours = [record for record in caplog.records if not record.name.startswith("urllib3")]  # whose debug is never shown
    assert PLANTED not in told + "".join(record.getMessage() for record in ours)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("json://127.0.0.1/", None),
        ("https://discord.com/api/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV", None),
        ("slak://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "Apprise knows no slak://; did you mean slack?"),
        ("slack://x", "Apprise does not understand the address"),
        ("just-a-token", "Apprise does not understand the address"),
    ],
)
def test_an_address_that_apprise_does_not_understand_is_told_without_it(url: str, problem: str | None) -> None:
    found = problem_of(at(url))
    assert (found is None) is (problem is None)
    assert (found or "").startswith(problem or "")


def test_a_catalog_with_receivers_is_read_without_apprise() -> None:
    catalog = "repos: {}\nnotify: [{url: 'json://h'}]\n"
    code = (
        "import sys; from pathlib import Path; from workers.catalog import parse_catalog; import workers.tasks;"
        f"parse_catalog({catalog!r}, path=Path('tegu.yaml'), environ={{}}).receivers[0];"
        "sys.exit('apprise' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
