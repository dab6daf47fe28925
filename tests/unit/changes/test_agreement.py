from __future__ import annotations

import pytest

from tests.unit.changes.worlds import Link, World, make_stack
from workers.changes.agreement import missing_sources

FILES = {
    "app/compose.yaml": "{services: {a: {image: x, build: ./i, volumes: ['./c:/c', './l/f:/l']}}}",
    "app/c/x": "",
    "app/i/Dockerfile": "",
    "app/i/.dockerignore": "x",
    "app/l": Link("../real"),
    "real/f": "",
}


def bind(source: str) -> dict[str, object]:
    return {"services": {"a": {"volumes": [{"type": "bind", "source": source}, {"type": "volume", "source": "v"}]}}}


def built(**build: object) -> dict[str, object]:
    return {"services": {"a": {"build": build}}}


@pytest.mark.parametrize(
    ("config", "missing"),
    [
        ({}, ()),
        ({"services": {"a": {}, "b": None}, "configs": None}, ()),
        (bind("/stage/app/c"), ()),
        (bind("/stage/app/c/deeper"), ()),
        (bind("/stage/app/l/f"), ()),
        (bind("/stage/app/d"), ("app/d",)),
        (bind("/stage/shared"), ("shared",)),
        (bind("/stage"), ("",)),
        (bind("/var/run/docker.sock"), ()),
        ({"secrets": {"s": {"file": "/stage/app/s"}, "t": {"environment": "T"}}}, ("app/s",)),
        ({"configs": {"s": {"file": "/stage/app/.env"}}}, ()),
        (built(context="/stage/app/i", dockerfile="Dockerfile"), ()),
        (built(context="/stage/app/i"), ()),
        (built(context="/stage/app/i", dockerfile="sub/D"), ("app/i/sub/D",)),
        (built(context="/stage/app/c", dockerfile="/stage/app/D"), ("app/D",)),
        (built(context="/stage/app/c", dockerfile_inline="FROM x"), ()),
        (built(context="https://example.com/x.git"), ()),
        (
            built(
                context="/stage/app/c", dockerfile_inline="x", additional_contexts={"m": "/stage/m", "n": "service:b"}
            ),
            ("m",),
        ),
        (
            {"services": {"a": {"pre_start": [{"volumes": [{"type": "bind", "source": "/stage/app/h"}]}]}}},
            ("app/h",),
        ),
        ({"jobs": {"j": {"env_file": [{"path": "/stage/app/j.env"}]}}}, ("app/j.env",)),
        ({"volumes": {"v": {"driver_opts": {"o": "bind", "device": "/stage/app/v"}}}}, ("app/v",)),
        ({"services": {"a": {"a field of tomorrow": ["/stage/app/t", 1, None]}}}, ("app/t",)),
        ({"services": {"a": {"develop": {"watch": [{"path": "/stage/app/w"}]}}}}, ()),
        (
            {"name": "/stage/app/n", "services": {"b": {"build": {"context": "/stage/app/c2"}}}},
            ("app/c2", "app/c2/Dockerfile"),
        ),
    ],
)
def test_what_compose_names_and_the_closure_lacks_is_missing(
    world: World, config: dict[str, object], missing: tuple[str, ...]
) -> None:
    assert missing_sources(world.snapshot(FILES), config, "/stage/app") == missing


def test_a_stack_at_the_root_has_its_project_directory_there(world: World) -> None:
    world.stack = make_stack("")
    snapshot = world.snapshot({"compose.yaml": "services: {a: {image: x, volumes: ['.:/all']}}"})
    assert missing_sources(snapshot, bind("/stage/any"), "/stage/") == ()


def test_what_is_not_built_here_needs_no_context(world: World) -> None:
    world.stack = make_stack(build=False)
    snapshot = world.snapshot({"app/compose.yaml": "services: {a: {image: x, build: ./i}}"})
    assert missing_sources(snapshot, built(context="/stage/app/i"), "/stage/app") == ()
