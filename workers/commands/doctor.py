"""`tegu doctor`: is everything there that Tegu needs, and if not, what mends it."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from redis.exceptions import RedisError

from workers.adapters.docker import releases as compose_releases
from workers.adapters.docker.own_container import own_container_id
from workers.adapters.notify import problem_of, service_of
from workers.adapters.state.liveness import Liveness
from workers.catalog import Catalog
from workers.celery import deploy_queue, pull_queue
from workers.commands.checked import Checked
from workers.commands.checked_repos import files_of_repos, pulls_of_repos
from workers.commands.upgrade import upgrades
from workers.model.errors import CommandFailed, EngineUnavailable, TeguError, TransientError
from workers.reconcile.reassigned import remnants
from workers.runtime.process import run
from workers.runtime.settings import inherited
from workers.services import Services

OLDEST_GIT = (2, 34)
_FEW_NETWORKS = 5
_POOL_OF_NETWORKS = 31  # what Docker's default address pools allow, its own bridge included


def examine(services: Services) -> Iterator[Checked]:
    """Look at everything, one after the other; nothing is changed."""
    yield from _catalog(services)
    yield _data_directory(services.settings.data_dir)
    yield from _same_path(services)
    yield _version_of("git", _git_version, OLDEST_GIT, "install Git from your distribution")
    compose = _version_of(
        "docker compose", services.compose.version, compose_releases.OLDEST, "install the Compose plugin for Docker"
    )
    yield _avoided(compose) if compose.status == "ok" else compose
    if compose.status == "ok":
        yield from _buildx(compose.found)
    yield from _engines(services, compose)
    yield from _redis(services)
    yield from _upgrades(services)
    yield from _remnants(services)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _catalog(services: Services) -> Iterator[Checked]:
    try:
        catalog = services.catalog.current()
    except TeguError as error:
        yield Checked("catalog", "failed", str(error), "mend the file; `tegu check` tells whether it is in order")
        return
    repos, stacks = _counted(len(catalog.repos), "repo"), _counted(len(catalog.stacks()), "stack")
    yield Checked("catalog", "ok", f"{services.settings.catalog.absolute()}: {repos}, {stacks}, and those discovered")
    for warning in catalog.warnings:
        yield Checked("secret", "warning", warning, "make the file readable for this user, or set the secret")
    yield from _receivers(catalog)
    yield from files_of_repos(catalog)


def _receivers(catalog: Catalog) -> Iterator[Checked]:
    for each in catalog.receivers:
        name = f"receiver {each.name}"
        if problem := problem_of(each):
            yield Checked(name, "failed", problem, f"mend it in {catalog.path}, line {each.line}")
        else:
            yield Checked(name, "ok", f"{service_of(each.url)}: Apprise understands the address; nothing was sent")


def _data_directory(path: Path) -> Checked:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        mend = f"make it writable for user {os.geteuid()}, or set TEGU_DATA_DIR"
        return Checked("data directory", "failed", f"{path}: {error.strerror}", mend)
    return Checked("data directory", "ok", f"{path} is writable")


def _same_path(services: Services) -> Iterator[Checked]:
    """In a container: Docker resolves bind mounts on the host, so the directory has to lie at the same path there."""
    container = own_container_id()
    if container is None:
        return
    path = services.settings.data_dir
    mend = f"mount it at the same path: volumes: [{path}:{path}]"
    try:
        engine = services.containers(_docker_hosts(services)[0])
        mounts: list[dict[str, Any]] = engine.client.inspect_container(container)["Mounts"]
    except Exception as error:  # noqa: BLE001 (whatever the SDK raises: the engine's own check tells more)
        yield Checked("data directory on the host", "warning", f"this container cannot be looked at: {error}", mend)
        return
    above = [mount for mount in mounts if path.is_relative_to(mount["Destination"])]
    mount = max(above, key=lambda each: len(each["Destination"]), default=None)
    if mount is None:
        yield Checked("data directory on the host", "failed", f"{path} is not mounted into this container", mend)
    elif mount["Source"] != mount["Destination"]:
        found = f"{path} is {mount['Source']} on the host"
        yield Checked("data directory on the host", "failed", found, mend)
    else:
        yield Checked("data directory on the host", "ok", f"{path} is mounted at the same path")


def _git_version() -> str:
    return run(["git", "--version"], what="git --version", env=inherited(("PATH",)), timeout=10).stdout.split()[2]


def _version_of(name: str, ask: Callable[[], str], oldest: tuple[int, ...], mend: str) -> Checked:
    wanted = ".".join(map(str, oldest))
    try:
        version = ask()
    except (CommandFailed, OSError, IndexError) as error:
        return Checked(name, "failed", str(error), f"{mend}, {wanted} or newer")
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if numbers < oldest:
        return Checked(name, "failed", version, f"{mend}, {wanted} or newer")
    return Checked(name, "ok", version)


def _avoided(compose: Checked) -> Checked:
    found = compose_releases.trouble(compose.found)
    return compose if found is None else Checked(compose.name, "warning", f"{compose.found}: {found[0]}", found[1])


def _upgrades(services: Services) -> Iterator[Checked]:
    """Nothing is amiss where an upgrade of Compose will recreate something; it is said so that nobody is surprised."""
    with contextlib.suppress(TeguError):  # the check of what is away tells more
        for each in upgrades(services):
            yield Checked(f"upgrade of {each.stack}", "ok", str(each))


def _buildx(compose: str) -> Iterator[Checked]:
    """Compose that wants no particular buildx builds without one, too: nothing to say then."""
    argv = ["docker", "buildx", "version"]
    env = inherited(("PATH", "HOME", "DOCKER_CONFIG"))
    version: str | None = None
    with contextlib.suppress(CommandFailed, IndexError):
        version = run(argv, what="docker buildx version", env=env, timeout=10).stdout.split()[1].removeprefix("v")
    if compose_releases.cannot_build(compose, version):
        found = f"{version or 'missing'}: Compose {compose} does not build with it"
        yield Checked(
            "docker buildx",
            "warning",
            found,
            f"install the buildx plugin for Docker, {compose_releases.written(compose_releases.BUILDX)} or newer",
        )
    elif version is not None:
        yield Checked("docker buildx", "ok", version)


def _docker_hosts(services: Services) -> tuple[str, ...]:
    try:
        environments = services.catalog.current().environments.values()
    except TeguError:
        environments = {}.values()
    worker = services.settings.worker
    hosts = dict.fromkeys(each.docker_host for each in environments if each.worker == worker)
    return tuple(hosts) or ("unix:///var/run/docker.sock",)


def _engines(services: Services, compose: Checked) -> Iterator[Checked]:
    for host in _docker_hosts(services):
        name = f"docker engine {host}"
        engine = services.containers(host)
        try:
            yield _heard(name, engine.version(), compose)
            yield _networks(host, engine.client.networks(filters={"driver": "bridge"}))
        except EngineUnavailable as error:
            mend = "start Docker, and let this user use its socket (group docker)"
            yield Checked(name, "unreachable", str(error), mend)


def _heard(name: str, engine: str, compose: Checked) -> Checked:
    """Whether the engine listens to the installed Compose."""
    if compose.status == "ok" and compose_releases.cannot_speak(compose.found, engine):
        found = f"{engine}: it refuses Compose {compose.found} as too old"
        return Checked(name, "failed", found, "upgrade Compose to 2.24 or newer")
    return Checked(name, "ok", engine)


def _networks(host: str, networks: list[dict[str, Any]]) -> Checked:
    left = _POOL_OF_NETWORKS - len(networks)
    there = _counted(len(networks), "bridge network")
    found = f"{there}; the default address pools have room for about {max(left, 0)} more"
    mend = "let stacks share an external network, or widen default-address-pools in /etc/docker/daemon.json"
    return Checked(f"docker networks {host}", "ok" if left >= _FEW_NETWORKS else "warning", found, mend)


def _remnants(services: Services) -> Iterator[Checked]:
    try:
        found = remnants(services, services.settings.worker)
    except EngineUnavailable:  # the engine's own check tells more
        return
    for stack, worker, project in found:
        mend = f"`docker compose -p {project} down` once its data is not needed here, or set `when_removed: down`"
        yield Checked(f"stack {stack}", "warning", f"worker {worker} has deployed it, and it runs here still", mend)


def _redis(services: Services) -> Iterator[Checked]:
    try:
        facts: Any = services.state.redis.info()
        yield Checked("redis", "ok", str(facts["redis_version"]))
        yield from _redis_policy(facts)
        yield from _queues(services)
        yield from pulls_of_repos(services)
    except Exception as error:
        if not isinstance(error, RedisError | TransientError | OSError):
            raise
        own = services.settings.redis_url is None
        mend = "start `tegu up`, which has one" if own else "start it, and see that TEGU_REDIS_URL names it"
        yield Checked("redis", "unreachable", str(error), mend)


def _redis_policy(facts: dict[str, Any]) -> Iterator[Checked]:
    policy = facts.get("maxmemory_policy", "noeviction")
    if facts.get("maxmemory") and policy != "noeviction":
        yield Checked(
            "redis memory", "warning", f"maxmemory-policy is {policy}", "set it to noeviction: state would be lost"
        )
    if not facts.get("aof_enabled"):
        yield Checked(
            "redis persistence", "warning", "no append-only file", "set appendonly yes, or a restart forgets runs"
        )


def _queues(services: Services) -> Iterator[Checked]:
    try:
        environments = services.catalog.current().environments.values()
    except TeguError:
        return
    workers = dict.fromkeys(each.worker for each in environments)
    names = [queue for worker in workers for queue in (pull_queue(worker), deploy_queue(worker))]
    liveness = Liveness(services.state.redis)
    missing, waiting = liveness.missing(names), liveness.backlog(names)
    for name in names:
        if name in missing:
            yield Checked(
                f"queue {name}", "unreachable", "no worker consumes it", "start `tegu up`, or the worker's process"
            )
        else:
            yield Checked(f"queue {name}", "ok", f"{waiting[name]} waiting")
