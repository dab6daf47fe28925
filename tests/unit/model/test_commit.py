"""What a commit says of itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.git_server import Source
from workers.adapters.git import open_local
from workers.model.commit import CommitNote

HEAD = b"tree 1\nauthor Ada Lovelace <ada@example.com> 1795440781 +0100\ncommitter C <c@example.com> 1 +0000"


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (HEAD + b"\n\nAdd a thing\n\nAnd why.\n", CommitNote("Add a thing", "Ada Lovelace", "2026-11-23T13:33:01Z")),
        (HEAD + b"\n\n\n  \n Late subject\r\n", CommitNote("Late subject", "Ada Lovelace", "2026-11-23T13:33:01Z")),
        (
            HEAD + b"\nencoding latin-1\n\nGr\xfc\xdfe",
            CommitNote("Gr\ufffd\ufffde", "Ada Lovelace", "2026-11-23T13:33:01Z"),
        ),
        (b"tree 1\nauthor <> 99999999999 +0000\n\nx", CommitNote("x", "", "5138-11-16T09:46:39Z")),
        (b"tree 1\n\nauthor Not Me <a@b> 1 +0000", CommitNote("author Not Me <a@b> 1 +0000")),
        (b"", CommitNote("")),
        (HEAD + b"\n\n" + b"x" * 1000, CommitNote("x" * 200, "Ada Lovelace", "2026-11-23T13:33:01Z")),
    ],
)
def test_subject_author_and_time_are_read_and_nothing_fails(content: bytes, note: CommitNote) -> None:
    assert CommitNote.of_object(content) == note
    assert CommitNote.from_json(note.to_json()) == note


def test_a_repository_is_asked(tmp_path: Path) -> None:
    source = Source(tmp_path / "source")
    commit = source.commit({"a": "1"}, "Add a\n\nSince b needs it.")
    with open_local(source.path) as repo:
        said = repo.said(commit)
        assert said is not None
        assert (said.subject, said.author) == ("Add a", "A")
        assert repo.said("0" * 40) is None
