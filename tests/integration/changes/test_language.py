"""Compose files in which the language has its corners, read and merged by Compose and by Tegu.

`make test` asks one release about each, the two in turn; `make test-releases` asks all of them about each.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.changes.judge import Judge
from tests.integration.changes.test_merge_differential import COMMON
from tests.integration.changes.view import as_shown
from tests.releases import THOROUGH
from workers.changes import merge
from workers.changes.yaml_file import load
from workers.model.errors import InvalidStack

SERVICE = """{image: x, environment: {A: 1, B: 2}, labels: [a=1, b=2], volumes: [./data:/a, data:/b],
    build: {context: ., args: {A: 1}}, command: [a], tmpfs: [/x], cap_add: [a, b], depends_on: [other], configs: [a],
    secrets: [b], healthcheck: {test: [CMD, a], retries: 3}, dns: [1.1.1.1], sysctls: {a: 1}, ulimits: {nofile: 10},
    logging: {driver: a, options: {x: y}}, networks: [n1], entrypoint: [e]}"""
KEYS = (
    *("environment", "labels", "volumes", "build", "command", "tmpfs", "cap_add", "depends_on", "configs", "secrets"),
    *("healthcheck", "dns", "sysctls", "ulimits", "networks", "entrypoint"),
)


def main_file(service: str = SERVICE, other: str = "{image: x}") -> str:
    common = yaml.safe_dump({**COMMON, "name": "t", "services": {"third": {"image": "x"}}})
    return f"{common.rstrip()}\n".replace("services:\n", f"services:\n  s: {service}\n  other: {other}\n")


def over(service: str, above: str = "") -> list[str]:
    """The main file and an override of its service."""
    return [main_file(), f"{above}services:\n  s: {service}\n"]


def each_key(value: str) -> list[str]:
    """A service like the main file's for each key, and an override of that key."""
    services = "".join(f"  s{key}: {SERVICE}\n" for key in KEYS)
    overrides = "".join(f"  s{key}: {{{key}: {value}}}\n" for key in KEYS)
    return [main_file() + f"---\nservices:\n{services}", f"services:\n{overrides}"]


