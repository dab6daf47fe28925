"""`docker compose` as data: what to call is worked out by pure functions, one runner calls it.

Compose reads `${VARIABLE}` from the environment of whoever calls it, lets a `.env` replace the project's
name and files, and fetches remote includes. So every call names its project, files and directories, and
gets an environment of its own that holds nothing of the deployer's.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from workers.adapters.docker.confidential import Confidential, contents, unquoted
from workers.changes.project import MAIN_FILES, OVERRIDE_FILES
from workers.changes.variables import with_variables
from workers.model.errors import CommandFailed, CommandTimedOut, InvalidStack
from workers.model.stack import Stack
from workers.runtime.process import TAIL, Completed, run
from workers.runtime.settings import inherited

# Where distributions and Docker put the plugin. Calling it directly saves the 30 ms of `docker`'s own start.
PLUGIN_FOLDERS = (
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
)

# Everything that Compose and hooks see of the worker's own environment.
INHERITED = ("PATH", "HOME", "LANG", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "SSH_AUTH_SOCK")

# What Compose is given besides the variables of a stack.
_SET = frozenset(
    (*INHERITED, "PWD", "DOCKER_HOST", "COMPOSE_EXPERIMENTAL_GIT_REMOTE", "COMPOSE_EXPERIMENTAL_OCI_REMOTE")
)

_CONFIG_LIMIT = 30.0  # seconds; it takes a tenth of one
_NO_JSON = "error calling MarshalJSON"  # Compose up to 2.40 cannot write the path of an SSH key of a build as JSON


@dataclass(frozen=True, slots=True)
class Project:
    """One Compose project as it is named on every command line.

    Attributes:
        name: the project's name.
        directory: the project directory that relative paths start from: the live one, or a staged copy.
        live: the project directory at its live path, which `${PWD}` shows even while files are staged.
        files: absolute paths of the Compose files.
        env_files: absolute paths for `--env-file`; none: Compose reads `.env`.
        profiles: none: `COMPOSE_PROFILES` decides.
        environment: the whole environment of the command.
    """

    name: str
    directory: Path
    live: Path
    files: tuple[str, ...]
    env_files: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def at(self, root: Path, other: Path) -> Project:
        """The same project with every path below `root` moved below `other`."""

        def moved(path: str) -> str:
            return str(other / Path(path).relative_to(root)) if Path(path).is_relative_to(root) else path

        return replace(
            self,
            directory=Path(moved(str(self.directory))),
            files=tuple(moved(path) for path in self.files),
            env_files=tuple(moved(path) for path in self.env_files),
        )


def command_environment(stack: Stack, live: Path, base: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of Compose and of hooks.

    Args:
        stack: whose variables and Docker host count.
        live: the project directory at its live path.
        base: the variables passed on from the worker, an allow-list's worth; the stack's own replace only its language.
    """
    remote = "true" if stack.allow_remote_include else "false"
    return {
        **with_variables(base, stack.options.variables),
        "PWD": str(live),
        "DOCKER_HOST": stack.docker_host,
        "COMPOSE_EXPERIMENTAL_GIT_REMOTE": remote,
        "COMPOSE_EXPERIMENTAL_OCI_REMOTE": remote,
    }


def compose_files(stack: Stack, root: Path) -> tuple[str, ...]:
    """The absolute paths of a stack's Compose files below a directory that has the repository's layout.

    Raises:
        InvalidStack: when there is none.
    """
    directory = root / stack.path
    if stack.options.files is not None:
        return tuple(str(directory / name) for name in stack.options.files)
    main = _first(directory, MAIN_FILES)
    if main is None:
        message = f"there is no Compose file; one of {', '.join(MAIN_FILES)} was expected"
        raise InvalidStack(message, stack.path or ".")
    override = _first(directory, OVERRIDE_FILES)
    return (main,) if override is None else (main, override)


def _first(directory: Path, names: Iterable[str]) -> str | None:
    return next((str(directory / name) for name in names if (directory / name).exists()), None)


def project_of(stack: Stack, root: Path, live_root: Path) -> Project:
    """The Compose project of a stack whose files lie below `root`.

    Args:
        stack: the stack.
        root: a directory with the repository's layout: the live one or a stage.
        live_root: the live one.

    Raises:
        InvalidStack: when there is no Compose file.
    """
    live = live_root / stack.path
    return Project(
        name=stack.project,
        directory=root / stack.path,
        live=live,
        files=compose_files(stack, root),
        env_files=tuple(str(root / path) for path in stack.options.env_files),
        profiles=stack.options.profiles,
        environment=command_environment(stack, live, {"LANG": "C.UTF-8", **inherited(INHERITED)}),
    )


