"""What `workers.compose` gets of a model from each release of Compose."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.releases import READING, release
from workers.compose import Compose, Project
from workers.errors import InvalidStack

KEY = """\
services:
  web:
    build: {context: ., ssh: [deploy=./key]}
    command: ["echo", "$$HOME"]
"""


def _config(name: str, folder: Path, text: str) -> dict[str, object]:
    (folder / "compose.yaml").write_text(text)
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
    project = Project("p", folder, folder, (str(folder / "compose.yaml"),), environment=environment)
    return Compose(release(name).argv).config(project)[0]


@pytest.mark.parametrize("name", READING)
def test_a_model_that_compose_cannot_write_as_json_is_read_all_the_same(name: str, tmp_path: Path) -> None:
    model = _config(name, tmp_path, KEY)
    web = model["services"]["web"]  # type: ignore[index]
    assert web["command"] == ["echo", "$HOME"]
    assert web["build"]["context"] == str(tmp_path)


@pytest.mark.parametrize("name", READING)
def test_what_compose_refuses_is_invalid(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidStack, match="nonsense"):
        _config(name, tmp_path, "services: {web: {image: x, nonsense: 1}}\n")
