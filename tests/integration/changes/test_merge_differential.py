"""Random Compose files, merged by Compose and by Tegu."""

from __future__ import annotations

import tempfile
from pathlib import Path
from posixpath import normpath
from typing import Any

import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.integration.changes.judge import Judge
from tests.integration.changes.view import as_shown
from tests.releases import examples
from workers.changes import merge

WORDS = st.sampled_from(["a", "b", "c"])
NUMBERS = st.sampled_from([0, 1, 7])
TEXTS = st.one_of(WORDS, NUMBERS, st.booleans(), st.sampled_from(["x y", "1.50", "k=v", ""]))


def pairs(nothing: bool = True) -> st.SearchStrategy[Any]:
    """`environment` and its like, as a mapping or a list."""
    values = st.one_of(TEXTS, st.none()) if nothing else TEXTS
    lines = st.builds("{}={}".format, WORDS, WORDS)
    return st.one_of(
        st.dictionaries(WORDS, values, max_size=3),
        st.lists(st.one_of(lines, WORDS) if nothing else lines, max_size=3, unique_by=lambda line: line.split("=")[0]),
    )


def volumes() -> st.SearchStrategy[Any]:
    source = st.sampled_from(["./data", "/abs", "~/home", "data", "../up"])
    target = st.sampled_from(["/a", "/b", "/c/../b", "/a/"])
    short = st.builds(
        "{}:{}{}".format, source, target, st.sampled_from(["", ":ro", ":rw", ":z,ro", ":rshared", ":bogus"])
    )
    long = st.builds(
        lambda kind, target, read_only: {"type": kind[0], "source": kind[1], "target": target, "read_only": read_only},
        st.sampled_from([("bind", "./data"), ("volume", "data"), ("bind", "/abs")]),
        st.sampled_from(["/a", "/b"]),
        st.booleans(),
    )
    return st.lists(st.one_of(short, target, long), max_size=3, unique_by=repr)


def env_files() -> st.SearchStrategy[Any]:
    file = st.sampled_from(["1.env", "2.env", "./1.env"])
    long = st.builds(lambda path, required: {"path": path, "required": required}, file, st.booleans())
    return st.one_of(file, st.lists(st.one_of(file, long), max_size=2, unique_by=repr))


def builds() -> st.SearchStrategy[Any]:
    long = st.fixed_dictionaries(
        {},
        optional={
            "context": st.sampled_from([".", "./ctx", "../up", "https://example.org/r.git"]),
            "dockerfile": st.sampled_from(["Dockerfile", "other"]),
            "args": pairs(),
            "labels": pairs(nothing=False),
            "additional_contexts": st.one_of(
                st.dictionaries(WORDS, st.sampled_from(["./ctx", "docker-image://x"]), max_size=2),
                st.lists(st.sampled_from(["a=./ctx", "b=../up"]), max_size=2, unique=True),
            ),
            "tags": st.lists(WORDS, max_size=2, unique=True),
            "target": WORDS,
        },
    )
    return st.one_of(st.sampled_from([".", "./ctx"]), long)


def mounted() -> st.SearchStrategy[Any]:
    long = st.builds(lambda source, target: {"source": source, "target": target}, WORDS, st.sampled_from(["/t", "/u"]))
    return st.lists(st.one_of(WORDS, long), max_size=2, unique_by=repr)


def dependencies() -> st.SearchStrategy[Any]:
    how = st.fixed_dictionaries(
        {"condition": st.sampled_from(["service_started", "service_healthy"])},
        optional={"restart": st.booleans(), "required": st.booleans()},
    )
    names = st.sampled_from(["other", "third"])
    return st.one_of(st.lists(names, max_size=2, unique=True), st.dictionaries(names, how, max_size=2))