# ---------------------------------------------------------------- argv


def plugin(folders: Sequence[str] = PLUGIN_FOLDERS) -> tuple[str, ...]:
    """How to call Compose: its plugin's binary where it is found, else through `docker`."""
    homes = inherited(("DOCKER_CONFIG", "HOME"))
    own = homes.get("DOCKER_CONFIG") or (homes["HOME"] + "/.docker" if "HOME" in homes else None)
    for folder in (*((own + "/cli-plugins",) if own else ()), *folders):
        binary = Path(folder, "docker-compose")
        if binary.is_file() and binary.stat().st_mode & 0o111:
            return (str(binary),)
    return ("docker", "compose")


def prefix(project: Project, program: Sequence[str]) -> list[str]:
    """Everything before the subcommand."""
    argv = [*program, "-p", project.name, "--project-directory", str(project.directory)]
    for path in project.files:
        argv += ["-f", path]
    for path in project.env_files:
        argv += ["--env-file", path]
    for profile in project.profiles:
        # With `=`: a profile's name is never taken for an option.
        argv.append(f"--profile={profile}")
    return argv


def _named(services: Iterable[str]) -> list[str]:
    names = list(services)
    return ["--", *names] if names else []


def config_argv(form: str = "json") -> list[str]:
    """Print the resolved model, as `json` or `yaml`."""
    return ["config", "--format", form]


def hash_argv() -> list[str]:
    """Print the digest of every service as it would be on its containers."""
    return ["config", "--hash", "*"]


def build_argv(services: Iterable[str]) -> list[str]:
    """Build the images of these services, or of all."""
    return ["build", *_named(services)]


def pull_argv(services: Iterable[str], *, buildable: bool = False) -> list[str]:
    """Pull the images of these services, or of all.

    Args:
        services: names; none means every service.
        buildable: also those that have a build section, which are not to be built here.
    """
    return ["pull", "--quiet", *(() if buildable else ("--ignore-buildable",)), *_named(services)]


def up_argv(
    services: Iterable[str] = (),
    *,
    remove_orphans: bool = True,
    force_recreate: bool = False,
    no_recreate: bool = False,
    alone: bool = False,
) -> list[str]:
    """Bring services up, or all; never pull, never build.

    Args:
        services: names; none means every service.
        remove_orphans: remove containers of services that left the model.
        force_recreate: replace containers even where Compose sees no difference.
        no_recreate: replace none, whatever Compose sees.
        alone: leave the services that these depend on alone.
    """
    argv = ["up", "-d", "--pull", "never", "--no-build"]
    if remove_orphans:
        argv.append("--remove-orphans")
    if force_recreate:
        argv.append("--force-recreate")
    if no_recreate:
        argv.append("--no-recreate")
    if alone:
        argv.append("--no-deps")
    return [*argv, *_named(services)]


def dry_up_argv() -> list[str]:
    """Go through the motions of `up`, and do nothing."""
    return ["--dry-run", *up_argv()]


def restart_argv(services: Iterable[str]) -> list[str]:
    """Restart services, and what Compose restarts with them."""
    return ["restart", *_named(services)]


def signal_argv(name: str, services: Iterable[str]) -> list[str]:
    """Send a signal, named without `SIG`, to the containers of services."""
    return ["kill", f"--signal=SIG{name}", *_named(services)]


def remove_argv(services: Iterable[str]) -> list[str]:
    """Stop and remove the containers of services, also of those whose profile is off."""
    return ["rm", "--stop", "--force", *_named(services)]


def stop_argv() -> list[str]:
    """Stop every container of the project."""
    return ["stop"]


def down_argv() -> list[str]:
    """Remove the project's containers and networks. Volumes stay."""
    return ["down", "--remove-orphans"]


# ---------------------------------------------------------------- running


