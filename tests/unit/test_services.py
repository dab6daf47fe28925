"""Collaborators are made once, on first use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from workers.model.errors import UnknownName
from workers.model.stack import Options, Stack
from workers.runtime.settings import Settings
from workers.services import HostFiles, Services


@pytest.fixture
def services(tmp_path: Path) -> Services:
    catalog = tmp_path / "tegu.yaml"
    catalog.write_text("repos:\n  homelab: {url: /srv/homelab.git, ref: main, discover: ['*']}\n")
    return Services(Settings(catalog=catalog, data_dir=tmp_path / "data"))


def _stack(**options: object) -> Stack:
    return Stack(
        environment="production",
        name="a",
        repo="homelab",
        path="a",
        ref="main",
        worker="local",
        docker_host="tcp://there:2375",
        project="a",
        options=Options(**options),  # type: ignore[arg-type]
    )


def test_making_them_touches_nothing(services: Services, tmp_path: Path) -> None:
    assert services.queue is services.queue
    assert services.state is services.state
    assert services.clone("homelab").path == tmp_path / "data/repos/homelab.git"
    assert not (tmp_path / "data").exists()


def test_a_clone_is_made_once_until_its_repo_changes(services: Services) -> None:
    first = services.clone("homelab")
    assert services.clone("homelab") is first
    catalog = services.settings.catalog
    catalog.write_text(catalog.read_text().replace("/srv/homelab.git", "/srv/other.git"))
    assert services.clone("homelab") is not first


def test_an_unknown_repo_is_told_with_those_there_are(services: Services) -> None:
    with pytest.raises(UnknownName, match="there is no repo 'x'; the catalog has homelab"):
        services.clone("x")


def test_the_key_stays_the_same(services: Services) -> None:
    key = services.key
    assert len(key) == 32
    assert Services(services.settings).key == key


def test_change_detection_sees_what_compose_is_started_with(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_DEPLOYER", "x")
    outside = services.outside(_stack(variables={"DOMAIN": "example.com"}))
    assert outside.live == f"{services.settings.data_dir}/stacks/production/a"
    assert outside.environ["DOCKER_HOST"] == "tcp://there:2375"
    assert outside.environ["COMPOSE_EXPERIMENTAL_GIT_REMOTE"] == "false"
    assert not {"SECRET_OF_THE_DEPLOYER", "PWD", "DOMAIN"} & outside.environ.keys()


class TestHostFiles:
    def test_a_file_is_read_and_anything_else_is_absent(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"text")
        os.mkfifo(tmp_path / "pipe")
        files = HostFiles(str(tmp_path), {})
        assert files.read(str(tmp_path / "file")) == b"text"
        for name in ("pipe", "nothing", ".", "file/below", "nul\0"):
            assert files.read(f"{tmp_path}/{name}") is None

    def test_a_file_is_read_as_far_as_anything_that_compose_reads_goes(self, tmp_path: Path) -> None:
        (tmp_path / "empty").touch()
        with (tmp_path / "large").open("wb") as file:
            file.truncate((16 << 20) + 1)
        files = HostFiles(str(tmp_path), {})
        assert files.read(str(tmp_path / "empty")) == b""
        assert files.read(str(tmp_path / "large")) == bytes(16 << 20)
