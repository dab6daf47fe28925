"""The corpus: small Compose projects with what their closures must be; `tests/corpus/README.md` describes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.unit.changes.worlds import DictOutside, Files, Link, Submodule, make_stack
from workers.changes.project import OVERRIDE_FILES
from workers.model.stack import Stack

FOLDER = Path(__file__).parents[2] / "corpus"
LIVE_MARK = "@LIVE@"
"""Stands in a corpus file for the folder that the repository's files lie in on the host."""


@dataclass(frozen=True)
class Case:
    """One folder of the corpus."""

    name: str
    feature: str
    stack: Stack
    written: Files
    outside: dict[str, str]
    expected: dict[str, Any] = field(repr=False)

    @property
    def invalid(self) -> str | None:
        """What the refusal says, where the project is to be refused."""
        found = self.expected.get("invalid")
        return None if found is None else str(found)

    def files(self, live: str) -> dict[str, object]:
        """The repository's files for a host where they lie in `live`."""
        return {path: _at(content, live) for path, content in self.written.items()}

    def host(self, live: str) -> DictOutside:
        """The host that the stack runs on, with the files that Git lacks."""
        outside = DictOutside({f"{live}/{path}": content for path, content in self.outside.items()}, live)
        outside.environ["HOME"] = "/root"
        return outside

    @property
    def closure(self) -> set[str]:
        """The paths of the closure that are there."""
        return set(self.expected["closure"])

    @property
    def absent(self) -> set[str]:
        """The paths of the closure that are not, with those that Compose always looks for."""
        options = self.stack.options
        usual = (*(() if options.env_files else (".env",)), *(() if options.files else OVERRIDE_FILES))
        prefix = f"{self.stack.path}/" if self.stack.path else ""
        looked_for = {prefix + name for name in usual}
        if override := next((prefix + name for name in OVERRIDE_FILES if prefix + name in self.written), None):
            # Compose looks no further once it has one.
            later = OVERRIDE_FILES[OVERRIDE_FILES.index(override.removeprefix(prefix)) :]
            looked_for -= {prefix + name for name in later}
        return {*self.expected.get("absent", ()), *looked_for} - set(self.written)

    def released(self, version: str) -> bool:
        """Whether a release of Compose knows the feature."""
        return _numbers(version) >= _numbers(str(self.expected.get("since", "2.0")))

    def taken_all_the_same(self, version: str) -> bool:
        """Whether a release of Compose takes what Tegu refuses."""
        since = self.expected.get("compose_takes_it")
        return since is not None and _numbers(version) >= _numbers(str(since))


def _at(content: object, live: str) -> object:
    if isinstance(content, bytes):
        return content.replace(LIVE_MARK.encode(), live.encode())
    return content


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.lstrip("v").split("-")[0].split(".")[:2])


def case_names() -> list[str]:
    """Every case by its folder."""
    return sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir())


def load_case(name: str) -> Case:
    """Read one folder of the corpus."""
    folder = FOLDER / name
    expected = yaml.safe_load((folder / "expected.yaml").read_text(encoding="utf-8"))
    repo = folder / "repo"
    files: dict[str, object] = {
        file.relative_to(repo).as_posix(): file.read_bytes() for file in sorted(repo.rglob("*")) if file.is_file()
    }
    for path, made in expected.get("made", {}).items():
        [(kind, value)] = made.items()
        files[path] = {"link": Link, "submodule": Submodule, "text": str}[kind](value)
    options = {
        key: tuple(value) if isinstance(value, list) else value for key, value in expected.get("options", {}).items()
    }
    stack = make_stack(expected.get("path", "app"), **options)
    return Case(name, expected["feature"], stack, files, expected.get("outside", {}), expected)
