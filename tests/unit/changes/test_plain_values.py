"""Which differences of a Compose file are plain values, and what the model is then."""

from __future__ import annotations

from typing import Any

import pytest

from workers.changes.plain_values import model_of

FILE = """\
# ein Größenvergleich 😀
x-common: &common {RESTARTS: "1"}
services:
  web:
    image: busybox:1.36
    command: ["sh", "-c", "sleep 1000"]
    environment:
      LEVEL: info
      GREETING: 'hello there'
      COUNT: 5
      FROM: ${HOST}
    labels: {team: "a", name: plain}
    ports: ["80:80"]
  db:
    image: "postgres:16"
"""
MODEL: dict[str, Any] = {
    "services": {
        "web": {
            "image": "busybox:1.36",
            "command": ["sh", "-c", "sleep 1000"],
            "environment": {"LEVEL": "info", "GREETING": "hello there", "COUNT": "5", "FROM": "here"},
            "labels": {"team": "a", "name": "plain"},
        },
        "db": {"image": "postgres:16"},
    }
}


def test_all_plain_values_at_once() -> None:
    new = FILE
    for old, text in {
        "busybox:1.36": "busybox:1.37",
        "sleep 1000": "sleep 1001 # no comment; é is",
        "info": "debug",
        "hello there": 'say "hello"',
        '"a"': '"b: c"',
        "postgres:16": "postgres:17@sha256:abc",
    }.items():
        new = new.replace(old, text.replace("é", "e"))
    made = model_of(new, FILE, MODEL)
    assert made is not None
    web, db = made["services"]["web"], made["services"]["db"]
    assert (web["image"], db["image"]) == ("busybox:1.37", "postgres:17@sha256:abc")
    assert web["command"] == ["sh", "-c", "sleep 1001 # no comment; e is"]
    assert web["environment"] == {"LEVEL": "debug", "GREETING": 'say "hello"', "COUNT": "5", "FROM": "here"}
    assert web["labels"] == {"team": "b: c", "name": "plain"}
    assert MODEL["services"]["web"]["image"] == "busybox:1.36"


def test_the_same_text_has_the_same_model() -> None:
    assert model_of(FILE, FILE, MODEL) == MODEL


@pytest.mark.parametrize(
    ("old", "text"),
    [
        ("info", "null"),
        ("info", "true"),
        ("info", "~"),
        ("info", "17"),
        ("info", "1e3"),
        ("info", "2001-01-01"),
        ("info", ".inf"),
        ("info", "a: b"),
        ("info", "a #b"),
        ("info", "a#b"),
        ("info", "info:"),
        ("info", "- a"),
        ("info", "*common"),
        ("info", "&x info"),
        ("info", "!!str info"),
        ("info", "!reset null"),
        ("info", ""),
        ("info", "größer"),
        ("info", "$HOST"),
        ("info", "|\n        more"),
        ("info", "info\n      MORE: x"),
        ("sleep 1000", "sleep $X"),
        ("sleep 1000", "a\\nb"),
        ("sleep 1000", 'a", "b'),
        ("sleep 1000", ""),
        ("hello there", "it''s"),
        ("hello there", "${X}"),
        ("5\n", "6\n"),
        ("${HOST}", "there"),
        ("plain", "other"),
        ("80:80", "81:80"),
        ('"1"', '"2"'),
        ("busybox:1.36", "busybox:1.36 x"),
        ("busybox:1.36", "1"),
        ("postgres:16", "postgres: 16"),
        ("  db:", "  other:"),
        ("# ein", "# zwei"),
    ],
)
def test_everything_else_is_for_compose_to_say(old: str, text: str) -> None:
    assert FILE.count(old) == 1
    assert model_of(FILE.replace(old, text), FILE, MODEL) is None


@pytest.mark.parametrize(
    "text",
    [
        "services: {web: {image: a, <<: {command: [x]}}}",
        "services: {web: {image: 'a', extends: {service: db}}, db: {image: 'c'}}",
        "include: [other.yaml]\nservices: {web: {image: 'a'}}",
        "services: {web: {image: 'a', image: 'c'}}",
        "services: {web: {environment: &e {X: 'a'}}, db: {environment: *e}}",
        "services: {web: {image: !!str 'a'}}",
        "services: !override {web: {image: 'a'}}",
        "services: {web: {image: a}}",
        "services: {web: {command: 'a'}}",
        "services: {web: {environment: ['X=a']}}",
        "services: {web: {image: 'a'}}\n---\nservices: {}\n",
        "services: {web: {image: >-\n a\n}}",
        "a",
        "# a",
        "{a",
    ],
)
def test_of_a_file_with_anything_unusual_in_it_nothing_is_known(text: str) -> None:
    model = {"services": {"web": {"image": "a", "command": ["a"], "environment": {"X": "a"}}}}
    new = text.replace("'a'", "'b'") if "'a'" in text else text.replace("a", "b")
    assert model_of(new, text, model) is None


def test_a_value_that_compose_has_otherwise_is_not_replaced() -> None:
    model = {"services": {"web": {"image": "mirror/busybox:1.36"}, "db": {"image": "postgres:16"}}}
    assert model_of(FILE.replace("1.36", "1.37"), FILE, model) is None
    assert model_of(FILE.replace("1.36", "1.37"), FILE, {}) is None
