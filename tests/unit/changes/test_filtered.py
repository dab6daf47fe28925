from __future__ import annotations

import re
from collections.abc import Iterable

import pytest

from tests.unit.changes.ignore_cases import FOLDERS, GONE, LEFT, REFUSED, TREE, expected, ignored
from tests.unit.changes.worlds import KEY, DictTree, Files, Link, Objects, World
from workers.changes import filtered as module
from workers.changes import ignore_matcher as matcher
from workers.changes.decision import decide
from workers.changes.filtered import Filtered, differing, filtered, matcher_of
from workers.changes.ignorefile import BadPatternError
from workers.changes.tree import Tree
from workers.model.errors import InvalidStack
from workers.model.words import Entry, Reason

CONTEXT = {path: path for path in TREE}


def folder_of(files: Files, ignore: bytes, objects: Objects | None = None) -> Filtered:
    tree: Tree = DictTree(objects or Objects(), files)
    entry = tree.entry("")
    assert entry is not None
    return filtered(tree, "", entry, ignore)


def everything(folder: Filtered) -> list[str]:
    """All that is left, folders with a slash behind them."""
    found = []
    for path, child in folder.children.items():
        found += [f"{path}/", *everything(child)] if isinstance(child, Filtered) else [path]
    return found


@pytest.mark.parametrize("row", [*GONE, *LEFT])
def test_what_the_ignore_file_names_does_not_reach_the_builder(row: str) -> None:
    folder = folder_of(CONTEXT, ignored(row))
    left = expected(row)
    assert sorted(everything(folder)) == sorted(left)
    assert [path for path, _ in folder.files()] == [path for path in everything(folder) if path in TREE]
    hollow = {f"{path}/" for path in folder.hollow()}
    assert hollow == {
        path for path in left if path in FOLDERS and not any(x != path and x.startswith(path) for x in left)
    }
    assert folder.left.size == len(list(folder.files())) + len(hollow)


@pytest.mark.parametrize(("row", "line"), REFUSED.items())
def test_what_the_builder_refuses_is_refused_with_its_line(row: str, line: int) -> None:
    with pytest.raises(BadPatternError) as caught:
        everything(folder_of(CONTEXT, ignored(row)))
    assert caught.value.line == line
    assert caught.value.problem


@pytest.mark.parametrize(
    ("row", "file", "left"),
    [
        ("*;\\q", "a", []),
        ("!\\q", "a", ["a"]),
        ("src;!src/x;src*x[", "src/a", []),
        ("*;\\q;!src", "src/a", ["src/", "src/a"]),
    ],
)
def test_a_pattern_that_is_compared_with_nothing_fails_nothing(row: str, file: str, left: list[str]) -> None:
    assert everything(folder_of({file: ""}, ignored(row))) == left


def test_no_letter_means_anything_by_itself() -> None:
    assert everything(folder_of({"X": "", "X|": ""}, b"X|")) == ["X"]


def test_an_exception_after_which_nothing_else_is_compared_is_found_for_the_folder_alone() -> None:
    """Which pattern is compared with a folder decides what is known of it for the files in it."""
    assert everything(folder_of({"a/b": ""}, b"a/b\n!a")) == ["a/"]
    assert everything(folder_of({"a/b": ""}, b"a\n!a/b\na")) == ["a/", "a/b"]


def digest(files: Files, ignore: bytes = b"*.md", objects: Objects | None = None) -> str:
    return folder_of(files, ignore, objects).left.digest


def test_the_digest_says_whether_what_is_left_is_equal() -> None:
    before = digest({"a": "1", "x.md": "1"})
    assert digest({"a": "1", "x.md": "2"}) == before
    assert digest({"a": "1"}) == before
    assert digest({"a": "1"}, b"") == before
    assert digest({"a": "2", "x.md": "1"}) != before
    assert digest({"b": "1", "x.md": "1"}) != before
    assert digest({"a": "1", "d/x": "1"}, b"d/x") != digest({"a": "1", "d/x": "1"}, b"d")


