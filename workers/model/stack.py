"""What the catalog says, as frozen values: repos, receivers, environments, stacks and their options."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

from workers.model.secret import Secret
from workers.model.words import Action, News

Policy = Literal["keep", "stop", "down"]
"""What is done to the containers of a stack that is none any more: `when_removed`."""


@dataclass(frozen=True, slots=True)
class Repo:
    """A Git remote and how its pushes are recognised.

    `url` holds no credentials. Files are absolute paths on the worker's host.
    """

    name: str
    url: str
    ref: str
    webhook_secrets: tuple[Secret, ...] = ()
    username: str | None = None
    password: Secret | None = None
    ssh_key_file: str | None = None
    known_hosts_file: str | None = None
    allow_remote_include: bool = False
    poll: timedelta | None = None
    discover: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """Whom a fetch asks: the server's name, or the path of a repository on this machine."""
        _, scheme, rest = self.url.rpartition("://")
        if self.url.startswith(("/", "./", "../", "file://")):
            return rest
        authority = rest.partition("/")[0].rpartition("@")[2]
        if authority.startswith("["):  # an IPv6 address
            return authority[1:].partition("]")[0]
        return authority.partition(":")[0] if scheme or ":" in authority else authority


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody who is told how stacks end.

    `name` and `line` are its place in the catalog, for `url` is a secret; `stacks` are globs of ids, none for all.
    """

    name: str
    line: int
    url: Secret
    news: frozenset[News]
    stacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Environment:
    """Where stacks run and with what. `ref` overrides the repo's own for its stacks."""

    name: str
    worker: str = "local"
    docker_host: str = "unix:///var/run/docker.sock"
    ref: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """One `on_change` rule: gitignore-style globs from the repository's root.

    `signal` is the name without `SIG` when `action` is `SIGNAL`. `services` None: those that mount the path.
    """

    paths: tuple[str, ...]
    action: Action
    signal: str | None = None
    services: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """How long to wait for a stack to be healthy, and for how long it must then stay so."""

    timeout: timedelta = timedelta(minutes=2)
    settle: timedelta = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Limits:
    """The longest each step of a deployment may take."""

    pull: timedelta = timedelta(minutes=10)
    build: timedelta = timedelta(minutes=30)
    up: timedelta = timedelta(minutes=5)
    hook: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Hooks:
    """Argv lists, run in the stack's project directory."""

    pre_deploy: tuple[tuple[str, ...], ...] = ()
    post_deploy: tuple[tuple[str, ...], ...] = ()
    on_failure: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """A stack's effective options, after every precedence has been applied.

    `files` None: what Compose itself would pick. `variables` are the stack's own over its environment's.
    """

    files: tuple[str, ...] | None = None
    profiles: tuple[str, ...] = ()
    env_files: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    on_change: tuple[Rule, ...] = ()
    watch: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    health: Health = Health()
    limits: Limits = Limits()
    rollback: bool = True
    pull_images: Literal["missing", "always", "never"] = "missing"
    build: bool = True
    remove_orphans: bool = True
    prune_images: bool = False
    hooks: Hooks = Hooks()
    drift: Literal["heal", "report", "ignore"] = "heal"
    when_stopped: Literal["leave", "start"] = "leave"
    when_removed: Policy = "keep"
    adopt: bool = False
    paused: bool = False


def live_directory(data_dir: Path, stack_id: str) -> str:
    """A stack's own directory, which holds the repository's layout and never moves; it need not exist.

    A stack that was carried over from another name has that one's directory: where its own would be is a link to it,
    `../ENVIRONMENT/NAME`. Containers say where their files are, so it stays.

    A text, since every look at a stack asks for it, and a `Path` takes many times as long to make.
    """
    own = f"{data_dir}/stacks/{stack_id}"
    try:
        target = os.readlink(own)  # noqa: PTH115 (as below)
    except OSError:
        return own
    up, _, former = target.partition("/")
    return f"{data_dir}/stacks/{former}" if up == ".." and former.count("/") == 1 else own


@dataclass(frozen=True, slots=True)
class Stack:
    """One Compose project: a path in a repo, deployed to an environment.

    `path` is the project directory from the repository's root, `""` for the root itself; `ref` is the
    branch or tag that it follows; `project` is the Compose project name.
    """

    environment: str
    name: str
    repo: str
    path: str
    ref: str
    worker: str
    docker_host: str
    project: str
    options: Options
    allow_remote_include: bool = False

    @property
    def id(self) -> str:
        """`environment/name`."""
        return f"{self.environment}/{self.name}"


def matching(name: str, ids: Iterable[str]) -> list[str]:
    """Those ids that a name may stand for: an id in full, or what follows its environment."""
    return [each for each in ids if name in {each, each.partition("/")[2]}]
