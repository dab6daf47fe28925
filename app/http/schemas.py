"""What the API, pages and the command line show of stacks and repos, read from what is remembered."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from workers.adapters.state.events import Event
from workers.adapters.state.repos import RepoState
from workers.adapters.state.state import State
from workers.adapters.state.status import StackFacts, status_row
from workers.catalog import Catalog
from workers.catalog.places import paused_by_option
from workers.model.errors import UnknownName

if TYPE_CHECKING:  # the command line has no queries
    from app.http.requests import StacksQuery

_BATCH = 500  # stacks that are read at once where not all of them are wanted


def page(items: Sequence[Any], cursor: str | None) -> dict[str, Any]:
    """A list as every list is shown; `cursor` leads to the next page."""
    return {"items": items, "next": cursor}


def stack_ids(catalog: Catalog, known: Iterable[str]) -> list[str]:
    """Every stack there is to show: those of the catalog, and those discovered, planned or recorded."""
    return sorted({*known, *(stack.id for stack in catalog.stacks())})


def stack_rows(catalog: Catalog, state: State) -> list[dict[str, Any]]:
    """What `tegu status --json` prints: one row for every stack."""
    return _rows(catalog, state, stack_ids(catalog, state.records.known()))


def stack_facts(catalog: Catalog, state: State, stacks: Sequence[str]) -> list[StackFacts]:
    """All that is known of these stacks, also whether one is paused by option, which only the catalog knows."""
    paused = paused_by_option(catalog, stacks, lambda: state.discovered.get_many(stacks))
    facts = state.facts(stacks).values()
    return [
        replace(each, known=replace(each.known, paused_by_option=True)) if each.stack in paused else each
        for each in facts
    ]


def _rows(catalog: Catalog, state: State, stacks: Sequence[str]) -> list[dict[str, Any]]:
    return [status_row(facts) for facts in stack_facts(catalog, state, stacks)]


def stack_page(catalog: Catalog, state: State, wanted: StacksQuery) -> dict[str, Any]:
    """The same rows, a page of those that are wanted. The cursor is the last stack's id."""
    is_wanted = _filter(catalog, state, wanted)
    ids = [
        name for name in stack_ids(catalog, state.records.known()) if name > (wanted.cursor or "") and is_wanted(name)
    ]
    if wanted.status is None:
        rows = _rows(catalog, state, ids[: wanted.limit + 1])
    else:  # which is known of those only that are read
        batches = (ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH))
        read = chain.from_iterable(_rows(catalog, state, batch) for batch in batches)
        rows = list(islice((row for row in read if row["status"] == wanted.status), wanted.limit + 1))
    shown = rows[: wanted.limit]
    return page(shown, shown[-1]["stack"] if len(rows) > len(shown) else None)


def _filter(catalog: Catalog, state: State, wanted: StacksQuery) -> Callable[[str], bool]:
    """Whether a stack is wanted, as far as its id tells, and the catalog and what was discovered."""
    repos = repos_of(catalog, state) if wanted.repo is not None else {}
    hosts = {name: {each.worker, each.docker_host} for name, each in catalog.environments.items()}

    def is_wanted(stack: str) -> bool:
        environment = stack.partition("/")[0]
        return (
            wanted.environment in {None, environment}
            and (wanted.host is None or wanted.host in hosts.get(environment, ()))
            and wanted.repo in {None, repos.get(stack)}
        )

    return is_wanted


def repos_of(catalog: Catalog, state: State) -> dict[str, str]:
    """The repo of each stack that is there, by id."""
    discovered = {stack: place.repo for stack, place in state.discovered.all().items()}
    return discovered | {stack.id: stack.repo for stack in catalog.stacks()}


def stack_detail(catalog: Catalog, state: State, stack: str) -> dict[str, Any]:
    """One stack's row with its newest deployments.

    Raises:
        UnknownName: when there is no such stack.
    """
    row = status_row(known_stack_facts(catalog, state, stack))
    return row | {"deployments": [each.to_json() for each in state.deployments.list(stack)]}


def known_stack_facts(catalog: Catalog, state: State, stack: str) -> StackFacts:
    """All that is known of one stack.

    Raises:
        UnknownName: when there is no such stack.
    """
    if stack not in catalog.by_id and not state.records.is_known(stack):
        message = f"there is no stack {stack}"
        raise UnknownName(message)
    (facts,) = stack_facts(catalog, state, [stack])
    return facts


def repo_states(catalog: Catalog, state: State) -> tuple[RepoState, ...]:
    """How the catalog's repos stand on the workers that pull them, in the order of names."""
    return state.repos.all({repo: catalog.workers(repo) for repo in sorted(catalog.repos)})


def repo_detail(catalog: Catalog, state: State, repo: str) -> dict[str, Any]:
    """How one repo stands.

    Raises:
        UnknownName: when there is no such repo.
    """
    if repo not in catalog.repos:
        message = f"there is no repo {repo}"
        raise UnknownName(message)
    (found,) = state.repos.all({repo: catalog.workers(repo)})
    return found.to_json()


def event_text(event: Event) -> str:
    """An event as Server-Sent Events are written (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
    return f"id: {event.cursor}\nevent: {event.kind}\ndata: {json.dumps(event.to_json())}\n\n"