EXTENDED = "{image: x, dns: [1.1.1.1], environment: {A: 1}}"
CASES: dict[str, list[str]] = {
    "every key without a value": each_key("null"),
    "every key reset": each_key("!reset null"),
    "every key reset from a list": each_key("!reset []"),
    "reset a key": over("{environment: {A: !reset null, C: 3}}"),
    "override a list": over("{volumes: !override [./x:/c]}"),
    "override a mapping": over("{environment: !override {C: 3}}"),
    "override a key": over("{environment: {A: !override 5}}"),
    "override a build": over("{build: !override ./ctx}"),
    "override a service": over("!override {image: y}"),
    "reset a key of a list": over("{labels: {a: !reset null}}"),
    "reset an item": over("{volumes: [!reset ./x:/c, ./y:/d]}"),
    "override an item": over("{volumes: [!override ./x:/c, ./y:/d]}"),
    "reset a dependency": over("{depends_on: {other: !reset null, third: {condition: service_started}}}"),
    "reset in a build": over("{build: {args: {A: !reset 1}}}"),
    "reset what a third file merged": [*over("{environment: {C: 3}}"), *over("{environment: {A: !reset null}}")[1:]],
    "reset below an anchor": over("{<<: *a, labels: [q=1]}", "x-a: &a {environment: {Z: 1}, command: !reset []}\n"),
    "override below an anchor": over("{<<: *a}", "x-a: &a {environment: !override {Z: 1}}\n"),
    "override below an alias": over("*a", "x-a: &a {environment: !override {Z: 1}}\n"),
    "override by alias": over("{environment: *a}", "x-a: &a !override {Z: 1}\n"),
    "reset by alias": over("{environment: *a}", "x-a: &a !reset {Z: 1}\n"),
    "two documents": [main_file() + "---\nservices:\n  s: {environment: {D: 1}, command: [q]}\n"],
    "a reset between documents": [main_file() + "---\nservices: {s: {environment: !reset {}}}\n---\nx-a: 1\n"],
    "extends": [main_file("{extends: other, image: z, environment: {B: 1}}", EXTENDED)],
    "extends and resets": [main_file("{extends: other, dns: !reset [], environment: !reset {}}", EXTENDED)],
    "extends and overrides": [main_file("{extends: {service: other}, environment: !override {B: 1}}", EXTENDED)],
    "extends dependencies": [main_file("{extends: other}", "{image: x, depends_on: [third], links: [third]}")],
    "merge keys": over("{image: r, <<: [{image: q, command: [z]}, {command: [w]}]}"),
    "an empty override": [main_file(), "{}\n"],
    "an override without a document": [main_file(), "# nothing\n"],
    "an empty document": [main_file(), "---\n---\nname: t\n"],
    "no mapping": [main_file(), "[a]\n"],
    "Windows": [main_file(), "\ufeffx-a: 1\r\nservices:\r\n  s:\r\n    command: [a]\r\n"],
    "numbers": over("{environment: {A: 0755, B: 08, C: 1e3, D: 0x1F, E: 0b11, F: 0o17, G: 1_000, H: .5, I: -0.0}}"),
    "big numbers": over(
        "{environment: {A: 18446744073709551615, B: 18446744073709551616, C: 1e999, D: 1e21, E: .0_1}}"
    ),
    "small numbers": over("{environment: {A: 0.00001, B: 123456.0, C: 1234567.0, D: 12.50, E: +12, F: 1., G: -.5}}"),
    "words": over("{environment: {A: yes, B: True, C: ~, D: Null, E: NO, F: 22:22, G: '1', H: tRUE, I: 1.2.3}}"),
    "tags": over("{environment: {A: !!str 5, B: !!float 3, C: !foo 5, D: ! 5, E: !!binary aGk=}}"),
    "a map over a list": over("{volumes: {a: 1}}"),
    "a list over a map": over("[a]"),
    "a text for a build": over("{build: [a]}"),
    "a text for an environment": over("{environment: x}"),
    "a number for labels": over("{labels: 5}"),
    "a number among variables": over("{environment: [5, A]}"),
    "a list for a variable": over("{environment: {A: [1]}}"),
    "drives": over("{volumes: ['c:/x', 'd:/y:/z', 'x:y:ro', '/q:a', '/']}"),
    "too many colons": over("{volumes: ['a:b:c:d']}"),
    "nothing between colons": over("{volumes: ['::']}"),
    "an empty volume": over("{volumes: ['']}"),
    "a number for a volume": over("{volumes: [5]}"),
    "a number for a key": [main_file(), "x-a: {1: 2}\n"],
    "a boolean for a key": [main_file(), "x-a: {true: 2}\n"],
    "nothing for a key": [main_file(), "x-a: {~: 2}\n"],
    "a list for a key": [main_file(), "x-a: {[a]: 2}\n"],
    "yes for a key": [main_file(), "x-a: {yes: 2}\n"],
    "a key twice": [main_file(), "x-a: {a: 1, a: 2}\n"],
    "a merge twice": over("{<<: {image: q}, <<: {image: r}}"),
    "a merge of a number": over("{<<: 5}"),
    "no anchor": [main_file(), "x-a: *b\n"],
    "an alias in its anchor": [main_file(), "x-a: &a [*a]\n"],
    "no number": [main_file(), "x-a: !!int x\n"],
    "no base64": [main_file(), "x-a: !!binary '?'\n"],
    "a tab": [main_file(), "x-a:\n\t- a\n"],
    "an at sign": [main_file(), "x-a: @a\n"],
    "an open quote": [main_file(), "x-a: 'a\n"],
}


def read(files: list[str]) -> dict[str, Any]:
    model: dict[str, Any] = {}
    for file in files:
        for part in load(file.encode(), "compose.yaml").parts:
            services = dict(part.model.get("services") or {})
            for name, service in services.items():
                if isinstance(service, dict) and "extends" in service:
                    base = service["extends"] if isinstance(service["extends"], str) else service["extends"]["service"]
                    resets = merge.below(part.resets, "services", name)
                    services[name] = merge.extend_service(services[base], service, resets)
            model = merge.merge_models(model, {**part.model, "services": services}, part.resets)
    services = {name: service for name, service in model["services"].items() if name.startswith("s")}
    return {name: merge.normalise_service(service) for name, service in services.items()}


@pytest.mark.parametrize("case", CASES)
def test_a_corner_of_the_language_is_where_compose_has_it(judges: list[Judge], case: str, tmp_path: Path) -> None:
    files = CASES[case]
    for place, file in enumerate(files):
        (tmp_path / f"{place}.yaml").write_text(file, newline="")
    try:
        ours = read(files)
    except InvalidStack:
        ours = None
    for judge in judges if THOROUGH else judges[list(CASES).index(case) % len(judges) :][:1]:
        if case == "reset below an anchor" and judge.release >= (5, 0):
            continue  # reset in all who merge it
        verdict = judge.config(tmp_path, [f"{place}.yaml" for place in range(len(files))])
        if ours is None:
            assert verdict.model is None, judge.version
            continue
        assert verdict.model is not None, (judge.version, verdict.error)
        for name, service in ours.items():
            assert as_shown(service, tmp_path) == as_shown(verdict.model["services"][name], tmp_path), (
                judge.version,
                name,
            )
