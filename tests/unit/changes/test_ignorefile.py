from __future__ import annotations

import pytest

from tests.unit.changes.worlds import DictTree, Objects
from workers.changes.ignorefile import filtered_digest, filtered_files, patterns

FILES = {"Dockerfile": "", ".dockerignore": "", "README.md": "", "src/main.py": "", "src/README.md": "", "data/a/b": ""}


def left(ignore: str) -> list[str]:
    tree = DictTree(Objects(), {f"ctx/{path}": content for path, content in FILES.items()})
    folder = tree.entry("ctx")
    assert folder is not None
    return [path.removeprefix("ctx/") for path, _ in filtered_files(tree, "ctx", folder, ignore.encode())]


@pytest.mark.parametrize(
    ("ignore", "gone"),
    [
        ("", set()),
        ("# README.md\n\n", set()),
        ("\ufeffREADME.md\r\n", {"README.md"}),
        ("**/README.md", {"README.md", "src/README.md"}),
        ("data", {"data/a/b"}),
        ("/data/", {"data/a/b"}),
        ("src\n!src/main.py", {"src/README.md"}),
        (".dockerignore", {".dockerignore"}),
        ("*", set(FILES)),
        ("*\n!data/a", set(FILES) - {"data/a/b"}),
    ],
)
def test_what_the_ignore_file_names_does_not_reach_the_builder(ignore: str, gone: set[str]) -> None:
    assert set(left(ignore)) == set(FILES) - gone


def test_comments_and_blank_lines_are_no_patterns() -> None:
    assert patterns(b"# x\n\n  a  \n !b\n") == ["a", "!b"]


def test_the_digest_says_whether_what_is_left_is_equal() -> None:
    objects = Objects()

    def digest(files: dict[str, str]) -> str:
        tree = DictTree(objects, files)
        return filtered_digest(tree, "", tree.root, b"*.md")

    before = digest({"a": "1", "x.md": "1"})
    assert digest({"a": "1", "x.md": "2"}) == before
    assert digest({"a": "2", "x.md": "1"}) != before
    assert digest({"b": "1", "x.md": "1"}) != before
