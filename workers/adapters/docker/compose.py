"""The runner of `docker compose`: limits, the lock that it inherits, and messages that quote no env file."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from workers.adapters.docker.compose_argv import config_argv, hash_argv, prefix
from workers.adapters.docker.compose_project import INHERITED, Project
from workers.adapters.docker.confidential import Confidential, contents, unquoted
from workers.adapters.docker.gist import gist, gist_of_pull
from workers.adapters.docker.kept_models import KeptModels
from workers.model.errors import CommandFailed, CommandTimedOut, InvalidStack
from workers.runtime.process import TAIL, Completed, run
from workers.runtime.settings import inherited

# Where distributions and Docker put the plugin. Calling it directly saves the 30 ms of `docker`'s own start.
PLUGIN_FOLDERS = (
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
)

# What Compose is given besides the variables of a stack.
_SET = frozenset(
    (*INHERITED, "PWD", "DOCKER_HOST", "COMPOSE_EXPERIMENTAL_GIT_REMOTE", "COMPOSE_EXPERIMENTAL_OCI_REMOTE")
)

# Compose lives for a moment, and its heap stays small: without this, Go's runtime collects garbage a dozen times in it,
# which is a third of what `config` and `up` cost in processor time (seen with 2.26 and 5.6).
_UNHURRIED = {"GOGC": "400"}

_NO_NAME = "setenv: invalid argument"  # all that Compose says of a variable in `.env` that the system does not take
_CONFIG_LIMIT = 30.0  # seconds; it takes a tenth of one
_NO_JSON = "error calling MarshalJSON"  # Compose up to 2.40 cannot write the path of an SSH key of a build as JSON


def plugin(folders: Sequence[str] = PLUGIN_FOLDERS) -> tuple[str, ...]:
    """How to call Compose: its plugin's binary where it is found, else through `docker`."""
    homes = inherited(("DOCKER_CONFIG", "HOME"))
    own = homes.get("DOCKER_CONFIG") or (homes["HOME"] + "/.docker" if "HOME" in homes else None)
    for folder in (*((own + "/cli-plugins",) if own else ()), *folders):
        binary = Path(folder, "docker-compose")
        if binary.is_file() and binary.stat().st_mode & 0o111:
            return (str(binary),)
    return ("docker", "compose")


class Compose:
    """The runner: one outside program, `docker compose`.

    Args:
        program: how Compose is called; found by itself when not given.

    Attributes:
        kept: what it has made of projects lately, for whoever knows when that still holds.
    """

    def __init__(self, program: Sequence[str] | None = None) -> None:
        self._program = None if program is None else tuple(program)
        self.kept = KeptModels()

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
            argv: the subcommand and its arguments, from `workers.adapters.docker.compose_argv`.
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
                env=_environment(project, argv[0]),
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
            output = told if told.strip() else said(done.stdout)
            raise CommandFailed(what, done.code, _why(argv[0], output)[:TAIL])
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


def _environment(project: Project, command: str) -> Mapping[str, str]:
    """The environment of a command, with what makes it cheap where no file of the project can see that.

    A build may start programs of its own, and takes its time anyway.
    """
    if project.asks_for is None or command == "build" or not project.asks_for.isdisjoint(_UNHURRIED):
        return project.environment
    return {**_UNHURRIED, **project.environment}


def _why(command: str, output: str) -> str:
    """What a command failed for. What `config` says is no progress, and may have several lines."""
    if command == "config":
        return output.strip()
    return gist_of_pull(output) if command == "pull" else gist(output)


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
    if lines == [_NO_NAME]:
        files = ", ".join(project.env_files) or f"{project.directory}/.env"
        lines = [f"{files}: a line is no NAME=value, or a value has a null character in it"]
    return "\n".join(lines or [output.strip()]).replace(f"{project.directory}/", "")
