"""The catalog as a frozen value."""

from __future__ import annotations

from collections import ChainMap, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from workers.catalog.fields import NAME, NAME_RULE
from workers.model.stack import Environment, Policy, Receiver, Repo, Stack


@dataclass(frozen=True)
class Catalog:
    """What Tegu looks after: repos, environments and stacks.

    `version` differs when anything that shaped the catalog differs. `warnings` are problems that do not
    keep the rest from working, such as a secret's file that cannot be read by this process; `secret_files`
    are all of those.
    `configured` are the stacks of `stacks:`, one for each of their environments. `folders` are, by repo,
    the paths that these cover in any environment. `discovering` are the environments that discovered
    stacks are deployed to. `make` builds a stack from repo, environment, name and path with the defaults'
    options, and raises ValueError where that gives an impossible project name. `receivers` are told how stacks end.
    `removal` is what the defaults say of `when_removed` by environment, with `""` for any other. `pausing` are the
    environments whose defaults pause their stacks.
    """

    path: Path
    version: str
    repos: Mapping[str, Repo]
    environments: Mapping[str, Environment]
    warnings: tuple[str, ...]
    secret_files: tuple[Path, ...]
    configured: tuple[Stack, ...]
    folders: Mapping[str, frozenset[str]]
    discovering: tuple[str, ...]
    make: Callable[[str, str, str, str], Stack] = field(repr=False, compare=False)
    receivers: tuple[Receiver, ...] = ()
    removal: Mapping[str, Policy] = field(default_factory=dict)
    pausing: frozenset[str] = frozenset()

    def removal_in(self, environment: str) -> Policy:
        """What the defaults say of stacks that are gone; of an environment that is gone, too, all environments'."""
        return self.removal.get(environment) or self.removal.get("", "keep")

    @cached_property
    def by_id(self) -> Mapping[str, Stack]:
        """The configured stacks by id."""
        return {stack.id: stack for stack in self.configured}

    @cached_property
    def _by_project(self) -> dict[tuple[str, str, str], Stack]:
        return {project_of(stack): stack for stack in self.configured}

    @cached_property
    def _by_repo(self) -> Mapping[str, tuple[Stack, ...]]:
        found: dict[str, list[Stack]] = defaultdict(list)
        for stack in self.configured:
            found[stack.repo].append(stack)
        return {repo: tuple(stacks) for repo, stacks in found.items()}

    @cached_property
    def all_workers(self) -> tuple[str, ...]:
        """The workers of all environments, each once."""
        return tuple(dict.fromkeys(environment.worker for environment in self.environments.values()))

    def stacks(self, repo: str | None = None, worker: str | None = None) -> tuple[Stack, ...]:
        """The configured stacks, in the order of ids."""
        found = self.configured if repo is None else self._by_repo.get(repo, ())
        return found if worker is None else tuple(stack for stack in found if stack.worker == worker)

    def discover(
        self,
        repo: str,
        environment: str,
        folders: Iterable[str],
        others: Iterable[Stack] = (),
        projects: Mapping[str, str] = MappingProxyType({}),
    ) -> tuple[tuple[Stack, ...], tuple[tuple[str, str], ...]]:
        """Make stacks of discovered folders.

        Args:
            repo: whose folders they are.
            environment: where they are to be deployed to.
            folders: those that match the repo's `discover` and hold a Compose file at the environment's commit.
            others: stacks discovered elsewhere that names and projects must not collide with.
            projects: those that stacks have kept from an earlier name, by id; nobody else gets them.

        Returns:
            The stacks that no entry of `stacks` covers, and `(id, message)` for those that cannot be.
        """
        if environment not in self.discovering:
            return (), ()
        by_name: dict[str, list[str]] = defaultdict(list)
        for folder in sorted(set(folders) - self.folders.get(repo, frozenset())):
            by_name[folder.rpartition("/")[2] or repo].append(folder)
        elsewhere = {stack.id: stack for stack in others}
        taken = {**self.by_id, **elsewhere} if elsewhere else self.by_id
        had = ChainMap({project_of(stack): stack for stack in elsewhere.values()}, self._by_project)
        stacks, invalid = [], []
        for name, paths in sorted(by_name.items(), key=lambda each: (f"{environment}/{each[0]}" not in projects, each)):
            kept = projects.get(f"{environment}/{name}")
            made = self._discovered(repo, environment, name, paths, taken, had, kept)
            if isinstance(made, Stack):
                stacks.append(made)
                had[project_of(made)] = made
            else:
                invalid.append((f"{environment}/{name}", made))
        return tuple(sorted(stacks, key=lambda stack: stack.id)), tuple(sorted(invalid))

    def _discovered(
        self,
        repo: str,
        environment: str,
        name: str,
        paths: list[str],
        taken: Mapping[str, Stack],
        projects: Mapping[tuple[str, str, str], Stack],
        kept: str | None,
    ) -> Stack | str:
        if not NAME.fullmatch(name):
            return f"{paths[0]}: the folder's name is not a valid name; {NAME_RULE}, or add it to stacks with a name"
        if len(paths) > 1:
            return f"{' and '.join(paths)} have one name; add all but one to stacks with another name"
        if other := taken.get(f"{environment}/{name}"):
            where = f"{other.path or '.'} of {other.repo}"
            return f"{paths[0]}: the name is taken by {where}; add one of them to stacks with another name"
        try:
            stack = self.make(repo, environment, name, paths[0])
        except ValueError as error:
            return f"{paths[0]}: {error}"
        if kept:
            stack = replace(stack, project=kept)
        if other := projects.get(project_of(stack)):
            return f"{paths[0]}: {other.id} has the Compose project {stack.project} on the same Docker host already"
        return stack

    def ref(self, repo: str, environment: str) -> str:
        """The branch or tag that stacks of a repo follow in an environment."""
        return self.environments[environment].ref or self.repos[repo].ref

    def refs(self, repo: str, worker: str | None = None) -> tuple[str, ...]:
        """What to fetch: the repo's own ref first, then those of the environments in use."""
        used = [self.ref(repo, environment.name) for environment in self._used(repo, worker)]
        return tuple(dict.fromkeys([self.repos[repo].ref, *used]))

    def workers(self, repo: str) -> tuple[str, ...]:
        """The workers that have stacks of the repo, or may have by discovery; the first of all if there are none."""
        used = dict.fromkeys(environment.worker for environment in self._used(repo, None))
        return tuple(used) or self.all_workers[:1]

    def _used(self, repo: str, worker: str | None) -> list[Environment]:
        names = {stack.environment for stack in self.stacks(repo)}
        if self.repos[repo].discover:
            names.update(self.discovering)
        return [
            environment
            for environment in self.environments.values()
            if environment.name in names and worker in {None, environment.worker}
        ]


def project_of(stack: Stack) -> tuple[str, str, str]:
    """What must be unique: a project's name on a Docker host. A local socket is another one on every worker."""
    worker = stack.worker if stack.docker_host.startswith("unix:") else ""
    return worker, stack.docker_host, stack.project