def test_what_is_left_is_the_same_wherever_the_folder_lies() -> None:
    tree = DictTree(Objects(), {"a": "1"})
    assert filtered(tree, "one", tree.root, b"x").left == filtered(tree, "two", tree.root, b"y").left


def test_a_folder_is_looked_through_once_for_all_places_where_the_patterns_say_the_same_of_it() -> None:
    class Counting(DictTree):
        listed = 0

        def listing(self, oid: str) -> dict[str, Entry]:
            self.listed += 1
            return dict(super().listing(oid))

    files = {f"{top}/{name}": f"looked through {name}" for top in "abcd" for name in ("x.md", "y")}
    tree = Counting(Objects(), files)
    before = filtered(tree, "", tree.root, b"**/*.md").left
    assert tree.listed == 2
    assert filtered(tree, "", tree.root, b"# all but notes\n**/*.md").left == before
    assert tree.listed == 2
    changed = Counting(tree.objects, {**files, "d/y": "other"})
    assert filtered(changed, "", changed.root, b"**/*.md").left != before
    assert changed.listed == 2
    assert [path for path, _ in filtered(tree, "", tree.root, b"a/y").files()] == sorted({*files} - {"a/y"})


def test_a_matcher_is_made_once_for_each_content_of_an_ignore_file() -> None:
    assert matcher_of(b"a") is matcher_of(b"a")
    assert matcher_of(b"a") is not matcher_of(b"b")


def test_what_a_tree_says_that_does_not_last_is_not_remembered() -> None:
    objects = Objects()
    tree = DictTree(objects, {"d/fleeting": "1"})
    tree.lasting = False
    before = filtered(tree, "", tree.root, b"x").left
    objects.trees[tree.root.oid] = {}
    assert filtered(tree, "", tree.root, b"x").left != before


def differences(before: Files, after: Files, ignore: bytes, later: bytes | None = None) -> list[str]:
    objects = Objects()
    sides = folder_of(before, ignore, objects), folder_of(after, ignore if later is None else later, objects)
    return list(differing(*sides, ""))


@pytest.mark.parametrize(
    ("before", "after", "ignore", "expected"),
    [
        ({"a": "1", "d/x.md": "1"}, {"a": "2", "d/x.md": "2"}, b"**/*.md", ["a"]),
        ({"d/e/a": "1", "d/b": "1"}, {"d/e/a": "2", "d/b": "1"}, b"x", ["d/e/a"]),
        ({"a": "1"}, {"a/b": "1"}, b"x", ["a", "a/b"]),
        ({"a": "1"}, {"a": "1", "d/x": "1"}, b"d/*", ["d"]),
        ({"d/x": "1"}, {"d/x": "1", "d/y": "1"}, b"d/x", ["d/y"]),
        ({"d/e/x": "1", "a": ""}, {"a": ""}, b"d/e/*", ["d/e"]),
        ({"a": ""}, {"a": Link("x")}, b"", ["a"]),
    ],
)
def test_two_folders_differ_in_what_is_left_of_them(
    before: Files, after: Files, ignore: bytes, expected: list[str]
) -> None:
    assert differences(before, after, ignore) == expected
    assert differences(after, before, ignore) == expected


def test_another_ignore_file_makes_a_difference_where_something_else_is_left() -> None:
    files = {"a": "", "b/c": "", "b/d": ""}
    assert differences(files, files, b"b/c", b"a\nb/c") == ["a"]
    assert differences(files, files, b"b/c", b"b/c\n# other words") == []
    assert differences(files, files, b"b/*", b"b") == ["b"]


def test_folders_lie_in_one_another_only_so_deep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FOLDER_DEPTH", 3)
    folder = folder_of({"a/b/c/fine": "at last"}, b"")
    assert folder.left.height == 3
    with pytest.raises(InvalidStack, match=r"^a/b/c/d: more than 3 folders"):
        folder_of({"a/b/c/d/too deep": ""}, b"").left  # noqa: B018
    with pytest.raises(InvalidStack, match="more than 3 folders"):
        folder_of({"z/a/b/c/fine": "at last"}, b"").left  # noqa: B018
    assert folder_of({"a/b/c/d/too deep": ""}, b"*\n!*/x").left.size == 0, "no exception leads there"


