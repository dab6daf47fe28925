"""Names as arguments: what a shell completes them to, and which one may have been meant.

A shell that waits for completions is no place for errors, and Redis may be away: then there are fewer, at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from app.cli.session import Session
from workers.model.errors import TeguError, UnknownName
from workers.model.stack import matching
from workers.model.words import Outcome
from workers.runtime.late import late

if TYPE_CHECKING:
    import difflib

    from click import shell_completion as completing
    from click.shell_completion import CompletionItem

    from workers.commands import plan_commits
else:  # only who completes or mistypes a name needs them, and Git who types a commit
    difflib, completing = late("difflib"), late("click.shell_completion")
    plan_commits = late("workers.commands.plan_commits")

_REDIS_SECONDS = 0.5
_NEWEST = 20  # runs, and deployments of a stack

_Source = Callable[[Session, click.Context, str], "Iterable[CompletionItem]"]


class Name(click.ParamType[str]):
    """Something that has a name.

    Args:
        name: what it is called in help.
        sources: where to look for those that begin like what is typed.
    """

    def __init__(self, name: str, *sources: _Source) -> None:
        self.name = name
        self._sources = sources

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        """Those that begin so, as far as they can be known at once."""
        session = _session(ctx)
        found: list[CompletionItem] = []
        for source in self._sources:
            with suppress(TeguError):
                found += [item for item in source(session, ctx, incomplete) if item.value.startswith(incomplete)]
        return found


def _session(ctx: click.Context) -> Session:
    """The session of the call; while completing, the group itself has not run."""
    return ctx.find_object(Session) or Session((ctx.parent or ctx).params.get("catalog"), redis_seconds=_REDIS_SECONDS)


def _stacks(session: Session, _: click.Context, incomplete: str) -> Iterable[CompletionItem]:
    """Short names that are unique; ids where they are not, and where somebody types one."""
    ids = sorted(_stack_ids(session))
    counts = Counter(each.partition("/")[2] for each in ids)
    is_id = "/" in incomplete or (bool(incomplete) and len({each.partition("/")[0] for each in ids}) > 1)
    full = [each for each in ids if is_id or counts[each.partition("/")[2]] > 1]
    return [
        completing.CompletionItem(each) for each in (*(name for name, count in counts.items() if count == 1), *full)
    ]


def _stack_ids(session: Session) -> set[str]:
    """The stacks of the catalog, and those that pulls have found as far as Redis answers."""
    ids: set[str] = set()
    with suppress(TeguError):
        ids.update(stack.id for stack in session.services.catalog.current().stacks())
        ids.update(session.services.state.records.known())
    return ids


def _repos(session: Session, _: click.Context, __: str) -> Iterable[CompletionItem]:
    return [completing.CompletionItem(each) for each in session.services.catalog.current().repos]


def _runs(session: Session, _: click.Context, incomplete: str) -> Iterable[CompletionItem]:
    """The newest runs, once the first letter of one is there: there are many, and stacks are what is mostly meant."""
    if not incomplete[:1].isdigit():
        return []
    heads = session.services.state.runs.newest(_NEWEST)
    return [completing.CompletionItem(head.id, help=f"{head.repo}, {head.trigger}, {head.status}") for head in heads]


def _commits(session: Session, ctx: click.Context, _: str) -> Iterable[CompletionItem]:
    """The commits that the stack of the same command was brought to."""
    state = session.services.state
    # Behind an option that still lacks its value, click has not come as far as the arguments.
    stack = ctx.params.get("stack") or next(iter(ctx.args), "")
    found = matching(stack, state.records.known())
    past = state.deployments.list(found[0], _NEWEST) if len(found) == 1 else ()
    good = dict.fromkeys(each.commit for each in past if each.outcome is Outcome.DEPLOYED and each.commit)
    notes = state.commits.get_many(good)
    return [completing.CompletionItem(each, help=notes[each].subject if each in notes else None) for each in good]


def _revisions(session: Session, ctx: click.Context, _: str) -> Iterable[CompletionItem]:
    """Branches, tags and the newest commits, of the Git directory or the repo that were named before."""
    found = plan_commits.typed(session.settings, ctx.params.get("repo"), ctx.params.get("git_dir"), _NEWEST)
    return [completing.CompletionItem(name, help=subject) for name, subject in found]


STACK = Name("stack", _stacks)
REPO = Name("repo", _repos)
LOG = Name("id", _stacks, _runs)
COMMIT = Name("commit", _commits)
REVISION = Name("revision", _revisions)

stack_argument = click.argument("stack", type=STACK)
stacks_argument = click.argument("stacks", type=STACK, nargs=-1, required=True, metavar="STACK...")
repo_option = click.option("--repo", type=REPO, help="Only this repo.")


def told(error: TeguError, session: Session | None) -> str:
    """What went wrong, with stacks as they are called here, and what may have been meant by an unknown name."""
    text = str(error)
    if session is None:
        return text
    if isinstance(error, UnknownName) and error.name:
        meant = alike(error.name, _known(session))
        text += f"\nDid you mean {meant}?" if meant else ""
    return session.names.within(text)


def _known(session: Session) -> Sequence[str]:
    """Every name that there is, as far as it can be known."""
    ids = _stack_ids(session)
    repos: Iterable[str] = ()
    with suppress(TeguError):
        repos = session.services.catalog.current().repos
    return [*ids, *(each.partition("/")[2] for each in ids), *repos]


def alike(word: str, known: Iterable[str]) -> str:
    """The one or two names that are most like a word, `status or stats`; nothing where none is."""
    return " or ".join(difflib.get_close_matches(word, dict.fromkeys(known), n=2, cutoff=0.7))
