"""The JSON Schema of the catalog."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from workers.catalog import json_schema, parse_catalog
from workers.model.errors import CatalogError


class Editor(yaml.SafeLoader):
    """YAML 1.2, as editors read it: `on` is a text there, and only `true` and `false` are booleans."""

    yaml_implicit_resolvers = {  # noqa: RUF012 (PyYAML's own)
        first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:bool" or first in "tf"]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.yaml"))


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_it_validates_the_examples_and_so_does_the_catalog(
    path: Path,
    validator: jsonschema.Draft202012Validator,
) -> None:
    validator.validate(yaml.load(path.read_text(), Editor))
    assert parse_catalog(path.read_text(), path=path, environ={}).repos


@pytest.mark.parametrize(
    "text",
    [
        "repo: {}",
        "repos: {a: {url: /x, rfe: main}}",
        "repos: {a: {}}",
        "stacks: {a: {path: x, rolback: true}}",
        "stacks: {a: {path: x, rollback: perhaps}}",
        "stacks: {a: {path: x, environments: {p: {watchh: []}}}}",
        "stacks: {A: {path: x}}",
        "defaults: {pull_images: allways}",
        "defaults: {health: {timeout: 5x}}",
        "defaults: {on_change: [{paths: [x], action: reload}]}",
        "environments: {p: {docker_host: nowhere}}",
        "defaults: {hooks: {pre_deploy: [make]}}",
        "notify: [{url: x, 'on': [failing]}]",
        "notify: [{url: x, stacks: [production]}]",
    ],
)
def test_it_rejects_typos(text: str, validator: jsonschema.Draft202012Validator) -> None:
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(yaml.safe_load(text))


@pytest.mark.parametrize(
    "text",
    [
        "stacks: {a: {path: x, environments: [p, s]}}",
        "stacks: {a: {path: x, environments: {p: {}}}}",
        "repos: {a: {url: /x, webhook_secret: [a, b], poll: 90}}",
        "defaults: {variables: {A: 1, B: true, C: x}, health: {timeout: 1h30m}}",
    ],
)
def test_it_accepts_every_form(text: str, validator: jsonschema.Draft202012Validator) -> None:
    validator.validate(yaml.safe_load(text))


@pytest.mark.parametrize(
    "text",
    [
        "{repos: {a: {url: /x}}, environments: {p: }, defaults: , stacks: , notify: }",
        "{repos: {a: {url: /x}}, environments: {p: {variables: , defaults: }}, stacks: {b: {path: x, repo: }}}",
        "{repos: {a: {url: /x, poll: }}, environments: {p: }, stacks: {b: {path: x, environments: {p: }}}}",
        "{repos: {a: {url: /x, discover: }}, defaults: {health: {timeout: }, hooks: , files: , project: }}",
        "{repos: {a: {url: /x}}, environments: , stacks: {b: {path: x, environments: , rollback: , health: }}}",
    ],
)
def test_it_accepts_keys_without_a_value_as_the_catalog_does(
    text: str, validator: jsonschema.Draft202012Validator
) -> None:
    validator.validate(yaml.safe_load(text))
    assert parse_catalog(text, path=Path("tegu.yaml"), environ={}).repos


@pytest.mark.parametrize("text", ["repos: {a: {url: }}", "repos: {a: }", "stacks: {a: {path: }}", "stacks: {a: }"])
def test_what_has_to_be_there_cannot_be_empty(text: str, validator: jsonschema.Draft202012Validator) -> None:
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(yaml.safe_load(text))
    with pytest.raises(CatalogError):
        parse_catalog(text, path=Path("tegu.yaml"), environ={})
