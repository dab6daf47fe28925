"""The real Compose as the judge of what a Compose file means."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.runtime.process import Completed, run

_COUNTS_CONTENT = (5, 0)
"""The first release whose `config --hash` counts what env files hold, as `up` does in all of them."""
UNSET = re.compile(r'The \\?"([^"\\]+)\\?" variable is not set')


class RefusedError(Exception):
    """Compose takes the project for invalid."""


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
        done = self._asked(
            [*(part for file in files for part in ("-f", file)), "config", "--format", "json"], folder, env
        )
        model = json.loads(done.stdout.replace("$$", "$")) if done.code == 0 else None
        return Verdict(model, done.stderr.strip() if done.code else "", frozenset(UNSET.findall(done.stderr)))

    def hashes(self, folder: Path, env: Mapping[str, str]) -> dict[str, str]:
        """Each enabled service's digest, by which `up` decides what to make anew.

        Older releases name env files in what `config --hash` counts, where `up` counts what is in them. So the model is
        resolved first where there are some, and that is counted.

        Args:
            folder: the project directory, for which Compose picks the files.
            env: Compose's environment; `PWD` and the project's name come on top.

        Raises:
            RefusedError: Compose takes the project for invalid.
        """
        around = {"COMPOSE_PROJECT_NAME": "app", "PWD": str(folder), **env}
        options = ["--project-directory", str(folder)]
        if self.release < _COUNTS_CONTENT and any("env_file" in file.read_text() for file in folder.rglob("*.y*ml")):
            resolved = self._asked([*options, "config"], folder, around)
            self._require(resolved)
            with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
                file.write(resolved.stdout)
                file.flush()
                done = self._asked([*options, "-f", file.name, "config", "--hash", "*"], folder, around)
        else:
            done = self._asked([*options, "config", "--hash", "*"], folder, around)
        self._require(done)
        return dict(map(_pair, done.stdout.splitlines()))

    def _require(self, done: Completed) -> None:
        if done.code:
            message = f"{self.version}: {done.stderr.strip()}"
            raise RefusedError(message)

    def _asked(self, argv: Sequence[str], folder: Path, env: Mapping[str, str] | None) -> Completed:
        environ = {"PATH": "/usr/bin:/bin", "HOME": "/root", **(env or {})}
        return run([*self.argv, *argv], what="docker compose config", env=environ, timeout=60, cwd=folder, check=False)


def _pair(line: str) -> tuple[str, str]:
    name, digest = line.split()
    return name, digest
