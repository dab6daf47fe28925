"""What was found to reach one service, and how values that people write are gone through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from workers.model.words import Action


@dataclass(slots=True)
class Reach:
    """What was found to reach one service.

    `content` says of each path what its change asks for; `mounted` are those of them that the container sees as they
    are. `environment` has None for a variable that the service names and nobody sets; `older_environment` is what older
    releases of Compose make of the variables. `bases` and `built_on` are the images and services that its build uses,
    `runs` the further images that its containers are made with: those of `pre_start` hooks and of volumes.
    """

    content: dict[str, Action] = field(default_factory=dict)
    mounted: dict[str, None] = field(default_factory=dict)
    environment: dict[str, str | None] = field(default_factory=dict)
    older_environment: dict[str, str | None] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    recreated: dict[str, object] = field(default_factory=dict)
    build: Mapping[str, object] | None = None
    bases: tuple[str, ...] = ()
    built_on: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)

    def mount(self, paths: tuple[str, ...]) -> None:
        """The container sees the paths as they are, and takes new content up when it is restarted."""
        self.note(paths, Action.RESTART)
        self.mounted.update(dict.fromkeys(paths))

    def note(self, paths: tuple[str, ...], action: Action) -> None:
        """Paths reach the service; the strongest of several ways counts."""
        for path in paths:
            self.content[path] = max(action, self.content.get(path, action), key=lambda kind: kind.strength)


def mappings(value: object) -> Iterator[Mapping[str, object]]:
    """The mappings in a list; nothing of anything else."""
    yield from (item for item in value if isinstance(item, Mapping)) if isinstance(value, list) else ()


def texts(value: object) -> Iterator[str]:
    """A text, or the texts in a list."""
    items = [value] if isinstance(value, str) else value
    yield from (item for item in items if isinstance(item, str)) if isinstance(items, list) else ()
