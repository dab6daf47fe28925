"""What the API is asked: the body of each action and the query of each list, as models that read and refuse them.

The description of the API (`app.http.openapi`) is made of these very models.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from workers.model.errors import UsageError
from workers.model.words import Outcome, RunStatus, StackStatus, Trigger

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000

Asked = TypeVar("Asked", bound=BaseModel)
CURSOR = r"^(0|\d{1,20}-\d{1,20})$"
"""A place in a stream: that of an event or of a log's line."""
_REVISION = r"^[0-9A-Za-z][0-9A-Za-z._/~^-]{0,199}$"  # only described here: `requests.request_rollback` judges


class Body(BaseModel):
    """The body of an action. Null is not given, be it a field or the whole; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _leave_out_nulls(cls, body: object) -> object:
        if body is None:
            return {}
        if not isinstance(body, dict):
            return body
        known = {field.alias or name for name, field in cls.model_fields.items()}
        return {name: value for name, value in body.items() if value is not None or name not in known}


class PullRequest(Body):
    """Nothing, or `force` as false; only a stack's deployment can be forced."""

    force: Literal[False] = False


class DeployRequest(Body):
    """`force` recreates every service."""

    force: bool = False


class PauseRequest(Body):
    """Why nothing is to be deployed; of a resumption it is only read."""

    reason: Annotated[str, Field(max_length=500)] = ""


class RollbackRequest(Body):
    """Where to, and until when. Without `to`: the last good deployment before the current one."""

    to: Annotated[str, Field(min_length=1, max_length=200, json_schema_extra={"pattern": _REVISION})] | None = None
    hold: Literal["until_release", "until_push"] = "until_release"


class AdoptRequest(Body):
    """What becomes of data in the directory that the project runs from.

    `from` is the stack that is gone and goes on as this one; without it, `data` has to be said.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"required": ["data"], "properties": {"data": {"type": "string"}}},
                {"required": ["from"], "properties": {"from": {"type": "string"}}},
            ]
        }
    )

    data: Literal["move", "copy", "leave"] | None = None
    source: str | None = Field(None, alias="from", max_length=200)


class ForgetRequest(Body):
    """`down` takes the containers and networks down first."""

    down: bool = False


class CancelRequest(Body):
    """Nothing."""


class Query(BaseModel):
    """What stands behind the `?` of an address; what is not known there is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


Cursor = Annotated[str, Field(max_length=200, description="The `next` of the page before")]
Place = Annotated[str, Field(pattern=CURSOR, description="The `next` of the page before")]
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT, description="How many there may be")]
EnvironmentName = Annotated[str, Field(max_length=200, description="Only those of this environment")]
RepoName = Annotated[str, Field(max_length=200, description="Only those of this repo")]
StackName = Annotated[str, Field(max_length=200, description="Only those of this stack, `environment/name`")]


class PageQuery(Query):
    """Which page of a list, and how long it may be."""

    cursor: Cursor | None = None
    limit: Limit = DEFAULT_LIMIT


class StacksQuery(PageQuery):
    """Which stacks."""

    environment: EnvironmentName | None = None
    repo: RepoName | None = None
    status: StackStatus | None = None
    host: Annotated[str, Field(max_length=200, description="A worker, or the address of its engine")] | None = None


class RunsQuery(PageQuery):
    """Which runs; those of a stack are those that did something to it."""

    repo: RepoName | None = None
    stack: StackName | None = None
    status: RunStatus | None = None
    trigger: Trigger | None = None


class DeploymentsQuery(PageQuery):
    """Which deployments; without a stack the newest 1000 of all."""

    stack: StackName | None = None
    run: Annotated[str, Field(max_length=200, description="Only those of this run")] | None = None
    status: RunStatus | None = None
    outcome: Outcome | None = None


class DeliveriesQuery(Query):
    """Which deliveries."""

    repo: RepoName | None = None
    result: Annotated[str, Field(max_length=200, description="What became of them, in its word")] | None = None

    def of(self, known: Iterable[str]) -> list[str]:
        """The repos that are meant, of those that there are."""
        return [repo for repo in known if self.repo in {None, repo}]


class LogQuery(PageQuery):
    """Which page of a log as a list; whether one as text goes on."""

    cursor: Place | None = None
    follow: Annotated[
        Literal["0", "1", "false", "true", "no", "yes"],
        BeforeValidator(str.lower),
        Field(description="As text: until the deployment ends, for a minute at most"),
    ] = "0"

    @property
    def follows(self) -> bool:
        """Whether it goes on."""
        return self.follow in {"1", "true", "yes"}


class EventsQuery(Query):
    """After which event; the header `Last-Event-ID` wins. Without one: what happens from now on."""

    last_event_id: Annotated[str, Field(pattern=CURSOR, description="What comes after this event")] | None = None


def read_request(shape: type[Asked], value: object) -> Asked:
    """Validate a request.

    Raises:
        UsageError: naming every field that is wrong.
    """
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, item['loc'])) or 'body'}: {item['msg']}" for item in error.errors())
        raise UsageError("; ".join(problems)) from error
