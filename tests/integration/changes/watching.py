"""What a program looks at on disk, by `strace`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workers.runtime.process import Completed, run

CALLS = "open,openat,readlink,readlinkat,stat,lstat,newfstatat,statx,access,faccessat2"
LINE = re.compile(
    r'^(?:\d+ +)?(?P<call>\w+)\((?:AT_FDCWD, |-?\d+, )?"(?P<path>(?:[^"\\]|\\.)*)",'
    r" *(?P<rest>.*)\) *= (?P<result>-?\d+)"
)
ESCAPE = re.compile(rb"\\x([0-9a-f]{2})")


@dataclass
class Sight:
    """Paths relative to a folder: files that were opened, and paths that were looked for in vain."""

    opened: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)


def watched(argv: Sequence[str], env: Mapping[str, str], cwd: Path, root: Path, log: Path) -> tuple[Completed, Sight]:
    """Run a program and see what it looks at below `root`, through symlinks: each is a path that was opened."""
    trace = [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-xx",
        "-s",
        "4096",
        "-e",
        f"trace={CALLS}",
        "-e",
        "signal=none",
        "-o",
        str(log),
    ]
    done = run([*trace, *argv], what="strace", env=dict(env), timeout=120, cwd=cwd, check=False)
    sight = Sight()
    for line in log.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        found = LINE.match(line)
        if found is None or "O_DIRECTORY" in found["rest"]:
            continue
        path = Path(cwd, _unescaped(found["path"]))
        if not Path(os.path.normpath(path)).is_relative_to(root):
            continue
        if int(found["result"]) < 0:
            sight.absent.add(os.path.relpath(path, root))
        elif found["call"] in {"open", "openat", "readlink", "readlinkat"}:
            sight.opened |= _passed(path, root)
    return done, sight


def _unescaped(text: str) -> str:
    return os.fsdecode(ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), text.encode()))


def _passed(path: Path, root: Path) -> set[str]:
    """The symlinks on the way to a file below the root, and the file; folders are no content."""
    passed: set[str] = set()
    rest = list(Path(os.path.normpath(path)).relative_to(root).parts)
    done = root
    while rest:
        part = rest.pop(0)
        step = Path(os.path.normpath(done / part))
        if step.is_symlink():
            passed.add(str(step.relative_to(root)))
            rest = [*step.readlink().parts, *rest]
            continue
        done = step
    if done.is_file():
        passed.add(str(done.relative_to(root)))
    return passed
