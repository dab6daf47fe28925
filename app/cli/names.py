"""Stack and repo names as arguments: what a shell completes them to."""

from __future__ import annotations

from collections.abc import Iterable

import click
from click.shell_completion import CompletionItem

from app.cli.session import Session
from workers.model.errors import TeguError


class StackName(click.ParamType[str]):
    """A stack's id, or its short name where that is unique."""

    name = "stack"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        """The ids that begin so, and short names."""
        ids = sorted(_stack_ids(_session(ctx)))
        shorts = [name.partition("/")[2] for name in ids]
        unique = [name for name in shorts if shorts.count(name) == 1]
        return [CompletionItem(name) for name in (*unique, *ids) if name.startswith(incomplete)]


class RepoName(click.ParamType[str]):
    """A repo of the catalog."""

    name = "repo"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        """The repos that begin so."""
        try:
            names: Iterable[str] = _session(ctx).services.catalog.current().repos
        except TeguError:
            names = ()
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _session(ctx: click.Context) -> Session:
    """The session of the call; while completing, the group itself has not run."""
    return ctx.find_object(Session) or Session((ctx.parent or ctx).params.get("catalog"))


def _stack_ids(session: Session) -> set[str]:
    """The stacks of the catalog, and those that pulls have found as far as Redis answers."""
    ids: set[str] = set()
    try:
        ids.update(stack.id for stack in session.services.catalog.current().stacks())
        ids.update(session.services.state.records.known())
    except TeguError:
        pass  # a shell that waits for completions is no place for errors
    return ids


stack_argument = click.argument("stack", type=StackName())
stacks_argument = click.argument("stacks", type=StackName(), nargs=-1, required=True, metavar="STACK...")
repo_option = click.option("--repo", type=RepoName(), help="Only this repo.")
