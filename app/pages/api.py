"""`/api/v1/docs`: the description of the API for people, who can try from here what only reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeAlias

from flask import Blueprint, current_app, render_template, request

from app.http.sessions import cookie_name

Json: TypeAlias = Mapping[str, Any]

_SHAPE = "#/components/schemas/"
_STREAM = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of a shape.

    Attributes:
        name: its name.
        place: of a parameter, where it stands: `path`, `query`, `header`.
        kind: what it may be, in words.
        shapes: shapes that are named there.
        needed: whether it is always there.
        said: more than that.
    """

    name: str
    place: str
    kind: str
    shapes: tuple[str, ...]
    needed: bool
    said: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered with a status: when, of which shape, in which media types."""

    status: str
    said: str
    shapes: tuple[str, ...]
    media: str


@dataclass(frozen=True, slots=True)
class Route:
    """A route. `can_be_tried` says whether it reads and comes to an end."""

    id: str
    method: str
    path: str
    summary: str
    said: str
    access: str
    parameters: tuple[Field, ...]
    body: tuple[str, ...]
    answers: tuple[Answer, ...]
    can_be_tried: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape by name: its fields, or the words that it is one of."""

    name: str
    said: str
    fields: tuple[Field, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ApiPage:
    """The page: routes by what they are about, then shapes."""

    version: str
    tags: Mapping[str, Sequence[Route]]
    shapes: tuple[Shape, ...]


def create_api_page() -> Blueprint:
    """The blueprint of the page."""
    blueprint = Blueprint("api_page", __name__)

    @blueprint.get("/api/v1/docs")
    def show() -> str:
        described: Json = import_module("app.http.openapi").describe(current_app, cookie_name(request))
        return render_template("api.html", page=read(described))

    return blueprint


def read(document: Json) -> ApiPage:
    """The page of a description."""
    tags: dict[str, list[Route]] = {}
    for path, operations in document["paths"].items():
        for method, said in operations.items():
            tags.setdefault(said["tags"][0], []).append(_route(document, path, method, said))
    shapes = document["components"]["schemas"]
    return ApiPage(document["info"]["version"], tags, tuple(_shape(name, each) for name, each in shapes.items()))


def _route(document: Json, path: str, method: str, said: Json) -> Route:
    answers = tuple(_answers(document, said["responses"]))
    bodies: Json = said.get("requestBody", {}).get("content", {})
    return Route(
        id=said["operationId"],
        method=method.upper(),
        path=path,
        summary=said["summary"],
        said=said.get("description", ""),
        access=_access(said["security"]),
        parameters=tuple(_field(each["name"], each["schema"], each) for each in said["parameters"]),
        body=tuple(name for each in bodies.values() for name in _shapes_in(each["schema"])),
        answers=answers,
        can_be_tried=method == "get" and all(each.media != _STREAM for each in answers),
    )


def _access(security: Sequence[Json]) -> str:
    names = [name for each in security for name in each]
    return {0: "open", 1: "token"}.get(len(names), "token, or a session")


def _answers(document: Json, responses: Json) -> Iterator[Answer]:
    for status, given in responses.items():
        reference = given.get("$ref", "").rpartition("/")[2]
        said = document["components"]["responses"][reference] if reference else given
        shapes = dict.fromkeys(name for each in said["content"].values() for name in _shapes_in(each["schema"]))
        yield Answer(status, said["description"], tuple(shapes), ", ".join(said["content"]))


def _shape(name: str, schema: Json) -> Shape:
    needed = schema.get("required", ())
    fields = tuple(
        _field(field, each, {"required": field in needed}) for field, each in schema.get("properties", {}).items()
    )
    return Shape(name, schema.get("description", ""), fields, tuple(schema.get("enum", ())))


def _field(name: str, schema: Json, around: Json) -> Field:
    said = around.get("description") or schema.get("description", "")
    shapes = tuple(dict.fromkeys(_shapes_in(schema)))
    return Field(name, around.get("in", ""), _kind(schema), shapes, bool(around.get("required")), said)


def _kind(schema: Json) -> str:
    """What a value may be, in words; a shape is named by its link."""
    if "$ref" in schema:
        return ""
    if choices := schema.get("anyOf"):
        return " or ".join(filter(None, map(_kind, choices)))
    if words := schema.get("enum") or ([schema["const"]] if "const" in schema else ()):
        return ", ".join(map(str, words)) + _by_default(schema)
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}".rstrip()
    if isinstance(values := schema.get("additionalProperties"), dict):
        return f"by name: {_kind(values)}".rstrip(": ")
    kind = str(schema.get("type", "anything"))
    limits = [f"{schema[name]}" for name in ("minimum", "maximum") if name in schema]
    longest = f", at most {schema['maxLength']} characters" if "maxLength" in schema else ""
    return kind + (f" from {' to '.join(limits)}" if limits else "") + longest + _by_default(schema)


def _by_default(schema: Json) -> str:
    default = schema.get("default")
    return "" if default is None or default == "" else f"; {str(default).lower()} by default"


def _shapes_in(schema: Json) -> Iterator[str]:
    if "$ref" in schema:
        yield schema["$ref"].removeprefix(_SHAPE)
    for each in schema.get("anyOf", ()):
        yield from _shapes_in(each)
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            yield from _shapes_in(schema[name])
