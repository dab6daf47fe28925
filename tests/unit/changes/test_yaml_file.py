from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.changes import limits
from workers.changes.yaml_file import load
from workers.model.errors import InvalidStack


def model(text: str) -> dict[str, Any]:
    [part] = load(text.encode(), "compose.yaml").parts
    return part.model


def resets(text: str) -> tuple[tuple[str | int, ...], ...]:
    [part] = load(text.encode(), "compose.yaml").parts
    return part.resets


def refused(content: bytes | str) -> InvalidStack:
    with pytest.raises(InvalidStack) as caught:
        load(content if isinstance(content, bytes) else content.encode(), "compose.yaml")
    assert caught.value.file == "compose.yaml"
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: {b: [1, two, 'three', null]}", {"a": {"b": [1, "two", "three", None]}}),
        ("a: |\n  x\n  y\n", {"a": "x\ny\n"}),
        ("a: '1'\nb: \"2\"\n'3': 4", {"a": "1", "b": "2", "3": 4}),
        ("yes: on", {"yes": "on"}),
        ("\ufeffa: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
        ("a: !foo x\nb: ! 5\nc: !!str 5\nd: !foo {e: 1}", {"a": "x", "b": "5", "c": "5", "d": {"e": 1}}),
        ("a: &x {b: 1}\nc: *x\nd: &x 2\ne: *x", {"a": {"b": 1}, "c": {"b": 1}, "d": 2, "e": 2}),
        ("a: {<<: {b: 1, c: 2}, c: 3}", {"a": {"b": 1, "c": 3}}),
        ("a: {c: 3, <<: [{b: 1, c: 2}, {b: 4, d: 5}]}", {"a": {"b": 1, "c": 3, "d": 5}}),
        ("a: {'<<': 1}", {"a": {"<<": 1}}),
    ],
)
def test_yaml_is_read_as_compose_reads_it(text: str, value: object) -> None:
    assert model(text) == value


def test_an_alias_may_stand_for_a_key() -> None:
    assert model("a: &k b\n*k : 3") == {"a": "b", "b": 3}


def test_utf_16_is_read() -> None:
    [part] = load("a: é".encode("utf-16"), "f").parts
    assert part.model == {"a": "é"}


def test_each_document_of_a_file_is_a_part() -> None:
    assert [part.model for part in load(b"a: &x 1\n---\na: 2\n...\n", "f").parts] == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"\n\n"])
def test_a_file_without_a_document_has_no_parts(content: bytes) -> None:
    assert load(content, "f").parts == ()


@pytest.mark.parametrize(
    ("text", "value", "paths"),
    [
        ("a: {b: !reset null, c: 1}", {"a": {"c": 1}}, (("a", "b"),)),
        ("a: {b: !reset [1], c: !reset {d: 1}}", {"a": {}}, (("a", "b"), ("a", "c"))),
        ("a: [!reset 1, 2]", {"a": [2]}, ()),
        ("a: !override {b: 1}", {"a": {"b": 1}}, (("a",),)),
        ("a: !override [1]", {"a": [1]}, (("a",),)),
        ("a: {b: !override 5}", {"a": {"b": "5"}}, (("a", "b"),)),
        ("a: [!override 1, {b: !override x}]", {"a": ["1", {"b": "x"}]}, (("a", 0), ("a", 1, "b"))),
        ("a: !override {b: !override [!override x]}", {"a": {"b": ["x"]}}, (("a",),)),
        ("x: &x !reset 1\na: {b: *x}", {"a": {}}, (("x",), ("a", "b"))),
        ("x: &x !override {c: 1}\na: *x", {"x": {"c": 1}, "a": {"c": 1}}, (("x",), ("a",))),
        ("a: {<<: {b: !reset 1, c: 2}}", {"a": {"c": 2}}, (("a", "b"),)),
        ("a: {<<: !override {b: 1}}", {"a": {"b": 1}}, ()),
        ("a: {<<: !reset {b: 1}}", {"a": {}}, (("a",),)),
    ],
)
def test_tags_of_compose_take_away_what_is_below(text: str, value: object, paths: object) -> None:
    assert model(text + "\nz: 1") == {**value, "z": 1}  # type: ignore[dict-item]
    assert resets(text + "\nz: 1") == paths


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: 2\na: 3", 3, "already defined at line 1"),
        ("a:\n  <<: {b: 1}\n  <<: {c: 1}", 3, "the key << is already defined at line 2"),
        ("a: {<<: 5}", 1, "`<<` must be given a mapping"),
        ("a: {<<: [{b: 1}, 5]}", 1, "`<<` must be given a mapping"),
        ("a: 1\n5: 1", 2, "a key is not a text"),
        ("true: 1", 1, "a key is not a text"),
        ("~: 1", 1, "a key is not a text"),
        ("? [a]\n: 1", 1, "is not a text"),
        ("a: *b", 1, "*b has no anchor"),
        ("a: &b [*b]", 1, "*b has no anchor"),
        ("a: *b\n---\na: &b 1", 1, "*b has no anchor"),
        ("2020-01-01: a", 1, "is not a text"),
        ("- a", 1, "must be a mapping at the top"),
        ("---\n---\na: 1", 2, "must be a mapping at the top"),
        ("text", 1, "must be a mapping at the top"),
        ("!reset {a: 1}", 1, "must be a mapping at the top"),
        ("a: !!int x", 1, "what is tagged !!int is none"),
        ("a: b: c", 1, "not valid YAML"),
        ("a:\n\t- b", 2, "not valid YAML"),
        ("a: 'b", 2, "not valid YAML"),
        ("a: [", 2, "not valid YAML"),
        ("%YAML 3.0\n---\na: 1", 1, "not valid YAML"),
    ],
)
def test_what_compose_would_refuse_is_refused_with_its_line(text: str, line: int, message: str) -> None:
    error = refused(text + "\n")
    assert message in error.message
    assert error.line == line


