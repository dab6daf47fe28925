"""Repositories of any size, made in seconds: `git fast-import` takes files and commits as one stream."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tests.git_server import GIT_ENV
from workers.runtime.process import run

Files = Mapping[str, str | bytes | None]
"""Path → content; None removes a file."""


def make_repository(git_dir: Path, commits: Iterable[Files], *, branch: str = "main") -> list[str]:
    """Make a bare repository, or add to the branch of one.

    Args:
        git_dir: where; made when it is not there.
        commits: what each changes, from the oldest to the newest.
        branch: what they go on.

    Returns:
        The commits' ids, in order.
    """
    if not git_dir.exists():
        git("init", "--quiet", "--bare", f"--initial-branch={branch}", "--", str(git_dir), cwd=git_dir.parent)
    marks = git_dir / "benchmark.marks"
    ref = f"refs/heads/{branch}"
    known = git("for-each-ref", "--format=%(objectname)", ref, cwd=git_dir).strip()
    stream = b"".join(_stream(commits, ref, known))
    git("fast-import", "--quiet", f"--export-marks={marks}", cwd=git_dir, stdin=stream)
    pairs = (line.split() for line in marks.read_text().splitlines())
    found = {int(mark.removeprefix(":")): commit for mark, commit in pairs}
    marks.unlink()
    return [found[mark] for mark in sorted(found)]


def _stream(commits: Iterable[Files], ref: str, known: str) -> Iterator[bytes]:
    for mark, files in enumerate(commits, 1):
        author = f"Benchmark <bench@example.com> {1_700_000_000 + mark} +0000"
        yield f"commit {ref}\nmark :{mark}\ncommitter {author}\n".encode()
        yield _data(f"commit {mark}")
        if mark == 1 and known:
            yield f"from {known}\n".encode()
        for path, content in files.items():
            if content is None:
                yield f"D {path}\n".encode()
            else:
                yield f"M 100644 inline {path}\n".encode()
                yield _data(content)
        yield b"\n"


def _data(content: str | bytes) -> bytes:
    raw = content if isinstance(content, bytes) else content.encode()
    return b"data %d\n%s\n" % (len(raw), raw)


def git(*arguments: str, cwd: Path, stdin: bytes | None = None) -> str:
    """What a git command prints."""
    return run(["git", *arguments], what=f"git {arguments[0]}", env=GIT_ENV, timeout=300, cwd=cwd, input=stdin).stdout


def stack_files(name: str, *, files: int = 10, command: str = "sleep 1000") -> dict[str, str]:
    """A stack as people have them: a Compose file, an env file, and a mounted folder of configuration.

    Args:
        name: its folder below `services`.
        files: how many there are in all, at least three.
        command: what its container runs.
    """
    folder = f"services/{name}"
    return {
        f"{folder}/compose.yaml": compose_file(command),
        f"{folder}/app.env": f"NAME={name}\nLEVEL=info\n",
        **{f"{folder}/config/{number:03}.conf": f"# {name}\nvalue = {number}\n" for number in range(files - 3)},
        f"{folder}/README.md": f"# {name}\n",
    }


def compose_file(command: str) -> str:
    """A Compose file that needs no network of the engine's few, and whose container stops at once."""
    return (
        "services:\n  app:\n    image: busybox:stable\n"
        f"    command: {json.dumps(command.split())}\n"
        "    env_file: app.env\n    volumes: ['./config:/etc/app:ro']\n"
        "    network_mode: none\n    stop_signal: SIGKILL\n"
    )