def test_a_thousand_folders_in_one_another_are_too_many() -> None:
    """The objects are made by hand, the deepest first: nothing here may go down by calling itself."""
    objects = Objects()
    oid = objects.tree({"deepest": Entry(0o100644, objects.blob(b"x"))})
    for _ in range(1000):
        oid = objects.tree({"d": Entry(0o040000, oid)})
    tree = DictTree(objects, {})
    for ignore in (b"", b"x", b"*\n!**/deepest"):
        with pytest.raises(InvalidStack, match="more than 100 folders"):
            filtered(tree, "ctx", Entry(0o040000, oid), ignore).left  # noqa: B018


def test_a_folder_has_a_limited_number_of_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CLOSURE", 3)
    assert folder_of({"limit/a": "", "limit/b/c": "", "limit/b/d": ""}, b"").left.size == 3
    with pytest.raises(InvalidStack, match="brings the files of one stack above 3"):
        folder_of({"limit/a": "", "limit/b/c": "", "limit/b/d": "", "e": ""}, b"").left  # noqa: B018
    assert folder_of({"limit/a": "", "limit/b/c": "", "limit/b/d": "", "e": ""}, b"e").left.size == 3


def test_patterns_together_have_a_limited_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matcher, "MAX_IGNORE_PLACES", 100)
    matcher_of(b"few*\n")
    with pytest.raises(BadPatternError, match="too long") as caught:
        matcher_of(b"few*\n" + b"x{1000}*")
    assert caught.value.line == 2


def test_the_states_that_are_kept_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matcher, "_MOST_STATES", 2000)
    monkeypatch.setattr(matcher, "_MOST_VERDICTS", 1)
    for row in ("**/*a*b*", "*;!**/a.js"):
        bounded = ignored(row) + b"\n# bounded\nnone"
        assert everything(folder_of(CONTEXT, bounded)) == everything(folder_of(CONTEXT, ignored(row)))
        assert len(matcher_of(bounded)._states) <= 2000 // 400


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"app/" + "d/" * 150 + "x": ""}, "more than 100 folders"),
        ({"app/y": ""}, r"app/.dockerignore:3: the pattern 'y\\\\q' becomes"),
    ],
)
def test_what_a_context_gains_can_make_the_stack_invalid(more: Files, message: str) -> None:
    """The last pattern fails as soon as it is compared with something that is not ignored already."""
    world = World()
    files = {
        "app/compose.yaml": "services: {a: {build: .}}",
        "app/Dockerfile": "FROM x\n",
        "app/.dockerignore": "[^yd]*\n*ockerfile\ny\\q\n" if "y" in message[:60] else "none\n",
    }
    record = world.snapshot(files)
    decision, _ = decide(world.stack, record, world.tree({**files, **more}), world.outside, KEY)
    assert decision.reason is Reason.INVALID
    assert re.search(message, decision.message or "")


def test_folders_are_read_by_levels_and_no_others_than_will_be_opened() -> None:
    class Told(DictTree):
        told: list[list[str]] = []  # noqa: RUF012 (of this one test)

        def prefetch(self, oids: Iterable[str]) -> None:
            self.told.append(sorted(oids))

    files = {"a/b/level": "1", "c/d/level": "2", "out/e/level": "3", "same/b/level": "1"}
    tree = Told(Objects(), files)
    ids = {path: tree.entry(path).oid for path in ("a", "c", "out", "a/b", "c/d", "out/e")}  # type: ignore[union-attr]

    def read(*paths: str) -> list[str]:
        return sorted(ids[path] for path in paths)

    _ = filtered(tree, "", tree.root, b"out\n").left
    assert tree.told == [[tree.root.oid], read("a", "c"), read("a/b", "c/d")]
    tree.told.clear()
    _ = filtered(tree, "", tree.root, b"out/*\n!out/e\nc/d\n").left
    assert tree.told == [[tree.root.oid], read("c", "out"), read("out/e")], "what is known is not read again"
