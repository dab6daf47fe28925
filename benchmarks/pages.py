"""What the first page of a thousand stacks costs, and twenty open pages, while nothing happens and while pulls run.

The thousand stacks are only written down, each with twenty deployments; the page is asked for in this process, and what
counts is its processor time. The open pages are held by threads of this process as a browser holds them (`tegu.js`):
a stream each, and a look at the page when something has happened, never more often than it allows. What they cost is
what everything below `tegu up` takes more than it took before, with fifteen stacks that really run.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import statistics
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

from app.http.factory import create_app
from app.pages.room import add_pages
from benchmarks.figure import Figure
from benchmarks.processes import Taken, family, taken_by
from tests import scenes
from tests.e2e.system import System
from tests.redis_server import RedisServer
from workers.adapters.state import keys
from workers.runtime.settings import Settings
from workers.services import Services

STACKS, DEPLOYMENTS = 1000, 20
RUNNING = 15
OPEN = 20
_ROUNDS = 15
_SECONDS = 60.0
_PAUSE = 2.0  # seconds, as PAUSE and the others of tegu.js
_SHARE = 15
_LONGEST = 60.0
_CALM = 60.0
_CATALOG = """\
repos:
  homelab: {url: "https://git.example.com/me/homelab.git", ref: main, webhook_secret: planted, discover: ["services/*"]}
environments:
  production: {worker: local}
"""
_COMPOSE = """\
services:
  app:
    image: busybox:stable
    command: sleep 100000
    network_mode: none
    stop_signal: SIGKILL
"""


def measure() -> Iterator[Figure]:
    """The large page, then the many."""
    yield from _a_large_page()
    yield from _many_pages()


# ---------------------------------------------------------------- one page of a thousand stacks


def _a_large_page() -> Iterator[Figure]:
    folder, server = Path(tempfile.mkdtemp(prefix="tegu-bench-")), RedisServer(str(shutil.which("redis-server")))
    (folder / "tegu.yaml").write_text(_CATALOG, encoding="utf-8")
    settings = Settings(catalog=folder / "tegu.yaml", data_dir=folder, redis_url=server.url, api_open="loopback")
    services = Services(settings)
    try:
        scenes.all_well(services.state, STACKS)
        for number, stack in enumerate(services.state.records.known()):
            past = {"outcomes": _outcomes(number), "names": " ".join(["1m8gyytkgjjdar:b6589fc"] * DEPLOYMENTS)}
            services.state.redis.hset(keys.status(stack), "past", json.dumps(past))
        first, again, size = _asked(services)
        question, remark = (
            f"processor time of the first page of {STACKS} stacks",
            f"{first * 1e3:.0f} ms the first time",
        )
        yield Figure(question, again * 1e3, goal=150, remark=remark)
        yield Figure(
            "its size", size / 1e3, goal=300, unit="kB", remark=f"with the last {DEPLOYMENTS} deployments of each"
        )
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _outcomes(number: int) -> str:
    """Every seventh stack has failed twice."""
    return "".join("f" if number % 7 == 0 and turn in {4, number % DEPLOYMENTS} else "d" for turn in range(DEPLOYMENTS))


def _asked(services: Services) -> tuple[float, float, int]:
    """Seconds of processor time of the first request, and of the later ones, in the median; the page's bytes."""
    client = add_pages(create_app(services), services).test_client()
    times, size = [], 0
    for _ in range(_ROUNDS):
        before = time.process_time()
        size = len(client.get("/").data)
        times.append(time.process_time() - before)
    return times[0], statistics.median(times[1:]), size


# ---------------------------------------------------------------- twenty open pages


class _Up(System):
    """A system that says which process has started all others."""

    @property
    def up(self) -> int:
        """Its id."""
        return self._processes[-1].pid


