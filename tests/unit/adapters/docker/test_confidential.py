from __future__ import annotations

from pathlib import Path

import pytest

from workers.adapters.docker.confidential import Confidential, contents, unquoted

SECRET = "EXAMPLESECRET"


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (
            f'failed to read /a/.env: line 2: unexpected character "+" in variable name "MIIE{SECRET}+a/b=="',
            "failed to read /a/.env: line 2: unexpected character in a variable name",
        ),
        (f'line 4: unterminated quoted value "{SECRET} and so on', "line 4: unterminated quoted value"),
        (f"line 4: unterminated quoted value '{SECRET}", "line 4: unterminated quoted value"),
        (
            f"failed to parse env_file /a/.env: variable '{SECRET} and 'so' on' contains whitespaces",
            "failed to parse env_file /a/.env: a variable's name contains whitespaces",
        ),
        (f"no variable name on line '={SECRET}'", "a line has no variable name"),
        (f'failed to read /a/.env: Invalid template: "{SECRET}${{"', "failed to read /a/.env: Invalid template"),
        (f"required variable Q is missing a value: {SECRET}\n{SECRET}", "a required variable is missing a value"),
        (f"required variable {SECRET} is missing a value", "a required variable is missing a value"),
        (
            f'invalid format for services.a.tty.\nYou may need to escape any $ with another $.\n"{SECRET}${{"',
            "invalid format for services.a.tty.\nYou may need to escape any $ with another $",
        ),
        (
            f'level=warning msg="The \\"{SECRET}\\" variable is not set. Defaulting to a blank string."',
            'level=warning msg="A variable is not set. Defaulting to a blank string."',
        ),
        (
            'level=warning msg="The \\"TAG\\" variable is not set. Defaulting to a blank string."',
            'level=warning msg="The \\"TAG\\" variable is not set. Defaulting to a blank string."',
        ),
        (" Container web-1  Started", " Container web-1  Started"),
        ("line 2: key cannot contain a space", "line 2: key cannot contain a space"),
    ],
)
def test_what_compose_always_quotes_in_the_same_words_is_cut(said: str, left: str) -> None:
    assert unquoted(said, lambda name: name == "TAG") == left


@pytest.mark.parametrize(
    ("private", "said", "left"),
    [
        ("A=EXAMPLE-SECRET", 'invalid size: "EXAMPLE-SECRET"', 'invalid size: "********"'),
        ("A='EXAMPLE-SECRET' ", "invalid size: EXAMPLE-SECRET", "invalid size: ********"),
        ("A=8080:SECRETPORT", "invalid containerPort: SECRETPORT", "invalid containerPort: ********"),
        ("MIIESECRET+abc/def==", "what is MIIESECRET", "what is ********"),
        ("export A=s-e-c-r-t", "bad: s-e-c-r-t.", "bad: ********."),
        ("A: SECRET word", "bad: SECRET", "bad: ********"),
        ("SECRET word", "bad: SECRET", "bad: ********"),
        ("# the service is invalid\nA=1", "the service is invalid", "the service is invalid"),
        ("SERVICE=1", "SERVICE is invalid", "SERVICE is invalid"),
        ("A=alpine", "no such image: alpine", "no such image: alpine"),
        ("A=web", "no such service: web", "no such service: web"),
        ("", "anything", "anything"),
    ],
)
def test_what_stands_in_no_public_file_is_masked(private: str, said: str, left: str) -> None:
    assert Confidential.of([private], [], ["services: {web: {image: alpine}}"]).masked(said) == left


def test_values_of_variables_are_masked() -> None:
    assert Confidential.of([], ["top secret", ""], []).masked("it is top secret, and secret") == (
        "it is ********, and ********"
    )


def test_files_that_are_not_there_say_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"A=\xff")
    assert list(contents([tmp_path, tmp_path / "a", tmp_path / "b"])) == ["A=\ufffd"]
