"""One log of many programs: whole lines, and for people what happened."""

from __future__ import annotations

import io
import json
import os
import re
from datetime import datetime

import pytest

from app.up.loglines import LogLines

DEPLOYED = {
    "event": "deployment ended",
    "logger": "workers.deploy.report",
    "level": "info",
    "timestamp": "2026-11-28T09:01:30.250Z",
    "stack": "default/authelia",
    "outcome": "deployed",
    "reason": "content_changed",
    "seconds": 6.1,
    "deployment": "d1",
    "task": "t",
}
OF_CELERY = {"event": "celery@vm ready.", "logger": "celery.apps.worker", "level": "info"}


def _fed(log_format: str, *chunks: tuple[str, str], verbose: bool = False) -> list[str]:
    stream = io.StringIO()
    log = LogLines("json" if log_format == "json" else "console", stream, verbose=verbose)
    for process, text in chunks:
        log.feed(process, text)
    return stream.getvalue().splitlines()


def _told(**fields: object) -> list[str]:
    """What is printed of a line of the worker's, behind the time."""
    return [line[10:] for line in _fed("console", ("worker", json.dumps(DEPLOYED | fields) + "\n"))]


def test_a_deployment_is_one_line_in_the_words_of_the_contract() -> None:
    at = datetime.fromisoformat(str(DEPLOYED["timestamp"])).astimezone()
    line = f"{at:%H:%M:%S}  authelia  deployed  content changed  6.1 s"
    assert _fed("console", ("worker", json.dumps(DEPLOYED) + "\n")) == [line]


def test_one_that_failed_says_why_and_steers_no_terminal() -> None:
    told = _told(stack="nas/web", outcome="rolled_back", message="unhealthy: \x1b[31mno")
    assert told == ["nas/web   rolled back  content changed  6.1 s  unhealthy: \\u001b[31mno"]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"event": "pulled", "repo": "homelab", "commit": "1f" * 20, "changed": 2, "unchanged": 13}, "homelab "),
        ({"event": "reconciled", "published": 0, "healing": 1}, "worker    reconciled  1 healing"),
        ({"event": "webhook", "repo": "homelab", "forge": "github", "result": "queued"}, "homelab   webhook  github"),
        ({"event": "clone made", "repo": "homelab"}, "homelab   clone made"),
    ],
)
def test_so_is_whatever_else_happened(fields: dict[str, object], told: str) -> None:
    line = json.dumps({"logger": "workers.x", "level": "info"} | fields)
    assert _fed("console", ("worker", line + "\n"))[0][10:].startswith(told)


@pytest.mark.parametrize("event", ["pulled", "reconciled"])
def test_a_look_that_found_nothing_new_is_none(event: str) -> None:
    line = json.dumps({"logger": "workers.x", "level": "info", "event": event, "changed": 0, "unchanged": 15}) + "\n"
    assert _fed("console", ("worker", line)) == []
    assert len(_fed("console", ("worker", line), verbose=True)) == 1


@pytest.mark.parametrize(
    ("process", "line"),
    [
        ("worker", json.dumps(OF_CELERY)),
        ("worker", "worker: Warm shutdown (MainProcess)"),
        ("redis", "7:M 28 Nov 2026 09:00:00.000 # Server initialized"),
    ],
)
def test_what_programs_say_of_themselves_is_left_out_unless_it_is_asked_for(process: str, line: str) -> None:
    assert _fed("console", (process, line + "\n")) == []
    assert len(_fed("console", (process, line + "\n"), verbose=True)) == 1


@pytest.mark.parametrize(
    ("process", "line"),
    [
        ("worker", json.dumps(OF_CELERY | {"level": "warning", "event": "connection lost"})),
        ("web", json.dumps(OF_CELERY | {"level": "error", "logger": "gunicorn.error"})),
        ("redis", "7:M 28 Nov 2026 09:00:00.000 # Can't save in background: fork: Cannot allocate memory"),
        ("flower", "ImportError: no such module"),
    ],
)
def test_what_goes_wrong_with_them_is_not(process: str, line: str) -> None:
    assert len(_fed("console", (process, line + "\n"))) == 1


def test_a_traceback_stands_below_its_line() -> None:
    told = _told(event="request_failed", level="error", exception='Traceback:\n  File "x"\nValueError')
    assert [line.strip() for line in told][1:] == ["Traceback:", 'File "x"', "ValueError"]


def test_a_line_that_comes_in_parts_is_printed_when_it_is_whole() -> None:
    lines = _fed("console", ("web", "be"), ("worker", "x\n"), ("web", "gin\r\n"), ("web", "  \n"))
    assert [line.split()[1:] for line in lines] == [["worker", "x"], ["web", "begin"]]


def test_the_last_words_of_a_program_are_not_lost() -> None:
    stream = io.StringIO()
    log = LogLines("console", stream)
    log.feed("web", "no end")
    log.end("web")
    log.end("web")
    assert re.fullmatch(r"\d\d:\d\d:\d\d  web       no end\n", stream.getvalue())


def test_a_line_without_an_end_does_not_grow_for_ever() -> None:
    assert len(_fed("console", ("web", "x" * 100_000))) == 1


def test_as_json_every_line_is_an_object_that_names_its_program() -> None:
    lines = _fed("json", ("web", '{"event": "pushed", "repo": "r"}\nplain text\n[1]\n'))
    objects = [json.loads(line) for line in lines]
    assert objects[0] == {"event": "pushed", "repo": "r", "process": "web"}
    assert [(found["event"], found["process"]) for found in objects[1:]] == [("plain text", "web"), ("[1]", "web")]


def test_a_notice_is_our_own_line() -> None:
    stream = io.StringIO()
    LogLines("console", stream).notice("stopping", signal="SIGTERM")
    assert re.fullmatch(r"\d\d:\d\d:\d\d  tegu      stopping  signal=SIGTERM\n", stream.getvalue())
    stream = io.StringIO()
    LogLines("json", stream).notice("stopping", signal="SIGTERM")
    found = json.loads(stream.getvalue())
    assert (found["event"], found["process"], found["signal"]) == ("stopping", "tegu", "SIGTERM")


def test_trouble_is_colored_on_a_terminal_only() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    log = LogLines("console", stream)
    log.feed("worker", json.dumps(DEPLOYED) + "\n" + json.dumps(DEPLOYED | {"level": "error"}) + "\n")
    plain, colored = stream.getvalue().splitlines()
    assert colored == f"\x1b[31m{plain}\x1b[0m"


def test_a_reader_that_has_gone_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as stream:  # noqa: PTH123 (a descriptor)
        log = LogLines("console", stream)
        log.feed("web", "one\n")
        log.feed("web", "two\n")
