"""Every collaborator, made once per process and on first use, so that a command pays only for what it uses."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, TypeVar, Unpack

from workers.catalog import Catalog, CatalogFile
from workers.catalog.stacks import Stacks
from workers.model.errors import RedisUnavailable, UnknownName
from workers.model.stack import Repo, Stack, live_directory
from workers.runtime.settings import Settings, load_settings

if TYPE_CHECKING:
    from workers.adapters.docker.compose import Compose
    from workers.adapters.docker.engine import Engine
    from workers.adapters.git.clone import Clone
    from workers.adapters.outbox import Outbox
    from workers.adapters.queue import Queue
    from workers.adapters.state.state import State

_Key = TypeVar("_Key")
_Made = TypeVar("_Made")
_MAX_OUTSIDE = 16 << 20  # bytes; a file beyond is none that Compose reads
_MAX_CLONES = 256


class HostFiles:
    """The worker's host as change detection sees it (`workers.changes.tree.Outside`).

    Args:
        live: the stack's live directory, which holds the repository's layout.
        environ: what Compose is started with, but for the stack's variables and `PWD`.
    """

    def __init__(self, live: str, environ: Mapping[str, str]) -> None:
        self.live: str | None = live
        self.environ: Mapping[str, str] = environ

    def read(self, path: str) -> bytes | None:
        """A file's bytes by absolute path, or None when it is absent, no plain file, or not readable."""
        try:
            # Not to be held up by a pipe that nobody writes to.
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, ValueError):  # a name with a NUL byte is no name
            return None
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return None
            # With room for its size: making room for the largest allowed takes longer than to read most files.
            return os.read(descriptor, min(status.st_size + 1, _MAX_OUTSIDE))
        finally:
            os.close(descriptor)


class StandIns(TypedDict, total=False):
    """Collaborators that are handed in instead of being made."""

    state: State
    queue: Queue
    compose: Compose
    own_container: str | None
    at_step: Callable[..., None]


