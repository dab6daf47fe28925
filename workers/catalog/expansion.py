"""Sections to frozen values: which options win, where stacks run, what must not collide."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from itertools import combinations

from workers.catalog.catalog import project_of
from workers.catalog.fields import NAME, NAME_RULE, render_project
from workers.catalog.layers import Layer, layer_of, options_of, overlay
from workers.catalog.problems import Problems, nearest
from workers.catalog.sections import CatalogSection, StackSection
from workers.model.stack import Environment, Policy, Repo, Stack


class Expansion:
    """Makes stacks of sections.

    Args:
        file: the validated file, without its invalid entries.
        repos: by name.
        problems: where mistakes go.
        names: every key of `repos`, `environments` and `stacks` in the file, the invalid ones too.
    """

    def __init__(
        self,
        file: CatalogSection,
        repos: Mapping[str, Repo],
        problems: Problems,
        names: Mapping[str, frozenset[str]],
    ) -> None:
        self._file = file
        self._repos = repos
        self._problems = problems
        self._names = names
        self.environments = _environments(file)
        self._common = common = layer_of(file.defaults)
        self._defaults: dict[str, Layer] = {
            name: overlay(
                common,
                {"variables": environment.variables},
                layer_of(file.environments[name].defaults if name in file.environments else None),
            )
            for name, environment in self.environments.items()
        }
        self._environments_of = {name: self._wanted(name, section) for name, section in file.stacks.items()}

    def pausing(self) -> frozenset[str]:
        """The environments whose defaults pause their stacks."""
        return frozenset(name for name, layer in self._defaults.items() if layer.get("paused"))

    def removal(self) -> dict[str, Policy]:
        """What the defaults say of stacks that are gone, by environment, `""` for any other."""
        layers = {**self._defaults, "": self._common}
        return {name: options_of(layer, ()).when_removed for name, layer in layers.items()}

    def stacks(self) -> tuple[Stack, ...]:
        """Every configured stack in each of its environments, in the order of ids."""
        stacks = [stack for name, section in self._file.stacks.items() for stack in self._expand(name, section)]
        _check_circles(stacks, self._problems)
        _check_projects(stacks, self._problems)
        self._check_discovery()
        return tuple(sorted(stacks, key=lambda stack: stack.id))

    def folders(self) -> dict[str, frozenset[str]]:
        """By repo: the paths that entries of `stacks` configure."""
        found: dict[str, set[str]] = {name: set() for name in self._repos}
        for section in self._file.stacks.values():
            overrides = (section.environments or {}).values()
            paths = {section.path, *(entry.path for entry in overrides if entry.path is not None)}
            if (repo := self._repo_of(section)) in found:
                found[repo] |= paths
        return {name: frozenset(paths) for name, paths in found.items()}

    def discovering(self) -> tuple[str, ...]:
        """The environments that discovered stacks are deployed to."""
        wanted = self._file.defaults.environments
        return tuple(name for name in self.environments if wanted is None or name in wanted)

    def make(self, repo: str, environment: str, name: str, path: str) -> Stack:
        """A stack with nothing but the defaults' options.

        Raises:
            ValueError: when its Compose project's name is not valid.
        """
        return self._stack(repo, environment, name, path, self._defaults[environment])

    def _repo_of(self, section: StackSection) -> str:
        """The repo's name as it is given, or as it goes without saying; empty if it does not."""
        names = self._names["repos"]
        return section.repo or self._file.defaults.repo or (next(iter(names)) if len(names) == 1 else "")

    def _wanted(self, name: str, section: StackSection) -> tuple[str, ...]:
        """The environments of a stack, without unknown ones."""
        place: tuple[str, ...] = ("stacks", name, "environments")
        wanted = tuple(section.environments or ())
        if section.environments is None:
            place = ("defaults", "environments")
            wanted = self._file.defaults.environments or tuple(self.environments)
        known = self._names["environments"] | set(self.environments)
        if not wanted:
            self._problems.add(place, "cannot be empty: nothing would be deployed; name some, or leave it out for all")
        for environment in wanted:
            if environment not in known:
                self._problems.add(place, f"there is no environment {environment}; {nearest(environment, known)}")
        return tuple(environment for environment in wanted if environment in self.environments)

    def _expand(self, name: str, section: StackSection) -> Iterator[Stack]:
        repo, repos = self._repo_of(section), self._names["repos"]
        if not repo:
            self._problems.add(("stacks", name), f"repo is missing; {nearest('', repos)}")
        elif repo not in repos:
            place = ("stacks", name, "repo") if section.repo else ("defaults", "repo")
            self._problems.add(place, f"there is no repo {repo}; {nearest(repo, repos)}")
        for environment in self._environments_of[name]:
            overrides = (section.environments or {}).get(environment)
            layer = overlay(self._defaults[environment], layer_of(section), layer_of(overrides))
            path = section.path if overrides is None or overrides.path is None else overrides.path
            self._check_files(name, path, layer)
            own = overrides.after if overrides and overrides.after is not None else section.after
            self._check_after(name, own, layer)
            if repo in self._repos:
                try:
                    yield self._stack(repo, environment, name, path, layer)
                except ValueError as error:
                    self._problems.add(("stacks", name), str(error))

    def _stack(self, repo: str, environment: str, name: str, path: str, layer: Layer) -> Stack:
        place = self.environments[environment]
        project = render_project(layer.get("project", "{stack}"), environment, name)
        if not NAME.fullmatch(project):
            message = f"{project!r} is not a valid name for its Compose project; {NAME_RULE}"
            raise ValueError(message)
        after = tuple(
            other for other in layer.get("after", ()) if other != name and self._may_be_in(other, environment)
        )
        return Stack(
            environment=environment,
            name=name,
            repo=repo,
            path=path,
            ref=place.ref or self._repos[repo].ref,
            worker=place.worker,
            docker_host=place.docker_host,
            project=project,
            options=options_of(layer, after),
            allow_remote_include=self._repos[repo].allow_remote_include,
        )

    def _may_be_in(self, name: str, environment: str) -> bool:
        """Whether the environment has, or may have by discovery, such a stack to wait for."""
        return name not in self._environments_of or environment in self._environments_of[name]

    def _check_files(self, name: str, path: str, layer: Layer) -> None:
        for file in layer.get("files", ()):
            if posixpath.normpath(posixpath.join(path, file)).startswith(("../", "..")):
                self._problems.add(("stacks", name, "files"), f"{file!r} leads out of the repository")

    def _check_after(self, name: str, own: tuple[str, ...] | None, layer: Layer) -> None:
        place = ("stacks", name, "after")
        if own and name in own:
            self._problems.add(place, f"{name} cannot come after itself")
        if any(repo.discover for repo in self._repos.values()):
            return  # whatever is not here may be discovered
        for other in layer.get("after", ()):
            if other not in self._names["stacks"]:
                message = f"there is no stack {other}; {nearest(other, self._names['stacks'] - {name})}"
                self._problems.add(place if own is not None else ("defaults", "after"), message)

    def _check_discovery(self) -> None:
        """Two environments on one Docker host must not give every discovered stack the same project."""
        repo = next((repo for repo in self._repos.values() if repo.discover), None)
        if repo is None:
            return
        probes = []
        for environment in self.discovering():
            try:
                probes.append(self.make(repo.name, environment, "x", "x"))
            except ValueError as error:
                self._problems.add(("environments", environment), f"the project of a discovered stack: {error}")
        for one, other in combinations(probes, 2):
            if project_of(one) == project_of(other):
                message = (
                    f"{one.environment} and {other.environment} are on one Docker host, so discovered stacks would "
                    'share their Compose projects; add defaults: {project: "{stack}-{environment}"} to one of them'
                )
                self._problems.add(("environments", other.environment), message)


