"""What runs: the Docker Engine seen through its SDK. Compose changes things, this module observes them.

The few things it does change are those that Compose has no word for: put a tag back on an image, settle a
container that a killed Compose left half made. Longer than others: one connection, a few lines for each question.
"""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from workers.adapters.docker.changes import Changes, Events
from workers.adapters.docker.container import PROJECT, Container, Details, container_of, details_of, inspected
from workers.model.errors import CommandFailed, EngineUnavailable
from workers.runtime.late import late
from workers.runtime.settings import inherited

if TYPE_CHECKING:
    import docker.errors
    import docker.utils
    import requests
else:
    docker, requests = late("docker", "errors", "utils"), late("requests")

# What may change a container's state. Health checks also cause an `exec_…` event each, which say nothing.
_EVENTS = ["create", "start", "die", "stop", "kill", "oom", "restart", "pause", "unpause", "destroy", "rename"]
_TIMEOUT = 60  # seconds for one answer of the engine
_CONNECTIONS = 64  # kept; urllib3 warns of each one more
_SIGN_OF_LIFE = 5  # seconds for the shortest one


def load() -> None:
    """Load the SDK now, for a process whose children are to share it."""
    _ = (docker.APIClient, docker.errors, docker.utils, requests.Session)


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn the SDK's errors into ours.

    Raises:
        CommandFailed: when the engine refuses.
        EngineUnavailable: when it does not answer, or cannot.
    """
    try:
        yield
    except docker.errors.APIError as error:
        if error.is_client_error():
            what = "a call of the Docker Engine"
            raise CommandFailed(what, error.status_code or 400, str(error.explanation)) from error
        message = f"the Docker Engine did not do as asked: {error}"
        raise EngineUnavailable(message) from error
    except (docker.errors.DockerException, requests.RequestException, OSError) as error:
        message = f"the Docker Engine did not do as asked: {error}"
        raise EngineUnavailable(message) from error


class Engine:
    """One Docker Engine. Connects on first use.

    Args:
        docker_host: as `DOCKER_HOST` has it.
    """

    def __init__(self, docker_host: str) -> None:
        self.docker_host = docker_host
        self._client: docker.APIClient | None = None
        self._changes = Changes(self._follow)

    @property
    def client(self) -> docker.APIClient:
        """The SDK's low-level client.

        Raises:
            EngineUnavailable: when the engine does not answer.
        """
        if self._client is None:
            self._client = self._connected("auto", _TIMEOUT)
        return self._client

    def _connected(self, version: str, timeout: int) -> docker.APIClient:
        known = inherited(("DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "HOME")) | {"DOCKER_HOST": self.docker_host}
        with translated():
            client = docker.APIClient(
                **docker.utils.kwargs_from_env(environment=known),
                version=version,
                timeout=timeout,
                max_pool_size=_CONNECTIONS,
                use_ssh_client=self.docker_host.startswith("ssh://"),
            )
        if self.docker_host.startswith("unix://"):
            client.trust_env = False  # no proxy leads to a socket; to look for one took a third of every call
        return client

    def close(self) -> None:
        """Close the connection. The next call opens it again."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def answers(self) -> bool:
        """Whether the engine takes a new connection and answers; one that shuts down does not, while it stops all.

        It stops listening first, and goes on telling on open connections what it does (seen with engine 20.10).
        """
        try:
            client = self._connected(str(self.client.api_version), _SIGN_OF_LIFE)
            with translated(), contextlib.closing(client):
                return bool(client.ping())
        except (CommandFailed, EngineUnavailable):
            return False

    def version(self) -> str:
        """The engine's version.

        Raises:
            EngineUnavailable: when it does not answer.
        """
        with translated():
            return str(self.client.version()["Version"])

    # ------------------------------------------------------------ containers

    def containers(self, project: str | None = None, *, one_off: bool = False) -> tuple[Container, ...]:
        """The containers of services of one Compose project, or of all of them, in one call.

        Args:
            project: the project's name.
            one_off: also those of `docker compose run` and of hooks.
        """
        label = PROJECT if project is None else f"{PROJECT}={project}"
        with translated():
            rows = self.client.containers(all=True, filters={"label": label})
        found = (container_of(row) for row in rows)
        return tuple(each for each in found if one_off or each.is_of_service)

    def details(self, containers: Iterable[Container]) -> tuple[Details, ...]:
        """A look into each container. Those that have gone meanwhile are left out."""
        found: list[Details] = []
        with translated():
            for each in containers:
                with contextlib.suppress(docker.errors.NotFound):
                    found.append(details_of(each, self.client.inspect_container(each.id)))
        return tuple(found)

    def inspect(self, ids: Iterable[str]) -> dict[str, Details | None]:
        """A look into containers by id; None for those that are gone."""
        found: dict[str, Details | None] = {}
        with translated():
            for each in ids:
                try:
                    found[each] = inspected(self.client.inspect_container(each))
                except docker.errors.NotFound:
                    found[each] = None
        return found

    def users(self, volume: str) -> tuple[Container, ...]:
        """Every container that refers to a volume, running or not, whosever it is."""
        with translated():
            rows = self.client.containers(all=True, filters={"volume": volume})
        mounting = (row for row in rows if any(mount.get("Name") == volume for mount in row.get("Mounts") or ()))
        return tuple(container_of(row) for row in mounting)

    def last_lines(self, container_id: str, count: int = 20) -> str:
        """The end of a container's log; nothing for a log driver that cannot be read."""
        try:
            with translated():
                log = self.client.logs(container_id, stdout=True, stderr=True, tail=count)
        except (CommandFailed, EngineUnavailable):
            return ""
        return bytes(log).decode(errors="replace").strip()

    def last_check(self, container_id: str) -> str:
        """What the newest run of a container's healthcheck printed; nothing without one."""
        try:
            with translated():
                health = self.client.inspect_container(container_id)["State"].get("Health") or {}
        except (docker.errors.NotFound, CommandFailed, EngineUnavailable):
            return ""
        runs = health.get("Log") or [{}]
        return str(runs[-1].get("Output") or "").strip()

    def exists(self, container_id: str) -> bool:
        """Whether there is a container with this id."""
        with translated():
            try:
                self.client.inspect_container(container_id)
            except docker.errors.NotFound:
                return False
        return True

    def network_mode(self, container_id: str) -> str | None:
        """The network mode of a container; None without one."""
        with translated():
            try:
                return str(self.client.inspect_container(container_id)["HostConfig"]["NetworkMode"])
            except docker.errors.NotFound:
                return None

    def binds(self, container_id: str) -> tuple[tuple[str, str], ...] | None:
        """What of the host is mounted into a container: where it is, and where that sees it; None without one."""
        with translated():
            try:
                mounts = self.client.inspect_container(container_id)["Mounts"]
            except docker.errors.NotFound:
                return None
        return tuple((each["Source"], each["Destination"]) for each in mounts if each["Type"] == "bind")

    def start(self, container_id: str) -> None:
        """Start a container."""
        with translated():
            self.client.start(container_id)

    def stop(self, container_id: str) -> None:
        """Stop a container, within the time it asks for, however long that is."""
        with translated():
            grace = self.client.inspect_container(container_id)["Config"].get("StopTimeout")
            self.client.stop(container_id, timeout=grace)  # the SDK waits for so long, and then for its own timeout

    def remove(self, container_id: str) -> None:
        """Remove a container by force. Its volumes stay."""
        with translated():
            self.client.remove_container(container_id, force=True, v=False)

    def rename(self, container_id: str, name: str) -> None:
        """Give a container another name."""
        with translated():
            self.client.rename(container_id, name)

    # ------------------------------------------------------------ images

    def image_id(self, name: str) -> str | None:
        """The id of the image that a name stands for here, or None."""
        with translated():
            try:
                return str(self.client.inspect_image(name)["Id"])  # type: ignore[no-untyped-call]
            except (docker.errors.ImageNotFound, docker.errors.NotFound):
                return None

    def tag(self, image_id: str, name: str) -> None:
        """Let a name stand for an image, whatever it stood for before."""
        repository, tag = split_name(name)
        with translated():
            self.client.tag(image_id, repository, tag=tag, force=True)

    def untag(self, name: str) -> None:
        """Take a name away; the image itself stays only while something else refers to it."""
        with translated(), contextlib.suppress(docker.errors.APIError):
            self.client.remove_image(name, noprune=True)

    def names_of(self, image_id: str) -> tuple[str, ...]:
        """Every name that stands for an image; none for one that is not there."""
        with translated():
            try:
                found = self.client.inspect_image(image_id)  # type: ignore[no-untyped-call]
            except (docker.errors.ImageNotFound, docker.errors.NotFound):
                return ()
        return tuple(found.get("RepoTags") or ())

    def drop_image(self, name: str) -> bool:
        """Remove an image's name, and the image with its last one; False when a container needs it, or it is gone."""
        try:
            with translated():
                self.client.remove_image(name)
        except CommandFailed:
            return False
        return True

    # ------------------------------------------------------------ events

    def changes(self, project: str) -> contextlib.AbstractContextManager[queue.SimpleQueue[str]]:
        """Something is put into the queue whenever the state of one of the project's containers may have changed.

        `changed`, or `ended` when the stream of events is over. All who wait share one stream.

        Raises:
            EngineUnavailable: the engine does not answer, on entering.
        """
        return self._changes.of(project)

    def _follow(self) -> Events:
        filters = {"label": PROJECT, "type": "container", "event": [*_EVENTS, "health_status"]}
        with translated():
            return self.client.events(decode=True, filters=filters)


def split_name(name: str) -> tuple[str, str]:
    """The repository and the tag of an image's name: `registry:5000/a/b` is `latest`.

    >>> split_name("registry:5000/a/b")
    ('registry:5000/a/b', 'latest')
    """
    repository, _, tag = name.rpartition(":")
    return (repository, tag) if repository and "/" not in tag else (name, "latest")
