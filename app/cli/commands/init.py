"""`tegu init`: a first catalog for a repository."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import click

from app.cli.output import json_option, plural, print_json, say
from app.cli.session import Session, pass_session, quiet_logs
from workers.catalog.fields import is_local
from workers.commands.first_catalog import Access
from workers.commands.init import Founded, Wanted, found, prepare
from workers.model.errors import GitRefused, UsageError
from workers.model.messages import visible
from workers.model.secret import Secret
from workers.runtime.settings import Settings, host_and_port, parse_duration

_TRIES = 3
_OFTEN = "5m"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_file = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("url")
@click.option("--name", help="What to call the repo; by default, after its address.")
@click.option("--ref", help="The branch or tag to follow; by default, main or master.")
@click.option("--token-file", type=_file, help="A file with a token that may read it, over https.")
@click.option("--ssh-key", type=_file, help="The private key's file, over ssh.")
@click.option("--known-hosts", type=_file, help="The file with the server's key, over ssh.")
@click.option(
    "--poll",
    is_flag=False,
    flag_value=_OFTEN,
    metavar="[DURATION]",
    help=f"Look so often, where no forge can reach this machine; {_OFTEN} by default.",
)
@json_option
@pass_session
def init(
    session: Session,
    url: str,
    name: str | None,
    ref: str | None,
    token_file: Path | None,
    ssh_key: Path | None,
    known_hosts: Path | None,
    poll: str | None,
    as_json: bool,
) -> None:
    """Write a catalog and a webhook secret for the repository at URL, with the stacks that are in it.

    Where the repository is not for everybody, it asks for a token or key at a terminal. Elsewhere it writes the catalog
    with lines to fill in, and the exit code is 1.
    """
    quiet_logs()
    settings = session.first_settings
    wanted = Wanted(url, name, ref, Access(None, token_file, ssh_key, known_hosts), _duration(poll))
    is_asked = sys.stdin.isatty() and sys.stderr.isatty() and not as_json
    if is_asked and wanted.poll is None and _is_out_of_reach(settings, url):
        wanted = replace(wanted, poll=_ask_how_often(settings))
    try:
        founded = _found(settings, wanted, tries=_TRIES if is_asked else 0)
    except GitRefused as error:
        founded = prepare(settings, wanted)
        if as_json:
            print_json({**_row(founded), "refused": str(error)})
        else:
            _print_refused(founded, wanted, str(error))
        sys.exit(1)
    if as_json:
        print_json(_row(founded))
    else:
        _print_founded(founded, wanted, settings)


def _duration(poll: str | None) -> timedelta | None:
    try:
        found = parse_duration(poll) if poll else None
    except ValueError as error:
        message = f"--poll: {error}"
        raise UsageError(message) from error
    if found is not None and not found:
        message = "--poll: more than no time at all has to pass"
        raise UsageError(message)
    return found


def _is_out_of_reach(settings: Settings, url: str) -> bool:
    """Whether no forge can send a webhook here, as far as the settings tell."""
    return settings.public_url is None and host_and_port(settings.bind)[0] in _LOOPBACK and not is_local(url)


def _ask_how_often(settings: Settings) -> timedelta | None:
    question = (
        f"No forge reaches http://{settings.bind} from elsewhere. Look at the repository every {_OFTEN}, too, "
        "without being told of pushes?"
    )
    return parse_duration(_OFTEN) if click.confirm(question, default=True, err=True) else None


def _found(settings: Settings, wanted: Wanted, *, tries: int) -> Founded:
    """Read the repository, asking a person for what it is refused for.

    Raises:
        GitRefused: it is refused still.
    """
    try:
        return found(settings, wanted)
    except GitRefused as error:
        if not tries:
            raise
        click.echo(visible(str(error)), err=True)
        access = _ask(wanted)
        if access is None:
            raise
    return _found(settings, replace(wanted, access=access), tries=tries - 1)


def _ask(wanted: Wanted) -> Access | None:
    """What somebody types; None where they type nothing."""
    if wanted.is_http:
        token = click.prompt(
            "A token that may read it (not shown; Enter: later)",
            default="",
            show_default=False,
            hide_input=True,
            err=True,
        )
        return replace(wanted.access, token=Secret(token.strip()), token_file=None) if token.strip() else None
    key = click.prompt("The private key's file (Enter: later)", default="", show_default=False, err=True).strip()
    known = wanted.access.known_hosts or click.prompt(
        "The file with the server's key (Enter: ~/.ssh/known_hosts)", default="", show_default=False, err=True
    )
    if not key and not known:
        return None
    return replace(wanted.access, ssh_key=Path(key) if key else None, known_hosts=Path(known) if known else None)


def _row(founded: Founded) -> dict[str, object]:
    return {
        "catalog": str(founded.catalog),
        "webhook_secret_file": str(founded.secret),
        "repo": founded.repo,
        "ref": founded.ref,
        "stacks": list(founded.stacks),
        "skipped": list(founded.skipped),
    }


def _print_founded(founded: Founded, wanted: Wanted, settings: Settings) -> None:
    count = plural(len(founded.stacks), "stack")
    click.echo(f"Wrote {founded.catalog}: repo {founded.repo} at {founded.ref}, {count}.")
    for stack in founded.stacks:
        click.echo(f"  {stack}")
    for message in founded.skipped:
        click.echo(f"  left out: {message}", err=True)
    base = (settings.public_url or f"http://{settings.bind}").rstrip("/")
    click.echo("\nNext: `tegu check` reads every Compose file, `tegu up` starts everything.")
    webhook = f"point the forge's webhook to {base}/webhooks/{founded.repo}, with the secret in {founded.secret}."
    if wanted.poll:
        click.echo(
            f"It looks by itself, as `poll` in the catalog says. Where a forge can reach this machine, {webhook}"
        )
        return
    click.echo(f"Then {webhook}")
    if _is_out_of_reach(settings, wanted.url):
        click.echo(f"Where no forge can reach this machine, add `poll: {_OFTEN}` to the repo in the catalog.")


def _print_refused(founded: Founded, wanted: Wanted, why: str) -> None:
    say(why)
    what = "a token" if wanted.is_http else "a key"
    click.echo(
        f"\nWrote {founded.catalog} all the same. The repository is not for everybody: the last lines of repo "
        f"{founded.repo} say where {what} goes. Fill them in, then `tegu check` tells whether it can be read and which "
        "stacks there are."
    )