def _environments(file: CatalogSection) -> dict[str, Environment]:
    if not file.environments:
        return {"default": Environment("default")}
    return {
        name: Environment(
            name=name,
            worker=section.worker,
            docker_host=section.docker_host,
            ref=section.ref,
            variables=section.variables,
        )
        for name, section in file.environments.items()
    }


def _check_projects(stacks: list[Stack], problems: Problems) -> None:
    projects: dict[tuple[str, str, str], Stack] = {}
    for stack in stacks:
        other = projects.setdefault(project_of(stack), stack)
        if other is not stack:
            what = '"{stack}-{environment}"' if other.name == stack.name else "name"
            message = (
                f"{other.id} and {stack.id} would share the Compose project {stack.project} on one Docker host; "
                f"give one of them another project {what}"
            )
            problems.add(("stacks", stack.name), message)


def _check_circles(stacks: list[Stack], problems: Problems) -> None:
    """Stacks that wait for each other would wait for ever."""
    after = {stack.id: [f"{stack.environment}/{name}" for name in stack.options.after] for stack in stacks}
    done: set[str] = set()
    for start in after:
        trail: list[str] = []
        pending = [(start, 0)]
        while pending:
            stack, depth = pending.pop()
            del trail[depth:]
            if stack in trail:
                circle = [*trail[trail.index(stack) :], stack]
                names = " after ".join(part.partition("/")[2] for part in circle)
                problems.add(("stacks", stack.partition("/")[2], "after"), f"a circle: {names}")
            elif stack not in done:
                trail.append(stack)
                done.add(stack)
                pending += [(other, depth + 1) for other in after.get(stack, ())]