class Services:
    """What use cases work with. Nothing is connected or read before it is asked for; threads may share one.

    A process that forks must not hand its services on: a child makes its own (`workers.tasks`).

    Args:
        settings: of this process.
        redis_timeout: seconds to wait for Redis; less for a process that has to answer somebody.
        stand_ins: what is used in place of what would be made.

    Attributes:
        settings: as given.
    """

    def __init__(self, settings: Settings, *, redis_timeout: float = 5.0, **stand_ins: Unpack[StandIns]) -> None:
        self.settings = settings
        vars(self).update(stand_ins)  # where `cached_property` keeps what it has made
        self._redis_timeout = redis_timeout
        self._lock = threading.Lock()
        self._clones: dict[Repo, Clone] = {}
        self._engines: dict[str, Engine] = {}
        self._environments: dict[tuple[str, bool], Mapping[str, str]] = {}

    @cached_property
    def catalog(self) -> CatalogFile:
        """The catalog's file; `.current()` is the catalog."""
        return CatalogFile(self.settings.catalog)

    @cached_property
    def stacks(self) -> Stacks:
        """Which stacks there are."""
        return Stacks(self.catalog, self.state.discovered, lambda repo, commit: self.clone(repo).tree(commit))

    @cached_property
    def state(self) -> State:
        """What Tegu remembers."""
        from workers.adapters.state.connection import connect
        from workers.adapters.state.state import State

        redis = connect(self.settings.state_url, timeout=self._redis_timeout)
        return State(redis, self.settings.data_dir, lambda: self.outbox)

    @cached_property
    def queue(self) -> Queue:
        """Where tasks are published."""
        from workers.adapters.queue import Queue
        from workers.celery import app

        return Queue(app, self.settings.broker_url)

    @cached_property
    def outbox(self) -> Outbox:
        """Publishes what a change of state sets free."""
        from workers.adapters.outbox import Outbox

        return Outbox(self.queue, self.catalog, self.state.deployments, self.state.notices, self.settings.worker)

    @cached_property
    def compose(self) -> Compose:
        """Runs `docker compose`."""
        from workers.adapters.docker.compose import Compose

        return Compose()

    @cached_property
    def key(self) -> bytes:
        """The key of keyed hashes, which lies in the data directory."""
        from workers.adapters.state.secret_key import load_key

        return load_key(self.settings.data_dir)

    @cached_property
    def own_container(self) -> str | None:
        """The id of the container that this process runs in; None outside of one."""
        from workers.adapters.docker.own_container import own_container_id

        return own_container_id()

    @cached_property
    def at_step(self) -> Callable[..., None]:
        """Is told of every step of a deployment as it begins; does nothing, but tests end the process there."""
        return lambda _step: None

    def other_containers(self) -> frozenset[str]:
        """The ids of the containers that other processes of this Tegu run in; of none while Redis is away."""
        from workers.adapters.state.liveness import Liveness

        try:
            return Liveness(self.state.redis).inhabited()
        except RedisUnavailable:
            return frozenset()

    def repo(self, name: str) -> Repo:
        """A repo of the catalog.

        Raises:
            UnknownName: when there is none of this name.
        """
        return known_repo(self.catalog.current(), name)

    def clone(self, name: str) -> Clone:
        """The clone of a repo; another object after the repo's entry in the catalog has changed.

        Raises:
            UnknownName: when there is no such repo.
        """
        repo = self.repo(name)
        return self._once(self._clones, repo, self._make_clone)

    def containers(self, docker_host: str) -> Engine:
        """The Docker Engine at an address."""
        from workers.adapters.docker.engine import Engine

        return self._once(self._engines, docker_host, Engine)

    def live(self, stack: Stack) -> Path:
        """The stack's live directory, which holds the repository's layout; it need not exist yet."""
        return Path(live_directory(self.settings.data_dir, stack.id))

    def outside(self, stack: Stack) -> HostFiles:
        """What reaches a stack from its worker's host."""
        kind = (stack.docker_host, stack.allow_remote_include)
        environ = self._environments.get(kind)
        if environ is None:
            environ = self._environments[kind] = _base_environment(stack)
        return HostFiles(live_directory(self.settings.data_dir, stack.id), environ)

    def close(self) -> None:
        """End readers and connections; everything starts again when it is asked for."""
        for clone in self._clones.values():
            clone.close()
        for engine in self._engines.values():
            engine.close()
        if "queue" in self.__dict__:
            self.queue.close()
        if "state" in self.__dict__:
            self.state.redis.close()

    def _make_clone(self, repo: Repo) -> Clone:
        from workers.adapters.git.clone import Clone

        return Clone(repo, self.settings.data_dir)

    def _once(self, kept: dict[_Key, _Made], key: _Key, make: Callable[[_Key], _Made]) -> _Made:
        with self._lock:
            if key not in kept:
                while len(kept) >= _MAX_CLONES:
                    kept.pop(next(iter(kept)))
                kept[key] = make(key)
            return kept[key]


_of_this_process: list[Services] = []
_making = threading.Lock()


def services_of_this_process() -> Services:
    """The one that all threads of a worker share."""
    with _making:
        if not _of_this_process:
            made = build_services()
            _ = made.stacks, made.outbox  # and all that they stand on, so that no two threads make the same thing
            _of_this_process.append(made)
        return _of_this_process[0]


def build_services(settings: Settings | None = None, *, redis_timeout: float = 5.0) -> Services:
    """Make the services of this process.

    Args:
        settings: read from the environment by default.
        redis_timeout: seconds to wait for Redis.

    Raises:
        UsageError: when a setting is wrong.
    """
    return Services(settings or load_settings(), redis_timeout=redis_timeout)


def _base_environment(stack: Stack) -> Mapping[str, str]:
    """What Compose is started with for every stack on the same Docker host: no variables of its own, no `PWD`."""
    from workers.adapters.docker.compose_project import command_environment, own_environment

    bare = replace(stack, options=replace(stack.options, variables={}))
    environ = command_environment(bare, Path(), own_environment())
    return {name: value for name, value in environ.items() if name != "PWD"}


def known_repo(catalog: Catalog, name: str) -> Repo:
    """A repo by name.

    Raises:
        UnknownName: naming those there are.
    """
    repo = catalog.repos.get(name)
    if repo is None:
        message = f"there is no repo {name!r}; the catalog has {', '.join(sorted(catalog.repos)) or 'none'}"
        raise UnknownName(message, name)
    return repo
