"""Every error Tegu raises on purpose, sorted by what has to happen next.

    TeguError
    ├── UserError            somebody has to edit something; trying again is no use
    │   ├── CatalogError     … the catalog, with every problem it has
    │   ├── InvalidStack     … a stack's own files or options, with file and line
    │   ├── BlockedStack     … or decide something first (data that would be left behind, files in the way)
    │   ├── UnknownName      … a stack, repo, run or deployment that does not exist
    │   └── UsageError       … the arguments of a command or request
    ├── TransientError       the same call may succeed later
    │   ├── GitUnavailable   … once the Git server answers
    │   │   └── GitRefused   … or once somebody has mended what it refuses; it is asked again all the same
    │   ├── RedisUnavailable … once Redis answers
    │   ├── EngineUnavailable… once the Docker Engine answers
    │   ├── ReceiverUnavailable… once whoever is to be told something takes it
    │   └── Busy             … once a lock is free
    ├── CommandFailed        a command that Tegu ran ended without success
    │   └── CommandTimedOut  … because its time was up
    ├── DeploymentFailed     a stack is not as wanted; how it ended stands in the run and its log
    ├── TaskEnded            a task was ended from outside: its time was up, or by hand
    ├── SetAside             a task took its worker down with it, again and again
    ├── Cancelled            somebody wants the deployment stopped
    └── StaleHolder          a newer holder of a lock has written already; what this one knows is old

Whatever is not a TeguError is a bug. Every class hands all of its arguments to `Exception`, since an
error that does not survive pickling cannot leave a worker's pool process.
"""

from __future__ import annotations


class TeguError(Exception):
    """The root of the tree. `str(error)` is one or more sentences fit for a person: the thing, then the fix."""

    def __repr__(self) -> str:
        """The same, which is what Flower shows of a task that has failed."""
        return str(self)


class UserError(TeguError):
    """Somebody has to edit something before the same call can succeed."""


class CatalogError(UserError):
    """The catalog is not valid.

    Args:
        problems: one sentence each, `file:line: key: what is wrong`.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(self.problems)


class InvalidStack(UserError):
    """A stack cannot be deployed as it is written.

    Args:
        message: what is wrong and how to mend it.
        file: the path in the repository, where one is to blame.
        line: counted from 1, where it is known.
    """

    def __init__(self, message: str, file: str | None = None, line: int | None = None) -> None:
        super().__init__(message, file, line)
        self.message = message
        self.file = file
        self.line = line

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        return f"{where}: {self.message}" if where else self.message


class BlockedStack(UserError):
    """A stack is fine as written, but deploying it would lose something; a person has to decide."""


class UnknownName(UserError):
    """Nothing has this name.

    Args:
        message: what there is not, and where to look.
        name: what was asked for, where another name may have been meant.
    """

    def __init__(self, message: str, name: str = "") -> None:
        super().__init__(message, name)
        self.name = name

    def __str__(self) -> str:
        return str(self.args[0])


class UsageError(UserError):
    """The arguments do not fit."""


class TransientError(TeguError):
    """The same call may succeed later."""


class GitUnavailable(TransientError):
    """The Git server did not answer, refused, or took too long."""


class GitRefused(GitUnavailable):
    """The Git server, or ssh on its behalf, refuses: credentials, a key, a host key, a name that it does not have."""


class RedisUnavailable(TransientError):
    """Redis did not answer, or could not take a write."""


class EngineUnavailable(TransientError):
    """The Docker Engine did not answer."""


class ReceiverUnavailable(TransientError):
    """A receiver of notices did not take one, or not in time."""


class Busy(TransientError):
    """Somebody else holds the lock."""


class CommandFailed(TeguError):
    """A command ended without success.

    Args:
        command: what was run, in words fit for a message (`docker compose up`).
        code: its exit code; negative for a signal.
        output: the last lines it wrote.
    """

    def __init__(self, command: str, code: int, output: str = "") -> None:
        super().__init__(command, code, output)
        self.command = command
        self.code = code
        self.output = output

    def __str__(self) -> str:
        ending = f"was ended by signal {-self.code}" if self.code < 0 else f"ended with exit code {self.code}"
        tail = self.output.strip()
        return f"{self.command} {ending}: {tail}" if tail else f"{self.command} {ending}"


class CommandTimedOut(CommandFailed):
    """A command was ended because its time was up.

    Args:
        command: what was run, in words.
        seconds: the limit.
        output: the last lines it wrote.
    """

    def __init__(self, command: str, seconds: float, output: str = "") -> None:
        super().__init__(command, -15, output)
        self.args = (command, seconds, output)
        self.seconds = seconds

    def __str__(self) -> str:
        tail = self.output.strip()
        message = f"{self.command} did not end within {self.seconds:g} s and was stopped"
        return f"{message}: {tail}" if tail else message


class DeploymentFailed(TeguError):
    """A stack's task ended without the stack being as wanted. All of it is recorded already.

    Args:
        stack: its id.
        outcome: `failed`, `rolled_back`, `blocked` or `invalid`.
        message: why, in short.
    """

    def __init__(self, stack: str, outcome: str, message: str) -> None:
        super().__init__(stack, outcome, message)
        self.stack = stack
        self.outcome = outcome
        self.message = message

    def __str__(self) -> str:
        return f"{self.stack} {self.outcome.replace('_', ' ')}: {self.message}"


class TaskEnded(TeguError):
    """A task was ended from outside.

    Args:
        task: its name.
        why: in words.
    """

    def __init__(self, task: str, why: str) -> None:
        super().__init__(task, why)
        self.task = task
        self.why = why

    def __str__(self) -> str:
        return f"{self.task} {self.why}"


class SetAside(TeguError):
    """Something took its worker down with it, again and again.

    Args:
        subject: a stack, or `pull`, a repo and a worker.
        times: how often.
    """

    def __init__(self, subject: str, times: int) -> None:
        super().__init__(subject, times)
        self.subject = subject
        self.times = times

    def __str__(self) -> str:
        return (
            f"{self.subject} took the worker down {self.times} times in a row (a crash, or no memory left), and is set "
            f"aside for an hour{self._or_until}; see the log for how it ended, and `tegu {self._again}` tries it "
            "at once"
        )

    @property
    def _or_until(self) -> str:
        return "" if self.subject.startswith("pull ") else " or until the next commit"

    @property
    def _again(self) -> str:
        words = self.subject.split()
        return " ".join(words[:2] if len(words) > 1 else ("deploy", *words))


class Cancelled(TeguError):
    """Somebody wants the deployment stopped."""


class Superseded(TeguError):
    """A newer commit asks for something else, so that nobody waits any longer for what was begun."""


class StaleHolder(TeguError):
    """A newer holder of the same lock has written already."""
