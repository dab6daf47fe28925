"""Random templates and env files, read by Compose and by Tegu."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.integration.changes.judge import Judge, Verdict
from tests.releases import examples
from workers.changes import dotenv
from workers.changes.interpolation import interpolate
from workers.model.errors import InvalidStack

ENVIRON = {"A": "a value", "_B2": "b$A", "EMPTY": "", "a": "small"}
TOKENS = [
    *("$", "{", "}", "${", "$$", ":", "-", "+", "?", ":-", ":?", ":+"),
    *("A", "_B2", "EMPTY", "NONE", "a", "1", " ", ".", "x", "\n", "é", "\u017f"),
    *("${A}", "${NONE:-", "${EMPTY-", "${A:+", "${NONE?", "${EMPTY:?", "$A", "$NONE"),
]
TEMPLATES = st.lists(st.sampled_from(TOKENS), max_size=12).map("".join)
LINES = [
    *("A", "B", "_B2", "C.D-E[0]", "=", ":", " ", "  ", "\t", "\n", "\r\n", "#", " #", '"', "'", "\\", '\\"', "\\n"),
    *("\\$", "\\0101", "\\c", "$A", "${B}", "${NONE:-x}", "${", "$$", "export ", "x", "y z", "é", "\u00a0", "\u2003"),
    *("A=", "B='", 'C="', "\nD=", "\nE: ", "'\n", '"\n', "0", "1"),
]
ENV_FILES = st.lists(st.sampled_from(LINES), max_size=14).map(lambda tokens: "".join(tokens).encode())
REFUSED_AT_ONCE = 3
_NESTED = re.compile(rb"\$\{[^}]*[-+?][^}]*\$", re.DOTALL)
SOME = settings(
    max_examples=examples(3, 15),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
)


def labelled(folder: Path, judge: Judge, texts: list[str]) -> Verdict:
    labels = {f"k{place}": text for place, text in enumerate(texts)}
    model = {"name": "t", "services": {"s": {"image": "x", "labels": labels}}}
    (folder / "compose.yaml").write_text(json.dumps(model))
    return judge.config(folder, ["compose.yaml"], ENVIRON)


@SOME
@given(st.lists(TEMPLATES, min_size=40, max_size=80))
def test_a_template_means_what_it_means_to_compose(judges: list[Judge], texts: list[str]) -> None:
    fine: dict[str, str] = {}
    unset: dict[str, set[str]] = {}
    refused: list[str] = []
    for text in texts:
        missing = unset[text] = set()
        try:
            fine[text] = interpolate(text, ENVIRON.get, unset=missing.add)
        except InvalidStack:
            refused.append(text)
    with tempfile.TemporaryDirectory() as name:
        for judge in judges:
            asked = [text for text in fine if reads_alike(judge, text.encode())]
            verdict = labelled(Path(name), judge, asked)
            assert verdict.model is not None, (judge.version, verdict.error)
            theirs = verdict.model["services"]["s"].get("labels", {})
            for place, text in enumerate(asked):
                assert fine[text] == theirs[f"k{place}"], (judge.version, text)
            assert set().union(*(unset[text] for text in asked)) == verdict.unset, judge.version
            for text in refused[:REFUSED_AT_ONCE]:
                assert labelled(Path(name), judge, [text]).model is None, (judge.version, text)


def reads_alike(judge: Judge, text: bytes) -> bool:
    """Releases before 5 look at what stands after an operator where nobody needs it, and so refuse some of it."""
    return judge.release >= (5, 0) or not _NESTED.search(text)


def with_env_files(folder: Path, judge: Judge, contents: list[bytes], form: str | None) -> Verdict:
    services: dict[str, Any] = {}
    for place, content in enumerate(contents):
        (folder / f"{place}.env").write_bytes(content)
        file = {"path": f"{place}.env"} | ({"format": form} if form else {})
        services[f"s{place}"] = {"image": "x", "env_file": [file]}
    (folder / "compose.yaml").write_text(json.dumps({"name": "t", "services": services | {"s": {"image": "x"}}}))
    return judge.config(folder, ["compose.yaml"], ENVIRON)


def compare_env_files(judges: list[Judge], contents: list[bytes], form: str | None = None) -> None:
    fine: dict[bytes, dict[str, str]] = {}
    refused: list[bytes] = []
    for content in contents:
        try:
            if form == "raw":
                fine[content] = dotenv.parse_raw(content, "f", ENVIRON.get)
            else:
                fine[content] = dotenv.parse(content, "f", ENVIRON.get)
        except InvalidStack:
            refused.append(content)
    with tempfile.TemporaryDirectory() as name:
        for judge in judges:
            asked = [content for content in fine if reads_alike(judge, content)]
            verdict = with_env_files(Path(name), judge, asked, form)
            assert verdict.model is not None, (judge.version, verdict.error)
            for place, content in enumerate(asked):
                theirs = verdict.model["services"][f"s{place}"].get("environment") or {}
                assert fine[content] == theirs, (judge.version, content)
            for content in refused[:REFUSED_AT_ONCE]:
                assert with_env_files(Path(name), judge, [content], form).model is None, (judge.version, content)


@SOME
@given(st.lists(ENV_FILES, min_size=40, max_size=80))
def test_an_env_file_means_what_it_means_to_compose(judges: list[Judge], contents: list[bytes]) -> None:
    compare_env_files(judges, contents)


@SOME
@given(st.lists(ENV_FILES, min_size=40, max_size=80))
def test_a_raw_env_file_means_what_it_means_to_compose(judges: list[Judge], contents: list[bytes]) -> None:
    releases = [judge for judge in judges if judge.release >= (2, 30)]
    compare_env_files(releases, contents, "raw")
