"""`compose.yaml` for real: the image is built, the services come up, a push goes through, Flower shows it."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.system import REPO, System, eventually
from tests.releases import PINNED

ROOT = Path(__file__).resolve().parents[2]
LOGIN = "admin:e2e-flower-login"
JSON = {"Content-Type": "application/json"}


class Installed(System):
    """A Tegu that was installed with `docker compose up`; its Git server listens where containers reach it."""

    def __init__(self, folder: Path, images: dict[str, str]) -> None:
        super().__init__(folder)
        self.images = images
        self.host = _gateway()
        self.catalog["repos"][REPO] |= {
            "url": f"git://{self.host}:{self.git_port}/{REPO}.git",
            "webhook_secret_file": "/run/secrets/webhook_secret",
        }
        del self.catalog["repos"][REPO]["webhook_secret"]
        self.project = f"{self.prefix}-tegu-itself"
        self.images_before = _images()

    @property
    def env(self) -> dict[str, str]:
        """What the installation's own variables are set to."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "TEGU_DATA_DIR": str(self.data),
            "TEGU_CATALOG_DIR": str(self.folder / "catalog"),
            "TEGU_SECRETS_DIR": str(self.folder / "secrets"),
            "TEGU_WEB_PORT": f"127.0.0.1:{self.web_port}",
            "TEGU_FLOWER_PORT": f"127.0.0.1:{self.flower_port}",
            "TEGU_IMAGE": f"tegu:{self.prefix}",
            **self.images,
        }

    def start(self) -> None:
        """Follow README.md's installation, and wait until Tegu can work."""
        self.push({"README.md": "A repository without stacks\n"})
        self.data.mkdir()
        (self.folder / "catalog").mkdir()
        (self.folder / "catalog" / "tegu.yaml").write_text(yaml.safe_dump(self.catalog))
        (self.folder / "secrets").mkdir(mode=0o711)
        texts = {"webhook_secret": self.secret, "api_token": self.token, "flower_login": LOGIN, "git_token": ""}
        for name, text in texts.items():
            path = self.folder / "secrets" / name
            path.write_text(text)
            path.chmod(0o400)
            if name != "git_token":
                os.chown(path, 10001, 10001)
        self._spawn(
            "git.log",
            *("git", "daemon", "--reuseaddr", "--verbose", "--export-all", f"--listen={self.host}"),
            *(f"--port={self.git_port}", f"--base-path={self.served.parent}", str(self.served.parent)),
        )
        self.compose("up", "--detach", "--build", "--quiet-pull", "--pull", "missing")
        eventually(self._ready, "readiness of the installation", 120)

    def compose(self, *arguments: str, more: Path | None = None) -> str:
        files = ["-f", str(ROOT / "compose.yaml"), *(["-f", str(more)] if more else [])]
        argv = ["docker", "compose", "-p", self.project, *files, *arguments]
        done = subprocess.run(argv, env=self.env, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def log(self) -> str:
        return self.compose("logs", "--no-color", "--tail", "100")

    def stop(self) -> None:
        try:
            self.compose("down", "--volumes", "--timeout", "5")
            # Every service builds the one image, and the last one has its name.
            made = _images() - self.images_before
            subprocess.run(["docker", "image", "rm", "-f", *made], capture_output=True, check=False)
        finally:
            super().stop()


def _images() -> set[str]:
    """The ids of all images made of the Dockerfile, with and without a name."""
    argv = ["docker", "image", "ls", "-q", "--filter", "label=org.opencontainers.image.title=Tegu"]
    return set(subprocess.run(argv, check=True, capture_output=True, text=True).stdout.split())


def _gateway() -> str:
    """The host's address on the engine's default bridge, which every container can reach."""
    argv = ["docker", "network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}"]
    found = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()
    return found or "172.17.0.1"


@pytest.fixture(scope="module")
def images() -> dict[str, str]:
    """Base images: the real ones where a registry is in reach, stand-ins made of Debian's packages elsewhere."""
    pulled = subprocess.run(
        ["docker", "pull", "-q", "python:3.13-slim-trixie"], capture_output=True, timeout=300, check=False
    )
    if pulled.returncode == 0:
        return {}
    if not shutil.which("debootstrap", path="/usr/sbin:/sbin:" + os.environ["PATH"]) or os.geteuid() != 0:
        if os.environ.get("CI"):
            pytest.fail("neither a registry nor debootstrap is there to make base images with")
        pytest.skip("needs a registry, or debootstrap and root, for base images")
    done = subprocess.run([ROOT / "scripts" / "stand-in-images"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    certificates = "/etc/ssl/certs/ca-certificates.crt"
    return {
        "TEGU_BASE_IMAGE": "tegu-test/python",
        "TEGU_REDIS_IMAGE": "tegu-test/redis",
        "TEGU_PIP_CERT": certificates,
    }


@pytest.fixture(scope="module")
def installed(
    tmp_path_factory: pytest.TempPathFactory,
    engine: None,  # noqa: ARG001 (it has to be there)
    images: dict[str, str],
) -> Iterator[Installed]:
    """One installation for all tests, each with stacks of its own."""
    made = Installed(tmp_path_factory.mktemp("installed"), images)
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.mark.timeout(600)
def test_the_installation_of_the_readme_serves_a_push_and_flower_lists_it(installed: Installed) -> None:
    stack = (
        "services:\n  app:\n    image: busybox:stable\n    command: [sleep, infinity]\n"
        "    network_mode: host\n    stop_signal: SIGKILL\n    volumes: ['./app.conf:/app.conf:ro']\n"
    )
    assert installed.compose("exec", "-T", "worker", "docker", "compose", "version", "--short").strip() == PINNED
    assert installed.compose("exec", "-T", "worker", "docker", "buildx", "version")
    first = installed.deploy(
        {
            f"services/{name}/{path}": text
            for name in "ab"
            for path, text in (("compose.yaml", stack), ("app.conf", "1\n"))
        }
    )
    assert {name: one["outcome"] for name, one in first["stacks"].items()} == {
        "default/a": "deployed",
        "default/b": "deployed",
    }
    before = installed.containers()
    run = installed.deploy({"services/b/app.conf": "2\n"})
    assert {name: run["stacks"][name]["action"] for name in ("default/a", "default/b")} == {
        "default/a": "none",
        "default/b": "restart",
    }
    after = installed.containers()
    assert {name for name in ("a/app/1", "b/app/1") if before[name] != after[name]} == {"b/app/1"}
    assert installed.inside("b/app/1", "cat", "/app.conf") == "2\n"

    flower = f"http://127.0.0.1:{installed.flower_port}"
    login = {"Authorization": f"Basic {base64.b64encode(LOGIN.encode()).decode()}"}
    assert installed.ask("/api/tasks", base=flower, headers={"Authorization": ""})[0] == 401

    def listed() -> list[dict[str, Any]]:
        found = installed.ask("/api/tasks?limit=100", base=flower, headers=login)[1]
        return list(found.values()) if isinstance(found, dict) else []

    def complete() -> bool:
        names = [task["name"] for task in listed() if task["state"] == "SUCCESS"]
        return names.count("tegu.pull") >= 2 and names.count("tegu.deploy_if_changed") >= 4

    eventually(complete, "Flower's list of both pulls and every decision", 30)
    assert all("default/" in task["args"] for task in listed() if task["name"] == "tegu.deploy_if_changed")
    assert installed.secret not in installed.log()


@pytest.mark.timeout(600)
def test_a_project_of_the_host_keeps_its_data_although_no_worker_can_see_it(installed: Installed) -> None:
    """Its folder is not among what compose.yaml mounts, until somebody adds the lines that they are told."""
    folder = installed.folder / "by-hand"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "it").write_text("precious\n")
    file = (
        "services:\n  app:\n    image: busybox:stable\n    command: [sleep, infinity]\n"
        "    network_mode: host\n    stop_signal: SIGKILL\n    volumes: ['./data:/data']\n"
        "    environment: {GREETING: '${GREETING:-nobody has said}'}\n"
    )
    (folder / ".env").write_text("GREETING=hello\n")
    (folder / "compose.yaml").write_text(file)
    argv = ["docker", "compose", "-p", f"{installed.prefix}-c", "up", "--detach"]
    subprocess.run(argv, cwd=folder, check=True, capture_output=True, timeout=120)
    before = installed.containers()["c/app/1"]

    def refused(run: dict[str, Any]) -> str:
        stack = run["stacks"]["default/c"]
        assert (stack["outcome"], stack["reason"]) == ("blocked", "moved"), stack
        assert installed.containers()["c/app/1"] == before
        last = installed.ask("/api/v1/stacks/default/c")[1]["last_deployment"]
        assert last["id"] == stack["deployment"]
        return str(last["message"])

    def adopt() -> dict[str, Any]:
        status, answer = installed.ask("/api/v1/stacks/default/c/adopt", b'{"data": "move"}', JSON)
        assert status == 202, answer
        return installed.follow(answer["run"])

    for told in (refused(installed.deploy({"services/c/compose.yaml": file})), refused(adopt())):
        assert f"would stay behind, which this worker cannot see: {folder}/.env, {folder}/data;" in told
        assert f"\n  - {folder}:{folder}\n" in told

    volumes = {"volumes": [f"{folder}:{folder}"]}
    (installed.folder / "more.yaml").write_text(yaml.safe_dump({"services": {"worker": volumes}}))
    installed.compose("up", "--detach", "--no-build", "--timeout", "5", more=installed.folder / "more.yaml")
    eventually(installed._ready, "readiness of the installation", 120)
    run = adopt()
    # The order stands since the last time, so the look that a worker takes when it starts may have been quicker.
    assert run["stacks"]["default/c"]["outcome"] in {"deployed", "unchanged"}, run
    assert installed.ask("/api/v1/stacks/default/c")[1]["last_deployment"]["outcome"] == "deployed"
    assert installed.inside("c/app/1", "cat", "/data/it") == "precious\n"
    assert installed.inside("c/app/1", "sh", "-c", "echo $GREETING") == "hello\n"
    assert not (folder / "data").exists()
