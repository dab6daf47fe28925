"""Commands that change something: pull, deploy, pause, resume, compose."""

from __future__ import annotations

import sys

import click

from app.cli.names import RepoName, stack_argument, stacks_argument
from app.cli.output import json_option, print_json
from app.cli.session import Session, pass_session

no_wait_option = click.option("--no-wait", is_flag=True, help="Print the run's id and return at once.")


@click.command()
@click.argument("repo", type=RepoName())
@no_wait_option
@json_option
@pass_session
def pull(session: Session, repo: str, no_wait: bool, as_json: bool) -> None:
    """Fetch REPO and deploy what changed."""
    from workers.model import Trigger  # noqa: PLC0415
    from workers.pull import request_pull  # noqa: PLC0415

    run, status = request_pull(session.services, repo, Trigger.CLI, who=person())
    watch(session, run, status, no_wait=no_wait, as_json=as_json)


@click.command()
@stacks_argument
@click.option("--force", is_flag=True, help="Recreate every service, whatever has changed.")
@no_wait_option
@json_option
@pass_session
def deploy(session: Session, stacks: tuple[str, ...], force: bool, no_wait: bool, as_json: bool) -> None:
    """Deploy each STACK, also one that failed before or was stopped."""
    from workers.model import Trigger  # noqa: PLC0415
    from workers.pull import request_deploy  # noqa: PLC0415

    run = request_deploy(session.services, stacks, force=force, trigger=Trigger.CLI, who=person())
    watch(session, run, "queued", no_wait=no_wait, as_json=as_json)


def watch(session: Session, run: str, status: str, *, no_wait: bool, as_json: bool) -> None:
    """Wait for a run and show how it goes, unless nobody wants that; exit code 1 when it has failed."""
    if not _went_well(session, run, status, no_wait=no_wait, as_json=as_json):
        sys.exit(1)


def _went_well(session: Session, run: str, status: str, *, no_wait: bool, as_json: bool) -> bool:
    if no_wait:
        if as_json:
            print_json({"run": run, "status": status})
        else:
            click.echo(run)
        return True
    try:
        from app.cli.follow import follow  # noqa: PLC0415

        state = follow(session.services, run, quiet=as_json)
    except KeyboardInterrupt:
        click.echo(f"\nThe run goes on; `tegu log {run} -f` shows it.", err=True)
        sys.exit(130)
    if as_json:
        print_json(state)
    return bool(state["status"] != "failed")


@click.command()
@stacks_argument
@click.option("-m", "--reason", default="", help="Why, for the others.")
@pass_session
def pause(session: Session, stacks: tuple[str, ...], reason: str) -> None:
    """Deploy nothing to each STACK until it is resumed."""
    from workers.stacks import find_stack  # noqa: PLC0415

    who = person()
    for stack in [find_stack(session.services, name) for name in stacks]:
        session.services.state.pauses.pause(stack.id, who, reason)
        click.echo(f"{stack.id} is paused by {who}; `tegu resume {stack.name}` ends it")


@click.command()
@stacks_argument
@no_wait_option
@pass_session
def resume(session: Session, stacks: tuple[str, ...], no_wait: bool) -> None:
    """End the pause of each STACK, and its pin if it was rolled back; a pull brings it to the newest commit."""
    from workers.model import Trigger  # noqa: PLC0415
    from workers.orders import release  # noqa: PLC0415
    from workers.pull import request_pull  # noqa: PLC0415
    from workers.stacks import find_stack  # noqa: PLC0415

    started: dict[str, str] = {}
    for stack in [find_stack(session.services, name) for name in stacks]:
        ended = release(session.services, stack)
        if not ended:
            click.echo(f"{stack.id} is not paused, nor rolled back")
            continue
        click.echo(f"{stack.id} is resumed; it follows {stack.ref} again")
        run, status = request_pull(session.services, stack.repo, Trigger.CLI, workers=[stack.worker], who=person())
        started[run] = status
    ends = [_went_well(session, run, status, no_wait=no_wait, as_json=False) for run, status in started.items()]
    if not all(ends):
        sys.exit(1)


def person() -> str:
    """The person at the keyboard, as far as the machine knows."""
    import getpass  # noqa: PLC0415
    import socket  # noqa: PLC0415

    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "somebody"
    return f"{name}@{socket.gethostname()}"


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False, "help_option_names": []}
)
@stack_argument
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, required=True, metavar="COMMAND...")
@pass_session
def compose(session: Session, stack: str, arguments: tuple[str, ...]) -> None:
    """Run docker compose COMMAND with the exact project, files and environment of STACK.

    For example: tegu compose authelia logs --tail 20
    """
    from workers.passthrough import carry_out  # noqa: PLC0415
    from workers.stacks import find_stack  # noqa: PLC0415

    sys.stdout.flush()
    sys.exit(carry_out(session.services, find_stack(session.services, stack), arguments))