class Compose:
    """The runner: one outside program, `docker compose`.

    Args:
        program: how Compose is called; found by itself when not given.
    """

    def __init__(self, program: Sequence[str] | None = None) -> None:
        self._program = None if program is None else tuple(program)

    @property
    def program(self) -> tuple[str, ...]:
        """How Compose is called."""
        if self._program is None:
            self._program = plugin()
        return self._program

    def run(
        self,
        project: Project,
        argv: Sequence[str],
        *,
        timeout: float,
        on_line: Callable[[str], None] | None = None,
        pass_fds: Sequence[int] = (),
        stop: threading.Event | None = None,
    ) -> Completed:
        """Run one subcommand on a project.

        Args:
            project: the project.
            argv: the subcommand and its arguments, from one of the functions above.
            timeout: seconds.
            on_line: gets every line of output as it comes.
            pass_fds: descriptors that Compose inherits: the stack's lock.
            stop: ends the command early when it is set.

        Neither lines nor errors quote env files.

        Raises:
            CommandFailed: when it ended without success, or in time.
        """
        what = f"docker compose {argv[0]}"

        def said(text: str) -> str:
            return unquoted(text, lambda name: _is_named(name, project))

        try:
            done = run(
                [*prefix(project, self.program), *argv],
                what=what,
                env=project.environment,
                timeout=timeout,
                cwd=_working_directory(project),
                on_line=None if on_line is None else lambda line: on_line(said(line)),
                pass_fds=pass_fds,
                check=False,
                stop=stop,
            )
        except CommandTimedOut as error:
            raise CommandTimedOut(what, error.seconds, said(error.output)) from None
        told = said(done.stderr)
        if done.code != 0:
            raise CommandFailed(what, done.code, (told.strip() or said(done.stdout))[-TAIL:])
        return replace(done, stderr=told)

    def config(
        self, project: Project, *, private: Iterable[str] = (), pass_fds: Sequence[int] = ()
    ) -> tuple[dict[str, Any], str]:
        """The model as Compose resolves it, and what Compose warned of.

        Args:
            project: the project.
            private: files that Compose reads besides its `.env` and that are not to be quoted, absolute.
            pass_fds: descriptors that Compose inherits.

        Raises:
            InvalidStack: when Compose refuses the project's files.
            CommandTimedOut: when it does not come to an end.
        """
        read: Callable[[str], Any] = json.loads
        try:
            done = self.run(project, config_argv(), timeout=_CONFIG_LIMIT, pass_fds=pass_fds)
        except CommandTimedOut:
            raise
        except CommandFailed as error:
            if _NO_JSON not in error.output:
                told = _confidential(project, private).masked(_told(error.output, project))
                raise InvalidStack(told) from error
            read = yaml.safe_load
            done = self.run(project, config_argv("yaml"), timeout=_CONFIG_LIMIT, pass_fds=pass_fds)
        # Compose writes every dollar twice, so that its output could be its input.
        model: dict[str, Any] = read(done.stdout.replace("$$", "$"))
        warned = done.stderr.strip()
        return model, _confidential(project, private).masked(warned) if warned else ""

    def hashes(self, project: Project, *, timeout: float = _CONFIG_LIMIT) -> dict[str, str]:
        """This release's digest of each active service's definition, by name.

        Raises:
            CommandFailed: when Compose refuses the project's files, or does not come to an end.
        """
        done = self.run(project, hash_argv(), timeout=min(timeout, _CONFIG_LIMIT))
        lines = (line.split() for line in done.stdout.splitlines())
        return {words[0]: words[1] for words in lines if len(words) == 2}  # noqa: PLR2004 (a name and a digest)

    def version(self, timeout: float = 10.0) -> str:
        """Compose's version, without a leading `v`.

        Raises:
            CommandFailed: when there is no Compose.
        """
        argv = [*self.program, "version", "--short"]
        env = inherited(("PATH", "HOME", "DOCKER_CONFIG"))
        return run(argv, what="docker compose version", env=env, timeout=timeout).stdout.strip().removeprefix("v")


def _working_directory(project: Project) -> Path:
    """The live directory; the staged one until the first deployment has made the live one."""
    return project.live if project.live.is_dir() else project.directory


def _is_named(variable: str, project: Project) -> bool:
    """Whether a variable is named in a file on the project's command line."""
    word = re.compile(rf"\b{re.escape(variable)}\b")
    return any(word.search(text) for text in contents(map(Path, project.files)))


def _confidential(project: Project, private: Iterable[str]) -> Confidential:
    """What is masked in what Compose says of a project."""
    hidden = {*private, *project.env_files, str(project.directory / ".env")}
    values = [value for name, value in project.environment.items() if name not in _SET]
    public = [file for file in project.files if file not in hidden]
    names = [project.name, str(project.directory), str(project.live), *project.files, *hidden]
    return Confidential.of(contents(map(Path, hidden)), values, [*contents(map(Path, public)), *names])


def _told(output: str, project: Project) -> str:
    """What Compose said, with paths as they are in the repository and not in a stage."""
    lines = [line for line in output.strip().splitlines() if "level=warning" not in line]
    return "\n".join(lines or [output.strip()]).replace(f"{project.directory}/", "")
