"""The JSON shapes that the API, pages and the command line share, and the requests that the API takes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from workers.adapters.state.events import Event
from workers.adapters.state.repos import RepoState
from workers.adapters.state.state import State
from workers.adapters.state.status import StackFacts, status_row
from workers.catalog import Catalog
from workers.catalog.places import paused_by_option
from workers.model.errors import UnknownName, UsageError

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000

Body = TypeVar("Body", bound=BaseModel)


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _leave_out_nulls(cls, body: object) -> object:
        """Null is not given, be it a field or the whole body; an unknown field stays an error."""
        if body is None:
            return {}
        if not isinstance(body, dict):
            return body
        known = {field.alias or name for name, field in cls.model_fields.items()}
        return {name: value for name, value in body.items() if value is not None or name not in known}


class PullRequest(_Request):
    """The body of `POST …/pull`: nothing, or `force` as false; only a stack's deployment can be forced."""

    force: Literal[False] = False


class DeployRequest(_Request):
    """The body of `POST …/deploy`. `force` recreates every service."""

    force: bool = False


class PauseRequest(_Request):
    """The body of `POST …/pause`, and of `…/resume`, where it is only noted."""

    reason: Annotated[str, Field(max_length=500)] = ""


class RollbackRequest(_Request):
    """The body of `POST …/rollback`. Without `to`: the last good deployment before the current one."""

    to: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    hold: Literal["until_release", "until_push"] = "until_release"


class AdoptRequest(_Request):
    """The body of `POST …/adopt`: what becomes of data in the directory that the project runs from.

    `from` is the stack that is gone and goes on as this one; without it, `data` has to be said.
    """

    data: Literal["move", "copy", "leave"] | None = None
    source: str | None = Field(None, alias="from", max_length=200)


class ForgetRequest(_Request):
    """The body of `POST …/forget`. `down` takes the containers and networks down first."""

    down: bool = False


class CancelRequest(_Request):
    """The body of `POST …/cancel`: nothing."""


class PageRequest(BaseModel):
    """The query of a list: which page, and how long."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cursor: Annotated[str, Field(max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT


class RunPageRequest(PageRequest):
    """The query of the list of runs, which can be that of one repo or stack."""

    repo: str | None = None
    stack: str | None = None


class DeliveriesRequest(BaseModel):
    """The query of the list of deliveries, which can be that of one repo."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    repo: str | None = None

    def of(self, known: Iterable[str]) -> list[str]:
        """The repos that are meant, of those that there are."""
        return [repo for repo in known if self.repo in {None, repo}]


def read_request(shape: type[Body], value: object) -> Body:
    """Validate a request.

    Raises:
        UsageError: naming every field that is wrong.
    """
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, item['loc'])) or 'body'}: {item['msg']}" for item in error.errors())
        raise UsageError("; ".join(problems)) from error


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


def stack_page(catalog: Catalog, state: State, wanted: PageRequest) -> dict[str, Any]:
    """The same rows, a page of them. The cursor is the last stack's id."""
    ids = [name for name in stack_ids(catalog, state.records.known()) if name > (wanted.cursor or "")]
    shown = ids[: wanted.limit]
    return page(_rows(catalog, state, shown), shown[-1] if len(ids) > len(shown) else None)


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
