from __future__ import annotations

import pytest

from tests.unit.changes.worlds import World
from workers.commands.diff import MAX_DIFF_BYTES, difference, differences


@pytest.fixture
def world() -> World:
    return World()


def lines(world: World, before: object, after: object, path: str = "conf", *, masked: bool = False) -> list[str]:
    trees = world.tree({path: before} if before is not None else {}), world.tree({path: after} if after else {})
    entries = [tree.entry(path) for tree in trees]
    return list(difference(path, entries[0], entries[1], trees[0], masked=masked).lines)


def test_texts_are_shown_as_a_unified_diff(world: World) -> None:
    assert lines(world, "a: 1\nb: 2\n", "a: 1\nb: 3\n") == [
        "--- a/conf",
        "+++ b/conf",
        "@@ -1,2 +1,2 @@",
        " a: 1",
        "-b: 2",
        "+b: 3",
    ]


def test_lines_that_are_numbers_stay_what_they_are(world: World) -> None:
    assert lines(world, "7\n1\n", "7\n0\n")[3:] == [" 7", "-1", "+0"]


def test_a_new_and_a_deleted_file_have_their_mode(world: World) -> None:
    assert lines(world, None, "1")[:3] == ["new file mode 100644", "--- /dev/null", "+++ b/conf"]
    assert lines(world, "1", None)[:3] == ["deleted file mode 100644", "--- a/conf", "+++ /dev/null"]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (b"a\0b", b"a\0bc", ["binary: 3 bytes before, 4 after"]),
        ("1", "2" * (MAX_DIFF_BYTES + 1), [f"1 bytes before, {MAX_DIFF_BYTES + 1} after"]),
    ],
)
def test_binary_and_huge_files_are_summarised(world: World, before: object, after: object, told: list[str]) -> None:
    assert lines(world, before, after) == told


def test_a_secret_file_says_only_that_it_differs(world: World) -> None:
    assert lines(world, "hunter2", "hunter3", masked=True) == ["its content is not shown: it may hold secrets"]


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("password: hunter1", "password: hunter2", ["-password: ********", "+password: ********"]),
        ("  - DB_PASSWORD=hunter1", "  - DB_PASSWORD=hunter2", ["-  - DB_PASSWORD=********"]),
        ("url: postgres://me:hunter1@db/x", "url: postgres://me:hunter2@db/x", ["-url: postgres://me:********@db/x"]),
        (
            "session_secret: |\n  hunter1\n\n  hunter2\nport: 1",
            "session_secret: |\n  hunter1\n\n  hunter3\nport: 2",
            [" session_secret: |", "   ********", "-  ********", "+  ********", "-port: 1", "+port: 2"],
        ),
        (
            "a\nb\nc\n-----BEGIN RSA PRIVATE KEY-----\nhunter1\n-----END RSA PRIVATE KEY-----\nend: 1",
            "a\nb\nc\n-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----\nend: 2",
            ["-********", "+********", "-end: 1", "+end: 2"],
        ),
    ],
)
def test_secrets_in_a_text_are_masked_and_their_change_is_not(
    world: World, before: str, after: str, shown: list[str]
) -> None:
    found = lines(world, before, after)
    assert set(shown) <= set(found)
    assert "hunter" not in "".join(found)


def test_files_that_serve_as_secrets_are_masked_by_their_use(world: World) -> None:
    text = "{services: {a: {image: x, secrets: [s], env_file: vars, volumes: ['./c:/c']}}, secrets: {s: {file: plain}}}"
    files = {"app/compose.yaml": text, "app/plain": "hunter1", "app/vars": "A=hunter1", "app/c/x": "1"}
    changed = {**files, "app/plain": "hunter2", "app/vars": "A=hunter2", "app/c/x": "2"}
    found = list(differences(world.snapshot(files), world.snapshot(changed), world.tree(changed)))
    assert [each.path for each in found] == ["app/c/x", "app/plain", "app/vars"]
    assert "hunter" not in "".join(line for each in found for line in each.lines)
    assert found[0].lines[-2:] == ("-1", "+2")
    assert all(each.old and each.new and each.old.oid != each.new.oid for each in found)
