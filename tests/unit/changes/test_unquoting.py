"""What is wrong with a Compose file that Git lacks is told by file and line."""

from __future__ import annotations

import pytest

from workers.changes import yaml_file
from workers.changes.interpolation import interpolate
from workers.changes.trace import Content
from workers.changes.unquoting import unquoting
from workers.model.errors import InvalidStack

SECRET = "EXAMPLESECRET"
WRONG = {
    "a key twice": (f"a: {{{SECRET}: 1, {SECRET}: 2}}", "f.yaml:1: a key is already defined at line 1"),
    "an alias of nothing": (
        f"a: *{SECRET}",
        "f.yaml:1: an alias has no anchor before it, or stands inside its own",
    ),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG)
def test_a_file_that_git_lacks_is_not_quoted_and_any_other_is(text: str, message: str) -> None:
    for inputs in ((), ("file:f.yaml",)):
        with pytest.raises(InvalidStack) as caught, unquoting(Content(text.encode(), "f.yaml", (), inputs)):
            yaml_file.load(text.encode(), "f.yaml")
        assert (SECRET in str(caught.value)) == (not inputs)
    assert str(caught.value) == message


def test_nor_is_what_it_asks_for() -> None:
    with pytest.raises(InvalidStack) as caught, unquoting(Content(b"", "f.yaml", (), ("file:f.yaml",))):
        interpolate(f"${{QQ:?{SECRET}}}", {"A": "b"}.get)
    assert str(caught.value) == "a required variable is missing a value"