def services() -> st.SearchStrategy[dict[str, Any]]:
    lists = st.lists(WORDS, max_size=3, unique=True)
    either = st.one_of(WORDS, lists)
    return st.fixed_dictionaries(
        {},
        optional={
            "image": WORDS,
            "build": builds(),
            "command": st.one_of(WORDS, st.lists(WORDS, max_size=2)),
            "entrypoint": st.lists(WORDS, min_size=1, max_size=2),
            "environment": pairs(),
            "labels": pairs(nothing=False),
            "annotations": pairs(nothing=False),
            "sysctls": pairs(nothing=False),
            "env_file": env_files(),
            "volumes": volumes(),
            "configs": mounted(),
            "secrets": mounted(),
            "depends_on": dependencies(),
            "networks": st.one_of(
                st.lists(st.sampled_from(["n1", "n2"]), min_size=1, max_size=2, unique=True),
                st.dictionaries(
                    st.sampled_from(["n1", "n2"]),
                    st.one_of(st.none(), st.builds(lambda names: {"aliases": names}, lists)),
                    min_size=1,
                    max_size=2,
                ),
            ),
            "dns": either,
            "dns_search": either,
            "tmpfs": either,
            "cap_add": lists,
            "profiles": lists,
            "expose": st.lists(st.sampled_from(["80", "81"]), max_size=2, unique=True),
            "devices": st.lists(st.sampled_from(["/a:/b", "/c", "/d:/b:r"]), max_size=2, unique=True),
            "logging": st.fixed_dictionaries(
                {}, optional={"driver": WORDS, "options": st.dictionaries(WORDS, WORDS, max_size=2)}
            ),
            "healthcheck": st.fixed_dictionaries(
                {"test": st.sampled_from([["CMD", "a"], ["CMD", "b"], "c"])}, optional={"retries": NUMBERS}
            ),
            "ulimits": st.dictionaries(
                st.sampled_from(["nofile", "nproc"]),
                st.one_of(st.just(10), st.just({"soft": 1, "hard": 2})),
                max_size=2,
            ),
            "extra_hosts": st.lists(st.sampled_from(["h=1.1.1.1", "i=2.2.2.2"]), min_size=1, max_size=2, unique=True),
            "stop_signal": WORDS,
            "x-note": st.dictionaries(WORDS, WORDS, max_size=2),
        },
    )


def once(service: dict[str, Any]) -> dict[str, Any]:
    """The service with nothing mounted where something else of it is.

    Where it stands over another one that mounts at the same place, too, Compose 5.6 keeps the first but one, 2.26 the
    last.
    """
    kept = {
        key: list({_target(mount): mount for mount in service[key]}.values())
        for key in ("volumes", "configs", "secrets")
        if key in service
    }
    return service | kept


def _target(mount: str | dict[str, Any]) -> str:
    if isinstance(mount, str):
        return normpath(mount.split(":")[1] if ":" in mount else mount)
    return normpath(str(mount["target"]))


BATCH = st.lists(st.tuples(services(), services().map(once)), min_size=1, max_size=25)
COMMON: dict[str, Any] = {
    "services": {"other": {"image": "x"}, "third": {"image": "x"}},
    "networks": {"n1": None, "n2": None},
    "volumes": {"data": None},
    "configs": {name: {"content": name} for name in "abc"},
    "secrets": {name: {"environment": name} for name in "abc"},
}


def model(services: dict[str, Any]) -> dict[str, Any]:
    return COMMON | {"name": "t", "services": COMMON["services"] | services}


def check(judges: list[Judge], files: list[dict[str, Any]], services: dict[str, Any]) -> None:
    """Compose shows of each service what Tegu has."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        for env in ("1.env", "2.env"):
            (folder / env).touch()
        for place, content in enumerate(files):
            (folder / f"{place}.yaml").write_text(yaml.safe_dump(content))
        for judge in judges:
            verdict = judge.config(folder, [f"{place}.yaml" for place in range(len(files))], {"COMPOSE_PROFILES": "*"})
            assert verdict.model is not None, (judge.version, verdict.error)
            for key, service in services.items():
                theirs = as_shown(verdict.model["services"][key], str(folder))
                ours = as_shown(service, str(folder))
                written = [content["services"].get(name) for content in files for name in (key, f"b{key[1:]}")]
                assert ours == theirs, (judge.version, written)


# A failure names the service at fault; making the batch smaller would ask Compose a thousand times.
SLOW = settings(
    max_examples=examples(5, 20),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
)


@SLOW
@given(BATCH)
def test_an_override_merges_as_in_compose(
    judges: list[Judge], batch: list[tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    base = model({f"s{place}": {"image": "x", **service} for place, (service, _) in enumerate(batch)})
    override = {"services": {f"s{place}": service for place, (_, service) in enumerate(batch)}}
    merged = merge.merge_models(merge.merge_models({}, base), override)
    ours = {f"s{place}": merge.normalise_service(merged["services"][f"s{place}"]) for place in range(len(batch))}
    check(judges, [base, override], ours)


@SLOW
@given(BATCH)
def test_a_service_extends_as_in_compose(
    judges: list[Judge], batch: list[tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    services: dict[str, Any] = {}
    extended: dict[str, Any] = {}
    for place, (base, service) in enumerate(batch):
        services[f"b{place}"] = {"image": "x", **base}
        services[f"s{place}"] = {**service, "extends": {"service": f"b{place}"}}
        extended[f"s{place}"] = merge.extend_service(services[f"b{place}"], services[f"s{place}"])
    merged = merge.merge_models({}, model(extended))
    ours = {name: merge.normalise_service(merged["services"][name]) for name in extended}
    check(judges, [model(services)], ours)
