"""Answers compared with what the description of the API says of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from functools import cached_property
from typing import Any

from flask import Flask, Response, request
from jsonschema import Draft202012Validator

from app.http.openapi import describe

_documents: dict[tuple[str, ...], dict[str, Any]] = {}

Answer = tuple[str, str, int]
"""Method, path as it is described, and status."""


class Described:
    """The description of an application, for comparing; every object in it is closed, so that no field goes unnoticed.

    Attributes:
        seen: the answers that were compared.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self.seen: set[Answer] = set()

    @cached_property
    def document(self) -> dict[str, Any]:
        """Made once for all applications of the same routes, of which each test has one."""
        routes = tuple(sorted(rule.rule for rule in self._app.url_map.iter_rules()))
        if routes not in _documents:
            _documents[routes] = describe(self._app, "tegu_session_80")
        return _documents[routes]

    @cached_property
    def answers(self) -> set[Answer]:
        """All that are described."""
        return {
            (method, path, int(status))
            for path, operations in self.document["paths"].items()
            for method, operation in operations.items()
            for status in operation["responses"]
        }

    def watch(self) -> None:
        """Compare every answer from now on."""
        self._app.after_request(self.compare)

    def compare(self, response: Response) -> Response:
        """Compare an answer to the current request with what is described, unless it is that of a page, or of no route.

        Raises:
            AssertionError: it is another.
        """
        path = request.url_rule.rule.replace("<", "{").replace(">", "}") if request.url_rule else ""
        operation = self.document["paths"].get(path, {}).get(request.method.lower())
        if operation is None:
            return response
        where = f"{request.method} {path} {response.status_code}"
        said = self._resolved(operation["responses"].get(str(response.status_code)))
        assert said is not None, f"{where} is not described: {response.get_data(as_text=True)[:200]}"
        media = response.mimetype or ""
        content = said["content"].get(media)
        assert content is not None, f"{where}: {media} is not described"
        if not response.is_streamed and media.endswith("json"):
            problems = mismatches(self._closed, content["schema"], json.loads(response.get_data()))
            assert not problems, (where, *problems)
        self.seen.add((request.method.lower(), path, response.status_code))
        return response

    def _resolved(self, said: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        if said is None or "$ref" not in said:
            return said
        found: Mapping[str, Any] = self.document["components"]["responses"][said["$ref"].rpartition("/")[2]]
        return found

    @cached_property
    def _closed(self) -> dict[str, Any]:
        return closed(self.document)


def closed(document: Mapping[str, Any]) -> dict[str, Any]:
    """The components of a description, in which no object has a field that is not described."""
    components: dict[str, Any] = deepcopy(document["components"])
    for schema in components["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return components


def mismatches(components: Mapping[str, Any], schema: Mapping[str, Any], value: object) -> list[str]:
    """Where a value is not as a schema says, and how."""
    validator = Draft202012Validator({**schema, "components": components})
    return [f"{'/'.join(map(str, each.absolute_path))}: {each.message}" for each in validator.iter_errors(value)]
