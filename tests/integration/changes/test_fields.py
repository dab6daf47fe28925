"""Every field of Compose's own schema is on the page that says what Tegu makes of those that name something."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.releases import PINNED, ROOT, release

PAGE = ROOT / "docs/reference/compose-fields.md"
_BEGINS = re.compile(rb'\{\s*"\$schema"[^{}]{0,200}"compose_spec\.json"')
_FIELD = re.compile(r"`((?:services|jobs|networks|volumes|configs|secrets|models|include|name|version)(?:\.[\w*]+)*)`")
_LIKE_SERVICES = re.compile(r"^(?:jobs\.\*|services\.\*\.pre_start)\.")
_WITHOUT_NAMES = "## Fields that name nothing"
_WHATEVER = {"services.*", "jobs.*"}
_LONGEST = 1024 * 1024  # the schema has 90 kB

Schema = Mapping[str, Any]


def schema_of(program: Path) -> Schema:
    """The JSON Schema of Compose files as it stands in a release's program."""
    content = program.read_bytes()
    found = _BEGINS.search(content)
    assert found is not None, program
    schema, _ = json.JSONDecoder().raw_decode(content[found.start() : found.start() + _LONGEST].decode("latin-1"))
    return dict(schema)


def fields(schema: Schema, node: Schema, path: str, through: tuple[str, ...] = ()) -> Iterator[str]:
    """Every field at or below a node, names that people choose as `*`; a definition is not entered from itself."""
    reference = node.get("$ref")
    if reference and reference not in through:
        inner = schema["$defs"][reference.removeprefix("#/$defs/")]
        yield from fields(schema, inner, path, (*through, reference))
    for kind in ("allOf", "anyOf", "oneOf"):
        for part in node.get(kind, ()):
            yield from fields(schema, part, path, through)
    for name, part in node.get("properties", {}).items():
        field = f"{path}.{name}" if path else name
        yield field
        yield from fields(schema, part, field, through)
    for pattern, part in node.get("patternProperties", {}).items():
        if pattern != "^x-":
            yield from fields(schema, part, f"{path}.*", through)
    if isinstance(items := node.get("items"), dict):
        yield from fields(schema, items, path, through)


def plain(schema: Schema) -> set[str]:
    """Every field, hooks and jobs as the services that they are described like, but for what only they have."""
    found = set(fields(schema, schema, ""))
    of_services = {field for field in found if not _LIKE_SERVICES.match(field)}
    like_services = {field: _LIKE_SERVICES.sub("services.*.", field) for field in found - of_services}
    return of_services | {field for field, other in like_services.items() if other not in of_services}


def unknown(schema: Schema, page: str) -> set[str]:
    """The fields that a page does not mention, by themselves or, where they name nothing, with what they are in."""
    known = set(_FIELD.findall(page))
    name_nothing = set(_FIELD.findall(page.partition(_WITHOUT_NAMES)[2]))

    def is_known(field: str) -> bool:
        parts = field.split(".")
        return field in known or any(".".join(parts[:end]) in name_nothing for end in range(1, len(parts)))

    return {field for field in plain(schema) if not is_known(field)}


@pytest.fixture(scope="module")
def schema() -> Schema:
    return schema_of(Path(release(PINNED).argv[0]))


def test_every_field_of_the_pinned_release_is_on_the_page(schema: Schema) -> None:
    assert unknown(schema, PAGE.read_text(encoding="utf-8")) == set()


def test_the_page_has_no_field_that_the_pinned_release_lacks(schema: Schema) -> None:
    assert set(_FIELD.findall(PAGE.read_text(encoding="utf-8"))) - plain(schema) - _WHATEVER == set()


def test_a_field_of_tomorrow_would_be_noticed(schema: Schema) -> None:
    properties = {**schema["$defs"]["volume"]["properties"], "image": {"type": "string"}}
    tomorrow = {
        **schema,
        "$defs": {**schema["$defs"], "volume": {**schema["$defs"]["volume"], "properties": properties}},
    }
    assert unknown(tomorrow, PAGE.read_text(encoding="utf-8")) == {"volumes.*.image"}
