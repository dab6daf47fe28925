from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.changes import limits
from workers.changes.interpolation import interpolate, interpolate_part, interpolate_tree, truth
from workers.changes.yaml_file import load
from workers.model.errors import InvalidStack

ENVIRON = {"A": "a", "EMPTY": "", "_x1": "under", "DOLLAR": "$A ${A}"}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("plain", "plain"), ("", ""), ("$", "$"), ("a$", "a$"), ("$1", "$1"), ("$ A", "$ A"), ("$.", "$."),
        ("$A", "a"), ("${A}", "a"), ("x${A}y$A-z", "xaya-z"), ("$_x1", "under"), ("$NONE|${NONE}", "|"),
        ("$$", "$"), ("$$A", "$A"), ("$$$A", "$a"), ("$${A}", "${A}"),
        ("${A:-d}", "a"), ("${EMPTY:-d}", "d"), ("${NONE:-d}", "d"), ("${A-d}", "a"), ("${EMPTY-d}", ""),
        ("${NONE-d}", "d"), ("${NONE:-}", ""), ("${A:+r}", "r"), ("${EMPTY:+r}", ""), ("${NONE:+r}", ""),
        ("${A+r}", "r"), ("${EMPTY+r}", "r"), ("${NONE+r}", ""), ("${A:?e}", "a"), ("${A?e}", "a"), ("${EMPTY?e}", ""),
        ("${NONE:-${A}}", "a"), ("${NONE:-x${NONE-${EMPTY:-y}}z}", "xyz"), ("${NONE:-$A}", "a"), ("${NONE:-$$A}", "$A"),
        ("${NONE-a}b}c", "ab}c"), ("${NONE-a} ${NONE-b}", "a b"), ("${NONE-{}}", "{}"), ("${NONE-{}", "{"),
        ("${NONE-{a}}", "{a}"), ("${NONE-:-x}", ":-x"), ("${NONE:--}", "-"), ("${DOLLAR}", "$A ${A}"),
        ("${NONE:-a}\n${NONE:-b}\n}", "a\nb\n}"), ("${A:-x}\n$A", "a\na"), ("${A:-${NONE:?e}}", "a"),
        ("${NONE:+${NONE:?e}}", ""), ("${A?${}", "a"), ("é$A", "éa"), ("$Aé", "aé"),
    ],
)  # fmt: skip
def test_a_template_becomes_the_text_that_compose_makes_of_it(template: str, text: str) -> None:
    assert interpolate(template, ENVIRON.get) == text


@pytest.mark.parametrize(
    "template", ["${", "${}", "${A", "${1}", "${A!x}", "${A:x}", "${ A}", "${NONE-a\nb}", "${A-${"]
)
def test_a_template_that_is_not_valid_is_refused(template: str) -> None:
    with pytest.raises(InvalidStack, match="invalid template"):
        interpolate(template, ENVIRON.get)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("${NONE?}", "the required variable NONE is missing a value"),
        ("${NONE:?}", "the required variable NONE is missing a value"),
        ("${EMPTY:?set it to $A}", "the required variable EMPTY is missing a value: set it to $A"),
        ("${NONE:-${EMPTY:?needed}}", "the required variable EMPTY is missing a value: needed"),
    ],
)
def test_a_required_variable_must_have_a_value(template: str, message: str) -> None:
    with pytest.raises(InvalidStack) as caught:
        interpolate(template, ENVIRON.get)
    assert caught.value.message == message


def test_every_variable_that_is_looked_up_is_noted_and_those_that_compose_misses() -> None:
    used: list[str] = []
    unset: list[str] = []
    interpolate("$A ${B} ${C:-${D}} ${A:+$E} ${F-x} $$G", ENVIRON.get, used.append, unset.append)
    assert sorted(used) == ["A", "A", "B", "C", "D", "E", "F"]
    assert unset == ["B", "D", "E"]


def test_a_tree_is_copied_with_its_texts_replaced_and_its_keys_kept() -> None:
    tree = {"$A": ["$A", 1, None, True, {"b": "${NONE:-$A}"}], "c": "plain"}
    assert interpolate_tree(tree, ENVIRON.get) == {"$A": ["a", 1, None, True, {"b": "a"}], "c": "plain"}
    assert tree["$A"] == ["$A", 1, None, True, {"b": "${NONE:-$A}"}]


@pytest.mark.parametrize(
    ("tree", "message"),
    [({"a": [{"b": "${"}]}, "a.0.b: invalid template"), ("${", "invalid template"), (["${A"], "0: invalid template")],
)
def test_an_error_in_a_tree_names_its_place(tree: object, message: str) -> None:
    with pytest.raises(InvalidStack) as caught:
        interpolate_tree(tree, ENVIRON.get)
    assert caught.value.message.startswith(message)


def test_an_error_in_a_file_names_its_line() -> None:
    document = load(b"a: $A\n---\nb:\n  - $A\n  - ${NONE?}\n", "compose.yaml")
    unset: list[str] = []
    assert interpolate_part(document, 0, ENVIRON.get, unset=unset.append) == {"a": "a"}
    with pytest.raises(InvalidStack) as caught:
        interpolate_part(document, 1, ENVIRON.get)
    assert str(caught.value) == "compose.yaml:5: b.1: the required variable NONE is missing a value"


def test_no_value_of_a_variable_makes_a_file_grow_without_limit() -> None:
    with pytest.raises(InvalidStack, match="a value becomes longer"):
        interpolate("$BIG" * 40, {"BIG": "x" * 50_000}.get)
    with pytest.raises(InvalidStack, match="the file becomes longer"):
        interpolate_tree(["$BIG"] * 40, {"BIG": "x" * 500_000}.get)


@pytest.mark.parametrize(
    "template",
    ["${A-}" * 50_000, "${A-" * 99_000, "${A-" * 99_000 + "}", "${A-" + "${B-x}" * 50_000 + "}", "${A-{" * 99_999],
)
def test_a_hostile_template_takes_no_time(template: str) -> None:
    started = time.process_time()
    with contextlib.suppress(InvalidStack):
        interpolate(template, ENVIRON.get)
    assert time.process_time() - started < 4


def test_variables_nest_only_so_deep() -> None:
    fine = "${NONE-" * limits.MAX_TEMPLATE_DEPTH + "$A" + "}" * limits.MAX_TEMPLATE_DEPTH
    assert interpolate(fine, ENVIRON.get) == "a"
    with pytest.raises(InvalidStack, match="variables nest deeper"):
        interpolate("${NONE-" + fine + "}", ENVIRON.get)


@given(st.text(alphabet="$A{}:-+?N\n x", max_size=40))
def test_any_text_is_read_or_refused(template: str) -> None:
    try:
        text = interpolate(template, ENVIRON.get)
    except InvalidStack:
        assert "${" in template
    else:
        assert text == template or "$" in template


@given(st.text(max_size=30))
def test_a_text_with_its_dollars_doubled_stays_itself(text: str) -> None:
    assert interpolate(text.replace("$", "$$"), ENVIRON.get) == text


@pytest.mark.parametrize(
    ("value", "truthful"), [(True, True), ("Yes", True), ("on", True), (False, False), ("n", False)]
)
def test_a_text_may_stand_for_a_boolean(value: object, truthful: bool) -> None:
    assert truth(value) is truthful


@pytest.mark.parametrize("value", ["maybe", "", None, 1, []])
def test_other_values_are_no_booleans(value: object) -> None:
    with pytest.raises(InvalidStack, match="neither true nor false"):
        truth(value)
