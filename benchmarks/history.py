"""A made-up history of a repository of many stacks, in which every commit says which stacks it ought to touch.

What people do to such repositories, about as often as they do it: a new image, a changed configuration, a shared
file, a README, a comment, a stack that comes or goes. Nothing is left to chance: the same seed makes the same history.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_MODEL = "shared/base.yaml"
_FILE = "shared/ca.pem"


@dataclass(frozen=True, slots=True)
class Change:
    """One commit: what it writes (None removes), and the stacks that this has to touch."""

    files: dict[str, str | None]
    touched: frozenset[str]


class History:
    """Makes commits.

    Args:
        stacks: how many there are at first.
        seed: another one makes another history.
    """

    def __init__(self, stacks: int, seed: int = 7) -> None:
        self._chance = random.Random(seed)
        self._images = {f"s{number:03}": "1.0" for number in range(stacks)}
        self._number = 0

    def changes(self, commits: int) -> Iterator[Change]:
        """The first commit, then as many more as are wanted."""
        first: dict[str, str | None] = {"README.md": "# All stacks\n", _FILE: "certificate 0\n", _MODEL: _base("info")}
        yield Change(
            first | {path: text for name in self._images for path, text in self._stack(name)}, _set(self._images)
        )
        kinds = {
            self._image: 24,
            self._config: 22,
            self._env: 8,
            self._readme: 12,
            self._comment: 6,
            self._elsewhere: 12,
            self._shared_file: 3,
            self._shared_model: 2,
            self._several: 6,
            self._added: 3,
            self._removed: 2,
        }
        for self._number in range(1, commits + 1):
            (kind,) = self._chance.choices(list(kinds), list(kinds.values()))
            yield kind()

    # ------------------------------------------------------------ kinds of commits

    def _image(self) -> Change:
        name = self._any()
        self._images[name] = f"2.{self._number}"
        return Change({f"stacks/{name}/compose.yaml": self._compose(name)}, _set([name]))

    def _config(self) -> Change:
        name = self._any()
        return Change({f"stacks/{name}/config/app.conf": f"serial = {self._number}\n"}, _set([name]))

    def _env(self) -> Change:
        name = self._any()
        return Change({f"stacks/{name}/app.env": f"SERIAL={self._number}\n"}, _set([name]))

    def _readme(self) -> Change:
        return Change({f"stacks/{self._any()}/README.md": f"Edition {self._number}.\n"}, _set())

    def _comment(self) -> Change:
        name = self._any()
        return Change({f"stacks/{name}/compose.yaml": f"# note {self._number}\n{self._compose(name)}"}, _set())

    def _elsewhere(self) -> Change:
        path = self._chance.choice(["README.md", ".github/workflows/lint.yaml", "docs/network.md", "renovate.json"])
        return Change({path: f"{self._number}\n"}, _set())

    def _shared_file(self) -> Change:
        return Change({_FILE: f"certificate {self._number}\n"}, _set(filter(_mounts, self._images)))

    def _shared_model(self) -> Change:
        return Change({_MODEL: _base(f"level-{self._number}")}, _set(filter(_extends, self._images)))

    def _several(self) -> Change:
        names = self._chance.sample(list(self._images), 2)
        files: dict[str, str | None] = {
            f"stacks/{name}/config/app.conf": f"serial = {self._number}\n" for name in names
        }
        return Change(files | {"README.md": f"{self._number}\n"}, _set(names))

    def _added(self) -> Change:
        name = f"s{1000 + self._number}"
        self._images[name] = "1.0"
        return Change(dict(self._stack(name)), _set([name]))

    def _removed(self) -> Change:
        """A stack goes with its folder: that is reported, and by default nothing is done to it."""
        name = self._any()
        del self._images[name]
        return Change({f"stacks/{name}": None}, _set())

    # ------------------------------------------------------------ what stacks are made of

    def _any(self) -> str:
        return self._chance.choice(list(self._images))

    def _stack(self, name: str) -> Iterator[tuple[str, str]]:
        folder = f"stacks/{name}"
        yield f"{folder}/compose.yaml", self._compose(name)
        yield f"{folder}/app.env", "SERIAL=0\n"
        yield f"{folder}/config/app.conf", "serial = 0\n"
        yield f"{folder}/README.md", f"# {name}\n"

    def _compose(self, name: str) -> str:
        extends = f"    extends: {{file: ../../{_MODEL}, service: base}}\n" if _extends(name) else ""
        mount = f", '../../{_FILE}:/etc/ca.pem:ro'" if _mounts(name) else ""
        return (
            f"services:\n  app:\n    image: registry.example.com/{name}:{self._images[name]}\n{extends}"
            f"    env_file: app.env\n    volumes: ['./config:/etc/app:ro'{mount}]\n"
        )


def _set(names: Iterable[str] = ()) -> frozenset[str]:
    return frozenset(names)


def _mounts(name: str) -> bool:
    """Every fifth stack mounts a file that all of these share."""
    return int(name[1:]) % 5 == 0


def _extends(name: str) -> bool:
    """Every seventh extends a shared service."""
    return int(name[1:]) % 7 == 0


def _base(level: str) -> str:
    return f"services:\n  base:\n    environment: {{LEVEL: {level}}}\n"
