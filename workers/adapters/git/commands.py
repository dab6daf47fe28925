"""GitPython's command wrapper, with every process started by workers.runtime.process.

GitPython by itself passes the whole environment on, and ends a command that takes too long without its
children (docs/decisions/git-network-calls.md). Its wrapper composes and checks the commands here;
running them is ours.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import git

from workers.adapters.git.environment import local_env
from workers.runtime.process import run


class CleanGit(git.Git):
    """`git` in one Git directory: a clean environment, a limit on time, and the end of the whole group.

    Args:
        git_dir: absolute.
        env: the whole environment; that of a local command by default.
        timeout: seconds that a command may take.
        pass_fds: descriptors that it and its children inherit.
    """

    def __init__(
        self,
        git_dir: Path,
        *,
        env: Mapping[str, str] | None = None,
        timeout: float = 60.0,
        pass_fds: Sequence[int] = (),
    ) -> None:
        super().__init__(str(git_dir))
        self.git_dir = git_dir
        self.env = local_env(git_dir) if env is None else env
        self.timeout = timeout
        self.pass_fds = pass_fds

    def execute(self, command: str | Sequence[Any], **_options: Any) -> str:  # type: ignore[override]  # noqa: ANN401
        """Run a composed command; return what it printed.

        Raises:
            CommandFailed: when it ended without success.
            CommandTimedOut: when its time was up.
        """
        return self._run([str(word) for word in command])

    def feed(self, text: str, *words: str) -> str:
        """Run a command that reads what it is to do; return what it printed. Raises what `execute` does."""
        return self._run([self.GIT_PYTHON_GIT_EXECUTABLE or "git", *words], text.encode())

    def _run(self, argv: Sequence[str], text: bytes | None = None) -> str:
        what = next((f"git {word}" for word in argv[1:] if not word.startswith("-")), "git")
        done = run(
            [*self._guard(), *argv],
            what=what,
            env=self.env,
            timeout=self.timeout,
            cwd="/",
            input=text,
            pass_fds=self.pass_fds,
        )
        return done.stdout.rstrip("\n")

    def _guard(self) -> list[str]:
        """What ends a command that holds a lock should this process be killed first.

        Without it a fetch that hangs would hold the repo's lock for ever once nobody is left to end it.
        """
        if not self.pass_fds or (timeout := shutil.which("timeout", path=self.env.get("PATH"))) is None:
            return []
        return [timeout, "--kill-after=5", f"{self.timeout + 5:.0f}"]


def is_safe_url(url: str) -> bool:
    """Whether a URL is no option, and names no remote helper (`ext::…`), which is a command in disguise."""
    if not url or url.startswith("-"):
        return False
    try:
        git.Git.check_unsafe_protocols(url)
    except git.exc.UnsafeProtocolError:
        return False
    return True