@pytest.mark.parametrize("content", [b"a: \x01", b"a: \xff\xfe", b"\xff\xfe\x00", b"\x00"])
def test_what_is_no_text_is_refused(content: bytes) -> None:
    assert "not valid YAML" in refused(content).message


def bomb(levels: int, width: int) -> str:
    lines = [f"a0: &a0 [{','.join('x' * width)}]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels + 1)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (bomb(10, 10), "more than 50000 keys and values"),
        (f"a: &a {'x' * 900_000}\nb: [{','.join(['*a'] * 40)}]", "characters"),
        ("[" * 1_000_000, "nested deeper than 100|maximum nesting depth"),  # a newer libyaml is the first to refuse it
        ("a: " + "{b: " * 200_000, "nested deeper than 100"),
        ("\n".join([*(f"{'  ' * n}a:" for n in range(150)), "  " * 150 + "b"]), "nested deeper than 100"),
        ("a0: &a0 [x]\n" + "\n".join(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 200)), "with all aliases"),
        ("a: " + "x" * 50_000_000, "the file has 50000003 bytes"),
        ("a: [" + "x," * 50_001 + "]", "more than 50000 keys and values"),
        ("{" + "".join(f"k{n}: &k{n} {{<<: *k{n - 1}}}, " for n in range(1, 10)) + "}", "has no anchor"),
    ],
    ids=["aliases", "text", "flow", "mappings", "blocks", "chain", "size", "items", "merges"],
)
def test_a_hostile_file_is_refused_at_once(content: str, message: str) -> None:
    started = time.process_time()
    assert re.search(message, refused(content).message)
    assert time.process_time() - started < 2


def test_a_file_at_the_limits_is_read() -> None:
    depth = limits.MAX_DEPTH - 1
    assert model("a: " + "[" * depth + "]" * depth)
    assert len(model("a: [" + "x," * 45_000 + "]")["a"]) == 45_000


TEXT = """\
services:
  web:
    image: x
    volumes:
      - ./a:/a
      - ./b:/b
    <<: *a
---
services:
  db: {image: y}
"""


@pytest.mark.parametrize(
    ("path", "part", "line"),
    [
        (("services", "web", "image"), 0, 5),
        (("services", "web", "volumes"), 0, 6),
        (("services", "web", "volumes", 1), 0, 8),
        (("services", "web", "volumes", 1, "source"), 0, 8),
        (("services", "web", "command"), 0, 4),
        (("services", "db"), 1, 12),
        (("networks",), 0, None),
        ((), 0, None),
        (("services",), 7, None),
    ],
)
def test_a_key_has_a_line(path: tuple[str | int, ...], part: int, line: int | None) -> None:
    document = load(("x-a: &a\n  command: z\n" + TEXT).encode(), "compose.yaml")
    assert document.line(path, part) == line
    error = document.error("wrong", path, part)
    assert (error.message, error.file, error.line) == ("wrong", "compose.yaml", line)


@given(st.text(alphabet="abx012 :-[]{}&*!<>'\"|~#?,\n\t", max_size=60))
def test_no_text_makes_reading_fail_otherwise(text: str) -> None:
    try:
        document = load(text.encode(), "f")
    except InvalidStack:
        return
    assert all(isinstance(part.model, dict) for part in document.parts)


def test_an_anchor_is_still_known_in_later_documents_until_it_is_given_again() -> None:
    found = load(b"a: &b {x: 1}\n---\na: *b\n---\nc: &b 2\na: *b", "f")
    assert [part.model["a"] for part in found.parts] == [{"x": 1}, {"x": 1}, 2]


def test_what_anchors_stand_for_in_all_documents_together_has_a_limit() -> None:
    bomb = "a: &b [" + "x, " * 1000 + "]\n" + "---\n{k: *b}\n" * 100
    with pytest.raises(InvalidStack, match="with all aliases"):
        load(bomb.encode(), "f")
