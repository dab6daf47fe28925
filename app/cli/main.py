"""`main`: which commands there are, what their errors say, and how the process ends."""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workers.model.errors import Busy, TeguError, TransientError, UnknownName, UsageError
from workers.model.messages import visible
from workers.runtime.late import late

if TYPE_CHECKING:
    from importlib import metadata

    from click import shell_completion as completing
    from click.shell_completion import CompletionItem

    from app.cli import names, session
else:  # help needs none of them
    metadata, names, session = late("importlib.metadata"), late("app.cli.names"), late("app.cli.session")
    completing = late("click.shell_completion")

FAILED, USAGE, UNREACHABLE, INTERRUPTED = 1, 2, 3, 130

# Name -> one line of help; written here so that neither help nor completion imports them all.
COMMANDS = {
    "init": "Write a first catalog for a repository.",
    "up": "Run everything on this machine in one process tree.",
    "service": "Run Tegu as a service of the machine.",
    "open": "Print a link to the page that logs in once.",
    "demo": "Show Tegu at work on a repository of its own.",
    "check": "Find every mistake in the catalog and the Compose files.",
    "doctor": "Test everything that Tegu needs, and say how to mend it.",
    "plan": "Show what the next pull would do, or what a change of a repository would.",
    "pull": "Fetch a repo and deploy what changed.",
    "deploy": "Deploy stacks, also those that failed before or were stopped.",
    "status": "Show where every stack stands.",
    "runs": "List the newest runs.",
    "log": "Show what a run or deployment did.",
    "diff": "Show what differs between what is deployed and what is newest.",
    "explain": "Show why the last decision about a stack came out as it did.",
    "rollback": "Bring a stack back to an earlier commit, and keep it there.",
    "cancel": "Stop a deployment, and what waits for its turn.",
    "adopt": "Take over a project that runs from another directory, with its data.",
    "forget": "Forget a stack that is gone, and what was written for it.",
    "pause": "Deploy nothing to stacks until they are resumed.",
    "resume": "Let stacks that were paused or rolled back be deployed again.",
    "compose": "Run docker compose with a stack's exact project, files and environment.",
    "locks": "Show who holds which lock.",
    "schema": "Print the JSON Schema of the catalog.",
    "completion": "Print the completion script for a shell.",
}


class Commands(click.Group):
    """The commands, each imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names, in the order of a first day with Tegu."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command itself."""
        if cmd_name not in COMMANDS:
            return None
        found = getattr(import_module(f"app.cli.commands.{cmd_name}"), cmd_name)
        return found if isinstance(found, click.Command) else None

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands that begin so, without importing any of them, and options."""
        found = [completing.CompletionItem(name, help=text) for name, text in COMMANDS.items()]
        options = click.Command.shell_complete(self, ctx, incomplete)
        return [*(item for item in found if item.value.startswith(incomplete)), *options]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is meant, or what else may have been."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            meant = names.alike(args[0], COMMANDS)
            message = f"there is no command {args[0]}" + (f"; did you mean {meant}?" if meant else "")
            raise click.UsageError(message, ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Carry the command out; what goes wrong on purpose ends in a message and an exit code."""
        try:
            return super().invoke(ctx)
        except TeguError as error:
            click.echo(visible(f"error: {names.told(error, ctx.find_object(session.Session))}"), err=True)
            return exit_code(error)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list in `tegu --help`, without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        click.echo(f"tegu {metadata.version('tegu')}")
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--catalog", type=click.Path(path_type=Path), help="The catalog's file, instead of TEGU_CATALOG.")
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version and exit."
)
@click.pass_context
def cli(ctx: click.Context, catalog: Path | None) -> None:
    """GitOps for Docker Compose: one clone, many stacks, and only what changed is touched.

    Exit codes: 0 ok, 1 the thing failed, 2 usage, 3 a service is unreachable.
    """
    ctx.obj = session.Session(catalog)
    ctx.call_on_close(ctx.obj.close)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and end the process."""
    code = run(arguments)
    # Python looks for garbage once more when it ends, a tenth of a plan's time, and frees what is gone anyway.
    gc.freeze()
    sys.exit(code)


def run(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: instead of the process's own.

    Returns:
        The exit code.
    """
    # Most commands are over before there is garbage worth looking for; looking took a tenth of their time. What is
    # imported and read for a plan of a thousand stacks, or of a folder of thousands of files, is half as many objects.
    gc.set_threshold(100_000, 20, 20)
    try:
        code = cli.main(arguments, prog_name="tegu", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has seen enough; Python must not complain about it while it ends.
        sys.stderr.close()
        return 0
    return code if isinstance(code, int) else 0


def exit_code(error: TeguError) -> int:
    """What an error makes of the exit code."""
    if isinstance(error, UsageError | UnknownName):
        return USAGE
    return UNREACHABLE if isinstance(error, TransientError) and not isinstance(error, Busy) else FAILED
