"""Log lines carry their ids and never a secret."""

from __future__ import annotations

import json
import logging
from typing import Literal

import pytest

from workers.runtime.logs import configure_logs, configure_logs_late, get_logger, log_context
from workers.runtime.masking import mask


@pytest.fixture
def _restored_logging() -> object:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    yield
    root.handlers[:], level = before
    root.setLevel(level)


@pytest.mark.usefixtures("_restored_logging")
def test_a_json_line_holds_event_fields_and_bound_ids(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("json")
    with log_context(run="r1"):
        get_logger("tests").info("stack deployed", stack="production/a")
    get_logger("tests").info("after")
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (first["event"], first["stack"], first["run"], first["level"]) == (
        "stack deployed",
        "production/a",
        "r1",
        "info",
    )
    assert "run" not in second


@pytest.mark.usefixtures("_restored_logging")
@pytest.mark.parametrize("log_format", ["console", "json"])
def test_a_secret_is_masked_wherever_it_stands(log_format: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(log_format)  # type: ignore[arg-type]
    mask(["hunter22-secret"])
    log = get_logger("tests")
    log.info("pushed hunter22-secret", where={"url": ["x:hunter22-secret@y"]})
    logging.getLogger("library").warning("failed with %s", "hunter22-secret")
    try:
        int("about hunter22-secret")
    except ValueError:
        log.exception("unexpected")
    written = capsys.readouterr().err
    assert "hunter22" not in written
    assert written.count("********") >= 4


@pytest.mark.usefixtures("_restored_logging")
@pytest.mark.parametrize(
    ("log_format", "shown"), [("console", "stack=production/a"), ("json", '"stack": "production/a"')]
)
def test_a_line_names_its_stack_within_the_line(
    log_format: Literal["console", "json"], shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs(log_format)
    get_logger("here").info("deployment ended", stack="production/a", outcome="deployed")
    (line,) = capsys.readouterr().err.splitlines()
    assert shown in line


@pytest.mark.usefixtures("_restored_logging")
def test_what_is_set_up_late_logs_its_first_line_like_any_other(capsys: pytest.CaptureFixture[str]) -> None:
    for say in (logging.getLogger("library").error, get_logger("tests").error):
        configure_logs_late("json", logging.ERROR)
        logging.getLogger("library").warning("not this")
        say("first")
        say("second")
        get_logger("tests").warning("nor this")
        lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        assert [(line["event"], line["level"]) for line in lines] == [("first", "error"), ("second", "error")]
