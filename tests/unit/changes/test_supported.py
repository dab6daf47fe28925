"""What is not supported is refused by name, without a question for every file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from tests.unit.changes.worlds import KEY, DictOutside, DictTree, Files, Link, Objects, Submodule
from workers.changes.supported import check_supported
from workers.changes.trace import Trace
from workers.model.errors import InvalidStack


def trace_of(files: Files) -> Trace:
    return Trace(DictTree(Objects(), files), DictOutside(), KEY)


def test_submodules_and_lfs_pointers_below_a_folder_are_refused_by_name() -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 5\n"
    for files, message in (
        ({"d/sub": Submodule("1" * 40)}, "d/sub is a submodule, which"),
        ({"d/e/big.bin": pointer}, "d/e/big.bin is a Git LFS pointer, which"),
    ):
        trace = trace_of(files)
        entry = trace.find("d").entry
        assert entry is not None
        with pytest.raises(InvalidStack, match=rf"^{message}"):
            check_supported(trace.tree, "d", entry)


def test_a_folder_has_a_limited_number_of_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.changes.filtered.MAX_CLOSURE", 3)
    trace = trace_of(
        {"few/a": "limit 1", "few/b/c": "limit 2", "many/a": "", "many/b/c": "", "many/b/d": "", "many/e": ""}
    )
    few, many = trace.find("few").entry, trace.find("many").entry
    assert few is not None
    assert many is not None
    check_supported(trace.tree, "few", few)
    with pytest.raises(InvalidStack, match=r"^many brings the files of one stack above 3"):
        check_supported(trace.tree, "many", many)


def test_a_folder_is_gone_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = trace_of({"d/e/x": "gone through once"})
    entry = trace.find("d").entry
    assert entry is not None
    check_supported(trace.tree, "d", entry)
    monkeypatch.setattr(trace.tree, "listing", None)
    check_supported(trace.tree, "d", entry)


def test_a_large_file_and_a_symlink_are_no_lfs_pointers() -> None:
    text = "version https://git-lfs.github.com/spec/v1\n"
    trace = trace_of({"d/big": text + "x" * 2000, "d/link": Link(text)})
    entry = trace.find("d").entry
    assert entry is not None
    check_supported(trace.tree, "d", entry)


class Asked(DictTree):
    """Knows how many blobs it was asked for."""

    asked = 0

    def blobs(self, oids: Sequence[str], *, least: int, below: int) -> Iterator[tuple[str, bytes]]:
        self.asked += len(oids)
        return super().blobs(oids, least=least, below=below)

    def check(self, path: str) -> int:
        entry = self.entry(path)
        assert entry is not None
        check_supported(self, path, entry)
        return self.asked


def test_a_file_that_several_folders_have_is_asked_for_once() -> None:
    tree = Asked(Objects(), {"d/x": "asked once", "e/x": "asked once", "e/y": "only here"})
    assert [tree.check(path) for path in ("d", "e", "d/x")] == [1, 2, 2]


def test_what_a_tree_says_that_does_not_last_is_asked_again() -> None:
    tree = Asked(Objects(), {"d/e": "asked again"})
    tree.lasting = False
    assert [tree.check("d"), tree.check("d")] == [1, 2]
