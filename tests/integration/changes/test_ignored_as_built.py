"""What an ignore file leaves is what the builder is sent: real builds beside the project's own reading.

A build has a price, a pattern hardly any. So many rows go into one build: each has a copy of the same files in a folder
of its own, and its patterns are written for that folder. What cannot be moved into a folder is built by itself.
"""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.releases import examples
from tests.unit.changes.ignore_cases import FOLDERS, GONE, LEFT, TREE, expected, ignored
from tests.unit.changes.worlds import DictTree, Objects
from workers.changes.filtered import Filtered, filtered
from workers.changes.ignorefile import BadPatternError
from workers.runtime.process import run

EXAMPLES = int(os.environ.get("TEGU_TEST_BUILDS", examples(1, 2)))
"""How many builds of random rows are made."""

ROWS_A_BUILD = 40
ALONE = (
    "**;!src",
    "*;!**/c.txt",
    "# x;  /src/ ;\u00a0! src/main;a|b*",
    "**/node_modules;!pkg/**",
    "**.txt;!**/deep/**",
)

REFUSED = ("b\\gone", "*{2}", "!/")
"""Beside one that stands for them: the builder looks at all of them in one place."""


@pytest.fixture(scope="module")
def buildx() -> list[str]:
    argv = ["docker", "buildx", "build"]
    if run([*argv, "--help"], what="docker buildx", env=dict(os.environ), timeout=30, check=False).code:
        reason = "there is no docker buildx here (scripts/provision installs it)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return argv


def sent(buildx: list[str], context: Path) -> list[str]:
    """What the builder was sent of a context, without its Dockerfile and ignore file; empty where the build failed."""
    image = context.with_suffix(".tar")
    ended = run(
        [*buildx, "--quiet", f"--output=type=tar,dest={image}", str(context)],
        what="docker buildx build",
        env=dict(os.environ),
        timeout=120,
        check=False,
    )
    if ended.code:
        return []
    with tarfile.open(fileobj=io.BytesIO(image.read_bytes())) as tar:
        names = [f"{each.name.rstrip('/')}/" if each.isdir() else each.name for each in tar]
    return sorted(name for name in names if name not in {"./", "Dockerfile", ".dockerignore"})


def context_of(folder: Path, files: Iterable[str], ignore: bytes) -> Path:
    folder.mkdir()
    for path in files:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    (folder / ".dockerignore").write_bytes(ignore)
    return folder


def left(files: Iterable[str], ignore: bytes) -> list[str]:
    """What the project says is left."""
    tree = DictTree(Objects(), dict.fromkeys(files, ""))

    def everything(folder: Filtered) -> list[str]:
        found = []
        for path, child in folder.children.items():
            found += [f"{path}/", *everything(child)] if isinstance(child, Filtered) else [path]
        return found

    return sorted(everything(filtered(tree, "", tree.root, ignore)))


def moved(row: str, folder: str) -> str:
    """The patterns of a row, written for a folder."""
    lines = (line.partition("!") if line.startswith("!") else ("", "", line) for line in row.split(";"))
    return "\n".join(f"{mark}{folder}/{line.strip()}" for _, mark, line in lines)


def is_movable(row: str) -> bool:
    lines = [line.removeprefix("!").strip() for line in row.split(";")]
    return not any(line[:1] in {"", "#", "/", "\ufeff"} or "|" in line or ".." in line for line in lines)


def check(buildx: list[str], folder: Path, rows: Sequence[str]) -> None:
    places = {f"{number:03}": row for number, row in enumerate(rows)}
    ignore = "\n".join(moved(row, place) for place, row in places.items()).encode()
    files = [f"{place}/{path}" for place in places for path in TREE]
    built, ours = set(sent(buildx, context_of(folder, files, ignore))), set(left(files, ignore))
    wrong = {place: sorted(path for path in built ^ ours if path.startswith(place)) for place in places}
    assert {row: wrong[place] for place, row in places.items() if wrong[place]} == {}
    assert built == ours


def test_every_row_leaves_what_the_builder_is_sent(buildx: list[str], tmp_path: Path) -> None:
    rows = [row for row in (*GONE, *LEFT) if is_movable(row)]
    assert sum(len(row.split(";")) for row in rows) >= 200
    check(buildx, tmp_path / "rows", rows)


@pytest.mark.parametrize("row", [*ALONE[:3], *(pytest.param(row, marks=pytest.mark.thorough) for row in ALONE[3:])])
def test_a_row_at_the_root_of_a_context_leaves_what_the_builder_is_sent(
    buildx: list[str], tmp_path: Path, row: str
) -> None:
    built = sent(buildx, context_of(tmp_path / "alone", TREE, ignored(row)))
    assert built == left(TREE, ignored(row))
    assert built
    if row in GONE or row in LEFT:
        assert built == sorted(expected(row))


@pytest.mark.parametrize("row", ["a;x[y", *(pytest.param(row, marks=pytest.mark.thorough) for row in REFUSED)])
def test_what_is_refused_fails_the_build(buildx: list[str], tmp_path: Path, row: str) -> None:
    with pytest.raises(BadPatternError):
        left(TREE, ignored(row))
    assert sent(buildx, context_of(tmp_path / "refused", TREE, ignored(row))) == []


names = st.sampled_from(
    [*{part.rstrip("/") for path in (*TREE, *FOLDERS) for part in path.split("/")}, "src", "main", "tmp", "keep"]
)
pieces = st.sampled_from(
    ["*", "**", "?", "*.txt", "[a-c]", "[^a]", "[!a]", "\\a", "s", "m", ".", "a?", "*a*", "x**", "**x"]
)
parts = st.one_of(names, pieces, st.tuples(pieces, pieces).map("".join))
patterns = st.lists(parts, min_size=1, max_size=4).map("/".join)
lines = st.tuples(st.sampled_from(["", "", "!"]), patterns).map("".join)
rows = st.lists(lines, min_size=1, max_size=5).map(";".join).filter(is_movable)


def is_taken(row: str) -> bool:
    """Whether no pattern is refused, neither where the rows before leave everything nor where they leave nothing."""
    try:
        for before in ("", "**\n"):
            left(TREE, (before + moved(row, "000")).encode())
            left([f"000/{path}" for path in TREE], (before + moved(row, "000")).encode())
    except BadPatternError:
        return False
    return True


def test_random_rows_leave_what_the_builder_is_sent(
    buildx: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    @settings(
        max_examples=EXAMPLES,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate),
    )
    @given(st.lists(rows.filter(is_taken), min_size=ROWS_A_BUILD, max_size=ROWS_A_BUILD))
    def some(found: list[str]) -> None:
        check(buildx, tmp_path_factory.mktemp("random") / "rows", found)

    some()
