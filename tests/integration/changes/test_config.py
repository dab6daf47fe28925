"""What `workers.adapters.docker.compose` gets of a model from each release of Compose."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.releases import PINNED, READING, release
from workers.adapters.docker.compose import Compose
from workers.adapters.docker.compose_project import Project
from workers.deploy.containers.compose_model import all_images
from workers.model.errors import InvalidStack
from workers.runtime.process import run

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


IMAGES = {
    "services": """\
services:
  web: {image: "web:1"}
  made: {build: ., image: "made:1"}
  unnamed: {build: .}
""",
    "hooks, jobs and volumes": """\
services:
  web:
    image: "web:1"
    pre_start: [{command: x}, {image: "tool:1", command: x}]
    volumes: [{type: image, source: "data:1", target: /d}]
  unnamed: {build: ., pre_start: [{command: x}, {image: "tool:2", command: x}]}
jobs:
  nightly: {image: "job:1", triggers: {manual: true}}
""",
}
UNASKED = {"job:1"}  # nobody needs a job's image before it is run
UNTOLD = {"data:1"}  # Compose 5.6 prints none of a volume


@pytest.mark.parametrize(("name", "kind"), [(READING[0], "services"), *((PINNED, kind) for kind in IMAGES)])
def test_the_images_of_a_model_are_those_that_compose_prints(name: str, kind: str, tmp_path: Path) -> None:
    model = _config(name, tmp_path, IMAGES[kind])
    argv = [*release(name).argv, "-p", "p", "config", "--images"]
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    printed = set(run(argv, what="docker compose config", env=env, timeout=60, cwd=tmp_path).stdout.split())
    assert printed - UNASKED <= all_images(model, "p")
    assert all_images(model, "p") - UNTOLD <= printed
