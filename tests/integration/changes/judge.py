"""The real Compose as the judge of what a Compose file means."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.process import run

UNSET = re.compile(r'The \\?"([^"\\]+)\\?" variable is not set')


@dataclass(frozen=True)
class Verdict:
    """What Compose makes of a project, or why it refuses it; and the variables it misses."""

    model: dict[str, Any] | None
    error: str
    unset: frozenset[str]


@dataclass(frozen=True)
class Judge:
    """One release of Compose."""

    argv: tuple[str, ...]
    version: str

    @property
    def release(self) -> tuple[int, ...]:
        """Major and minor, to compare."""
        return tuple(int(part) for part in self.version.lstrip("v").split(".")[:2])

    def config(self, folder: Path, files: Sequence[str] = (), env: Mapping[str, str] | None = None) -> Verdict:
        """What `docker compose config` says; a doubled dollar in its answer stands for one."""
        argv = [*self.argv, *(part for file in files for part in ("-f", file)), "config", "--format", "json"]
        environ = {"PATH": "/usr/bin:/bin", "HOME": "/root", **(env or {})}
        done = run(argv, what="docker compose config", env=environ, timeout=60, cwd=folder, check=False)
        model = json.loads(done.stdout.replace("$$", "$")) if done.code == 0 else None
        return Verdict(model, done.stderr.strip() if done.code else "", frozenset(UNSET.findall(done.stderr)))
