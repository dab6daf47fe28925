"""Messages have a length, and steer no terminal."""

from __future__ import annotations

import json

from workers.model.messages import LONGEST, shortened, visible


def test_a_long_message_keeps_its_beginning_and_its_end() -> None:
    text = "it failed: " + "x" * 5000 + " in the last line"
    short = shortened(text)
    assert len(short) == LONGEST
    assert short.startswith("it failed: x")
    assert short.endswith("x in the last line")
    assert "characters left out …" in short
    assert shortened("x" * LONGEST) == "x" * LONGEST


def test_what_would_steer_a_terminal_is_spelled_and_what_is_written_stays() -> None:
    assert visible("\x1b]0;title\x07 a\r\nb\tc\n\x9b2J\u202e") == "\\u001b]0;title\\u0007 a\nb\tc\n\\u009b2J\\u202e"
    assert visible("Müller ☃ 你好") == "Müller ☃ 你好"
    assert visible("over\rwritten") == "over\\u000dwritten"


def test_json_stays_the_same_json() -> None:
    value = {"a": "\x7f \x9b \u202e \x1b"}
    assert json.loads(visible(json.dumps(value, ensure_ascii=False))) == value
