"""The description of the API: OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1.html).

Made of the routes as they are, of the models that read queries and bodies (`app.http.requests`), and of the shapes of
answers (`app.http.shapes`). It is loaded by whoever asks for it first: docs/decisions/openapi-by-pydantic.md says why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from importlib import metadata
from typing import Any, TypeAlias

from flask import Flask
from pydantic import TypeAdapter

from app.http.asking import Asking
from app.http.idempotency import HEADER, KEY, REPLAYED
from app.http.operations import OPERATIONS, PROBLEM, WHEN, Access, Content, Operation
from app.http.requests import CURSOR, Body, Query
from app.http.shapes import Problem

Json: TypeAlias = dict[str, Any]

_NAME = re.compile(r"<(\w+)>")
_REFERENCE = "#/components/schemas/{model}"
_ABOUT = "What Tegu knows, and what it can be asked to do. Lists are `{items, next}`; errors are RFC 9457's problems."


class _Schemas:
    """The schemas of all shapes, each described once.

    Args:
        shapes: types that pydantic knows.
    """

    def __init__(self, shapes: Iterable[object]) -> None:
        known: dict[str, Any] = {repr(shape): shape for shape in shapes}
        inputs: list[Any] = [(name, "validation", TypeAdapter(shape)) for name, shape in known.items()]
        found, common = TypeAdapter.json_schemas(inputs, ref_template=_REFERENCE)
        self._found = {name: schema for (name, _), schema in found.items()}
        self.common: Json = {name: _plain(schema) for name, schema in common.get("$defs", {}).items()}
        for shape in known.values():
            if isinstance(shape, type) and issubclass(shape, Body):
                _allow_null(self.common[shape.__name__])

    def of(self, shape: object) -> Json:
        """The schema of a shape: mostly a reference."""
        schema: Json = _plain(self._found[repr(shape)])
        return schema

    def parameters(self, query: type[Query]) -> Iterator[Json]:
        """The parameters that a query has."""
        for name, schema in self.common[query.__name__].get("properties", {}).items():
            given = _given(schema)
            said = {"description": given.pop("description")} if "description" in given else {}
            yield {"name": name, "in": "query", **said, "schema": given}


def describe(app: Flask, cookie: str) -> Json:
    """The description of an application's routes.

    Args:
        app: from `create_app`.
        cookie: what the cookie of a browser's session is called.
    """
    routes = [
        (rule.rule, method.lower(), rule.endpoint, app.view_functions[rule.endpoint])
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        if rule.endpoint in OPERATIONS
    ]
    schemas = _Schemas(_shapes(view for *_, view in routes))
    paths: dict[str, Json] = {}
    for rule, method, endpoint, view in sorted(routes, key=lambda route: list(OPERATIONS).index(route[2])):
        shape = view.shape if isinstance(view, Asking) else None
        described = _operation(OPERATIONS[endpoint], endpoint, rule, shape, schemas)
        paths.setdefault(_NAME.sub(r"{\1}", rule), {})[method] = described
    queries = {view.shape.__name__ for *_, view in routes if isinstance(view, Asking) and issubclass(view.shape, Query)}
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Tegu",
            "version": metadata.version("tegu"),
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {name: each for name, each in sorted(schemas.common.items()) if name not in queries},
            "responses": {status.phrase.replace(" ", ""): _problem(status) for status in WHEN},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "The token of TEGU_API_TOKEN"},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": cookie,
                    "description": "A browser that is logged in; it may only read",
                },
            },
        },
    }


def _shapes(views: Iterable[object]) -> Iterator[object]:
    yield Problem
    yield from (view.shape for view in views if isinstance(view, Asking))
    for operation in OPERATIONS.values():
        yield from operation.body.values()
        for content in operation.answers.values():
            yield from content.values()


def _operation(said: Operation, endpoint: str, rule: str, shape: type[Body | Query] | None, schemas: _Schemas) -> Json:
    described: Json = {"operationId": endpoint.rpartition(".")[2], "tags": [said.tag], "summary": said.summary}
    if said.note:
        described["description"] = said.note
    described["security"] = _security(said.access, reads=shape is None or not issubclass(shape, Body))
    described["parameters"] = [*_parameters(endpoint, rule, shape, schemas)]
    if shape is not None and issubclass(shape, Body):
        needed = "null" not in schemas.common[shape.__name__]["type"]
        described["requestBody"] = {"required": needed, "content": {"application/json": {"schema": schemas.of(shape)}}}
    elif said.body:
        described["requestBody"] = {"content": _content(said.body, schemas)}
    described["responses"] = {str(status.value): each for status, each in _answers(said, shape, schemas)}
    return described


def _security(access: Access, *, reads: bool) -> list[Json]:
    if access is not Access.API:
        return []
    return [{"token": []}, *([{"session": []}] if reads else [])]


def _parameters(endpoint: str, rule: str, shape: type[Body | Query] | None, schemas: _Schemas) -> Iterator[Json]:
    for name in _NAME.findall(rule):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    if shape is None:
        return
    if issubclass(shape, Query):
        yield from schemas.parameters(shape)
    else:
        yield {
            "name": HEADER,
            "in": "header",
            "description": "Of the sender's making, another one for each request: what is sent again is done once",
            "schema": {"type": "string", "pattern": f"^{KEY}$"},
        }
    if endpoint == "api.events":
        yield {"name": "Last-Event-ID", "in": "header", "schema": {"type": "string", "pattern": f"^$|{CURSOR}"}}


def _answers(said: Operation, shape: type[Body | Query] | None, schemas: _Schemas) -> Iterator[tuple[HTTPStatus, Json]]:
    links = {
        name: {"operationId": operation, "parameters": dict(parameters)}
        for name, (operation, parameters) in said.links.items()
    }
    for status, content in said.answers.items():
        described: Json = {"description": status.phrase, "content": _content(content, schemas)}
        if shape is not None and issubclass(shape, Body):
            described["headers"] = {
                "Location": {"description": "The run", "schema": {"type": "string"}},
                REPLAYED: {"description": "It was carried out before", "schema": {"const": "true"}},
            }
        if links and status in {HTTPStatus.OK, HTTPStatus.ACCEPTED} and "Ignored" not in str(content):
            described["links"] = links
        yield status, described
    for status in sorted(said.problems):
        yield status, {"$ref": f"#/components/responses/{status.phrase.replace(' ', '')}"}


def _problem(status: HTTPStatus) -> Json:
    described: Json = {"description": WHEN[status]}
    if status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}:
        described["headers"] = {"Retry-After": {"description": "Seconds", "schema": {"type": "string"}}}
    return described | {"content": {PROBLEM: {"schema": {"$ref": _REFERENCE.format(model="Problem")}}}}


def _content(content: Content, schemas: _Schemas) -> Json:
    return {media: {"schema": schemas.of(shape)} for media, shape in content.items()}


def _plain(schema: Any) -> Any:  # noqa: ANN401 (JSON of any kind)
    """A schema without the titles that pydantic makes of names, and of lines that were broken as code is."""
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {name: value for name, value in schema.items() if not (name == "title" and isinstance(value, str))}
    if isinstance(said := kept.get("description"), str):
        kept["description"] = re.sub(r"(?<!\n)\n(?!\n)", " ", said)
    return {name: _plain(value) for name, value in kept.items()}


def _given(schema: Mapping[str, Any]) -> Json:
    """The schema of a parameter: what an address has not is absent, and never null."""
    kept = {name: value for name, value in schema.items() if name != "default" or value is not None}
    choices = [each for each in kept.pop("anyOf", ()) if each != {"type": "null"}]
    only: Json = choices[0] if len(choices) == 1 else {"anyOf": choices} if choices else {}
    return kept | only


def _allow_null(schema: Json) -> None:
    """Let a body's fields be null, and where none has to be given the body itself: both count as not given."""
    for name, each in schema.get("properties", {}).items():
        choices = [choice for choice in each.pop("anyOf", [each]) if choice != {"type": "null"}]
        said = {key: each.pop(key) for key in ("default", "description") if key in each}
        schema["properties"][name] = {"anyOf": [*choices, {"type": "null"}]} | said
    if "anyOf" not in schema:
        schema["type"] = ["object", "null"]
