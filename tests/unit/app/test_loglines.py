"""One log of many programs: whole lines, each with its writer."""

from __future__ import annotations

import io
import json
import os

from app.up.loglines import LogLines


def _fed(log_format: str, *chunks: tuple[str, str]) -> list[str]:
    stream = io.StringIO()
    log = LogLines("json" if log_format == "json" else "console", stream)
    for process, text in chunks:
        log.feed(process, text)
    return stream.getvalue().splitlines()


def test_each_line_stands_behind_its_program_s_name() -> None:
    assert _fed("console", ("web", "one\ntwo\r\n"), ("deploy", "\n  \nthree\n")) == [
        "web    | one",
        "web    | two",
        "deploy | three",
    ]


def test_a_line_that_comes_in_parts_is_printed_when_it_is_whole() -> None:
    assert _fed("console", ("web", "be"), ("pull", "x\n"), ("web", "gin\n")) == ["pull   | x", "web    | begin"]


def test_the_last_words_of_a_program_are_not_lost() -> None:
    stream = io.StringIO()
    log = LogLines("console", stream)
    log.feed("web", "no end")
    log.end("web")
    log.end("web")
    assert stream.getvalue() == "web    | no end\n"


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
    assert stream.getvalue() == "tegu   | stopping  signal=SIGTERM\n"
    stream = io.StringIO()
    LogLines("json", stream).notice("stopping", signal="SIGTERM")
    found = json.loads(stream.getvalue())
    assert (found["event"], found["process"], found["signal"]) == ("stopping", "tegu", "SIGTERM")


def test_names_are_colored_on_a_terminal_only() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    LogLines("console", stream).feed("web", "x\n")
    assert stream.getvalue() == "\x1b[36mweb    | \x1b[0mx\n"


def test_a_reader_that_has_gone_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as stream:  # noqa: PTH123 (a descriptor)
        log = LogLines("console", stream)
        log.feed("web", "one\n")
        log.feed("web", "two\n")