class _Page(threading.Thread):
    """A page that somebody looks at."""

    def __init__(self, url: str, cookie: str, end: threading.Event) -> None:
        super().__init__(daemon=True)
        self._address = urlsplit(url)
        self._cookie = cookie
        self._end = end
        self._took = 0.0
        self.looks = 0

    def run(self) -> None:
        """Look, then hold a stream and look when it says something; it begins again when it ends."""
        self.look()
        while not self._end.is_set():
            try:
                self._listen()
            except (OSError, HTTPException):
                time.sleep(1)

    def _listen(self) -> None:
        stream = self._open("/api/v1/events")
        due, rested = 0.0, time.monotonic()
        while (line := stream.readline()) and not self._end.is_set():
            now = time.monotonic()
            if not due and (line.startswith(b"event:") or now - rested > _CALM):
                due = now + min(max(_PAUSE, _SHARE * self._took), _LONGEST)
            if due and now >= due:
                due, rested = 0.0, now
                self.look()

    def look(self) -> None:
        """Ask for the page."""
        began = time.monotonic()
        self._open("/").read()
        self._took = time.monotonic() - began
        self.looks += 1

    def _open(self, path: str) -> HTTPResponse:
        connection = HTTPConnection(str(self._address.hostname), self._address.port, timeout=90)
        headers = {"Cookie": self._cookie, "Accept": "text/html", "Accept-Encoding": "gzip"}
        connection.request("GET", path, headers=headers)
        return connection.getresponse()


def _many_pages() -> Iterator[Figure]:
    folder = Path(tempfile.mkdtemp(prefix="tegu-bench-"))
    system = _Up(folder)
    try:
        system.start()
        commit = system.push({f"services/s{number}/compose.yaml": _COMPOSE for number in range(RUNNING)})
        system.follow(system.send_push(commit)[1]["run"], 300)
        time.sleep(_SECONDS / 2)
        yield from _compared(system)
    finally:
        system.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _compared(system: _Up) -> Iterator[Figure]:
    roots = [system.up]

    def nothing() -> None:
        time.sleep(2)

    def pull() -> None:
        system.ask("/api/v1/repos/homelab/pull", b"{}")
        time.sleep(2)

    alone, alone_pulling = _taken(roots, nothing), _taken(roots, pull)
    web = _web(system)
    memory, end = taken_by([web]).memory, threading.Event()
    cookie = _logged_in(system)
    _Page(system.url, cookie, end).look()
    first = taken_by([web]).memory - memory
    pages = [_Page(system.url, cookie, end) for _ in range(OPEN)]
    for page in pages:
        page.start()
    time.sleep(5)
    opened, looks = _taken(roots, nothing), sum(page.looks for page in pages)
    pulling = _taken(roots, pull)
    more = sum(page.looks for page in pages) - looks
    answered = _answered(system)
    end.set()
    yield _share(f"{OPEN} open pages while nothing happens", opened, alone, f"{looks} looks")
    yield _share("the same while a pull runs every two seconds", pulling, alone_pulling, f"{more} looks")
    grown = taken_by([web]).memory - memory
    remark = f"{first:.0f} MiB of it for the first page that anybody has looked at"
    yield Figure("memory that they take in the web processes", grown, goal=20, unit="MiB", remark=remark)
    yield Figure("an answer of the API meanwhile", answered * 1e3)


def _web(system: _Up) -> int:
    """The process that has started those which serve pages."""
    for pid in family([system.up]):
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"gunicorn: master"):
                return pid
    message = "nobody serves pages"
    raise RuntimeError(message)


def _share(question: str, taken: Taken, before: Taken, remark: str) -> Figure:
    return Figure(f"{question}: share of a core", (taken.cpu - before.cpu) * 100, goal=5, unit="%", remark=remark)


def _taken(roots: list[int], act: Callable[[], object]) -> Taken:
    """What processes take while something is done again and again; `cpu` is the share of a core."""
    began, before = time.monotonic(), taken_by(roots)
    while time.monotonic() < began + _SECONDS:
        act()
    after, took = taken_by(roots), time.monotonic() - began
    return Taken(after.processes, after.memory, (after.cpu - before.cpu) / took)


def _answered(system: System) -> float:
    times = []
    for _ in range(_ROUNDS):
        began = time.monotonic()
        system.ask("/api/v1/repos")
        times.append(time.monotonic() - began)
    return statistics.median(times)


def _logged_in(system: System) -> str:
    """A session's cookie."""
    link = system.tegu("open").stdout.strip()
    try:
        urllib.request.build_opener(_Stay).open(link)
    except urllib.error.HTTPError as answer:
        return str(answer.headers["Set-Cookie"]).partition(";")[0]
    message = f"{link} has let nobody in"
    raise RuntimeError(message)


class _Stay(urllib.request.HTTPRedirectHandler):
    """Goes nowhere: the cookie comes with the redirect."""

    def redirect_request(self, *_: object) -> None:
        """Nowhere."""
