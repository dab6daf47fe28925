"""Images that a stack uses no more."""

from __future__ import annotations

import pytest

from workers.adapters.docker.engine import Engine
from workers.deploy.containers.prune import prune_images


class Images(Engine):
    """An engine with these images by name; `busy` ones are in use."""

    def __init__(self, names: dict[str, str], busy: frozenset[str] = frozenset()) -> None:
        super().__init__("unix:///nowhere")
        self.names, self.busy = names, busy

    def image_id(self, name: str) -> str | None:
        return self.names.get(name)

    def names_of(self, image_id: str) -> tuple[str, ...]:
        return tuple(name for name, each in self.names.items() if each == image_id)

    def drop_image(self, name: str) -> bool:
        return name not in self.busy


BEFORE = {"web:1": "sha256:1"}


@pytest.mark.parametrize(
    ("names", "after", "others", "expected"),
    [
        ({"web:1": "sha256:1"}, {"web:2": "sha256:2"}, set(), ["web:1"]),
        ({"web:1": "sha256:1"}, {"web:1": "sha256:1"}, set(), []),
        ({"web:1": "sha256:1"}, {"web:2": "sha256:2"}, {"web:1"}, []),
        ({"web:1": "sha256:2"}, {"web:1": "sha256:2"}, set(), ["sha256:1"]),
        ({"web:1": "sha256:2"}, {"web:1": "sha256:2"}, {"sha256:1"}, []),
        ({"web:1": "sha256:2", "mine": "sha256:1"}, {"web:1": "sha256:2"}, set(), []),
    ],
)
def test_what_only_the_former_deployment_used_goes(
    names: dict[str, str], after: dict[str, str | None], others: set[str], expected: list[str]
) -> None:
    assert prune_images(Images(names), BEFORE, after, others) == expected


def test_what_a_container_needs_stays() -> None:
    assert prune_images(Images({"web:1": "sha256:1"}, frozenset({"web:1", "sha256:1"})), BEFORE, {}, ()) == []
