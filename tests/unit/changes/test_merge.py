from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.changes import merge
from workers.model.errors import InvalidStack

STARTED = {"condition": "service_started", "required": True}
MERGED: list[tuple[str, object, object, object]] = [
    ("image", "a", "b", "b"),
    ("image", "a", None, "a"),
    ("image", None, "b", "b"),
    ("image", "a", ["b"], ["b"]),
    ("command", ["a"], ["b"], ["b"]),
    ("command", ["a"], None, None),
    ("entrypoint", ["a"], "b", "b"),
    ("healthcheck", {"test": ["CMD", "a"], "retries": 1}, {"test": "b"}, {"test": "b", "retries": 1}),
    ("environment", {"A": 1, "B": None}, ["A=2", "C"], ["A=2", "B", "C"]),
    ("environment", ["A=1", "B=1"], {"B": True, "C": 1.5}, ["A=1", "B=true", "C=1.5"]),
    ("environment", {"A": 1}, None, ["A=1"]),
    ("environment", {"A": ["x", "y"]}, None, ["A=y"]),
    ("labels", {"a": 1}, {"a": 2}, ["a=2"]),
    ("annotations", {"a": 1}, {"b": 2}, ["a=1", "b=2"]),
    ("sysctls", {"a": 1}, ["a=2"], ["a=2"]),
    ("build", ".", {"target": "x"}, {"context": ".", "target": "x"}),
    ("build", {"context": "a", "args": {"A": 1}}, {"args": ["B=2"]}, {"context": "a", "args": ["A=1", "B=2"]}),
    ("build", {"additional_contexts": {"a": "x"}}, {"additional_contexts": ["b=y"]}, {
        "additional_contexts": {"a": "x", "b": "y"},
    }),
    ("build", {"labels": ["a=1"], "tags": ["x"]}, {"labels": {"a": 2}, "tags": ["y", "x"]}, {
        "labels": ["a=2"], "tags": ["x", "y"],
    }),
    ("build", {"extra_hosts": ["h=1"]}, {"extra_hosts": ["h=1", "i=2"]}, {"extra_hosts": ["h=1", "i=2"]}),
    ("build", {"context": "a"}, 5, {"context": "a"}),
    ("deploy", {"labels": {"a": 1}, "replicas": 1}, {"labels": ["a=2"]}, {"labels": ["a=2"], "replicas": 1}),
    ("depends_on", ["a"], {"b": {"restart": True}}, {"a": STARTED, "b": {**STARTED, "restart": True}}),
    ("depends_on", {"a": {"condition": "x"}}, ["a"], {"a": STARTED}),
    ("depends_on", ["a"], None, {"a": STARTED}),
    ("networks", ["a"], {"b": {"aliases": ["x"]}}, {"a": None, "b": {"aliases": ["x"]}}),
    ("networks", {"a": {"aliases": ["x"]}}, {"a": {"aliases": ["y", "x"]}}, {"a": {"aliases": ["x", "y"]}}),
    ("dns", "1", ["2", "1"], ["1", "2"]),
    ("dns_search", ["a"], "b", ["a", "b"]),
    ("tmpfs", "/a", "/b", ["/a", "/b"]),
    ("cap_add", ["A"], ["B", "A"], ["A", "B"]),
    ("env_file", "a", [{"path": "a", "required": False}, "b"], [
        {"path": "a", "required": False}, {"path": "b", "required": True},
    ]),
    ("label_file", "a", "b", ["a", "b"]),
    ("extra_hosts", ["h=1"], {"h": "1", "i": "2"}, ["h=1", "i=2"]),
    ("expose", [80], ["80", 81], ["80", 81]),
    ("ports", ["80:80"], ["80:80", "81:81"], ["80:80", "81:81"]),
    ("ports", [{"target": 80, "published": 1}, 81], [{"target": 80, "published": 1, "mode": "host"}], [
        {"target": 80, "published": 1, "mode": "host"}, 81,
    ]),
    ("configs", ["a", {"source": "b", "target": "/x"}], [{"source": "c", "target": "/x"}, {"source": "a"}], [
        {"source": "a"}, {"source": "c", "target": "/x"},
    ]),
    ("secrets", ["a"], [{"source": "b", "target": "/run/secrets/a"}], [{"source": "b", "target": "/run/secrets/a"}]),
    ("devices", ["/a:/x", "/b"], ["/c:/x", {"source": "/d", "target": "/b"}], [
        {"source": "/c", "target": "/x", "permissions": "rwm"}, {"source": "/d", "target": "/b"},
    ]),
    ("volumes", ["data:/a", "/b"], ["./x:/a", "/c"], [
        {"type": "bind", "source": "./x", "target": "/a", "bind": {"create_host_path": True}},
        {"type": "volume", "target": "/b"}, {"type": "volume", "target": "/c"},
    ]),
    ("logging", {"driver": "a", "options": {"x": 1}}, {"options": {"y": 2}}, {
        "driver": "a", "options": {"x": 1, "y": 2},
    }),
    ("logging", {"driver": "a", "options": {"x": 1}}, {"driver": "b"}, {"driver": "b"}),
    ("logging", {"driver": "a", "options": {"x": 1}}, {"driver": "a"}, {"driver": "a", "options": {"x": 1}}),
    ("logging", {"options": {"x": 1}}, {"driver": "a"}, {"driver": "a", "options": {"x": 1}}),
    ("logging", {"driver": "a"}, None, {"driver": "a"}),
    ("logging", None, {"driver": "a"}, {"driver": "a"}),
    ("ulimits", {"a": {"soft": 1, "hard": 2}, "b": 1}, {"a": {"soft": 3}}, {"a": {"soft": 3}, "b": 1}),
    ("x-note", {"a": 1}, {"b": 2}, {"b": 2}),
    ("security_opt", ["a"], ["a"], ["a", "a"]),
]  # fmt: skip


@pytest.mark.parametrize(("key", "base", "override", "outcome"), MERGED)
def test_an_attribute_merges_by_its_own_rule(key: str, base: object, override: object, outcome: object) -> None:
    before = copy.deepcopy((base, override))
    main, other = {"services": {"a": {key: base}}}, {"services": {"a": {key: override}}}
    merged = merge.merge_models(merge.merge_models({}, main), other)
    assert merged["services"]["a"] == {key: outcome}
    assert before == (base, override)


@pytest.mark.parametrize(
    ("base", "override", "merged"),
    [
        ({}, {"services": {"a": {"build": "."}}}, {"services": {"a": {"build": {"context": "."}}}}),
        ({"services": {"a": {"image": "x"}}}, {"services": None}, {"services": {"a": {"image": "x"}}}),
        ({"services": {"a": None}}, {"services": {"a": {"image": "x"}}}, {"services": {"a": {"image": "x"}}}),
        (
            {"services": {"a": {"image": "x"}}},
            {"services": {"b": None}},
            {"services": {"a": {"image": "x"}, "b": None}},
        ),
        (
            {"services": {"x-a": {"image": "x", "dns": ["1"]}}},
            {"services": {"x-a": {"image": "y"}}},
            {"services": {"x-a": {"image": "y"}}},
        ),
        ({"name": "a"}, {"name": "b", "services": 5}, {"name": "b", "services": 5}),
        (
            {"networks": {"n": {"labels": {"a": 1}, "ipam": {"config": [{"subnet": "1"}, {"subnet": "2"}]}}}},
            {"networks": {"n": {"labels": ["a=2"], "ipam": {"config": [{"subnet": "2", "gateway": "3"}, "4"]}}}},
            {
                "networks": {
                    "n": {
                        "labels": ["a=2"],
                        "ipam": {"config": [{"subnet": "1"}, {"subnet": "2", "gateway": "3"}, "4"]},
                    }
                }
            },
        ),
        (
            {"volumes": {"v": {"labels": ["a=1"]}, "w": {"external": {"name": "q"}}}},
            {"volumes": {"v": {"labels": {"b": 2}}}},
            {"volumes": {"v": {"labels": ["a=1", "b=2"]}, "w": {"external": True, "name": "q"}}},
        ),
        ({"secrets": {"s": {"file": "a"}}}, {"secrets": {"s": {"file": "b"}}}, {"secrets": {"s": {"file": "b"}}}),
        ({"include": ["a"]}, {"include": ["b"]}, {"include": ["a", "b"]}),
    ],
)
def test_models_merge_by_name(base: dict[str, Any], override: dict[str, Any], merged: object) -> None:
    assert merge.merge_models(base, override) == merged


@pytest.mark.parametrize(
    ("resets", "override", "left"),
    [
        ([("services", "a", "environment")], {}, {"image": "x", "build": {"context": ".", "args": {"A": 1, "B": 2}}}),
        ([("services", "a", "build", "args", "A")], {}, {
            "image": "x", "environment": {"A": 1}, "build": {"context": ".", "args": {"B": 2}},
        }),
        ([("services", "a", "build"), ("services", "a", "image"), ("services", "b"), ("x", 0, "y"), ()],
            {"services": {"a": {"build": "b"}}}, {"environment": {"A": 1}, "build": {"context": "b"}}),
        ([("services", "a", "environment"), ("services", "a", "environment", "A")],
            {"services": {"a": {"environment": {"B": 2}}}}, {
            "image": "x", "environment": {"B": 2}, "build": {"context": ".", "args": {"A": 1, "B": 2}},
        }),
        ([("services", "a", "image", "deeper")], {}, {
            "image": "x", "environment": {"A": 1}, "build": {"context": ".", "args": {"A": 1, "B": 2}},
        }),
    ],
)  # fmt: skip
def test_a_reset_takes_away_what_the_files_before_said(resets: Any, override: dict[str, Any], left: object) -> None:
    service = {"image": "x", "environment": {"A": 1}, "build": {"context": ".", "args": {"A": 1, "B": 2}}}
    assert merge.merge_models({"services": {"a": service}}, override, resets) == {"services": {"a": left}}


def test_resets_are_found_below_a_service() -> None:
    resets = [
        ("services", "a", "image"),
        ("services", "a"),
        ("services", "b", "image"),
        ("x",),
        ("services", "a", "b", "c"),
    ]
    assert merge.below(resets, "services", "a") == (("image",), ("b", "c"))


def test_a_service_extends_another_without_losing_its_forms() -> None:
    base = {"image": "x", "environment": {"A": 1}, "depends_on": ["db"], "volumes": ["a:/a"], "command": "b"}
    service = {"extends": {"service": "base"}, "environment": ["B=2"], "volumes": ["c:/a"]}
    assert merge.extend_service(base, service, [("command",)]) == {
        "image": "x",
        "environment": ["A=1", "B=2"],
        "depends_on": ["db"],
        "volumes": ["a:/a", "c:/a"],
    }


@pytest.mark.parametrize(
    ("key", "value", "normal"),
    [
        ("environment", ["A=1", "B", "A=2", "C="], {"A": "2", "B": None, "C": ""}),
        ("environment", {"A": True, "B": None, "C": 1e6, "D": 0}, {"A": "true", "B": None, "C": "1e+06", "D": "0"}),
        ("environment", 5, 5),
        ("labels", ["a"], {"a": None}),
        ("annotations", {"a": 1}, {"a": "1"}),
        ("sysctls", ["a=1"], {"a": "1"}),
        ("build", {"args": ["A=1", "B"], "labels": {"a": 1}}, {"args": {"A": "1", "B": None}, "labels": {"a": "1"}}),
        ("build", ".", {"context": "."}),
        ("deploy", {"labels": ["a=1"], "replicas": 2}, {"labels": {"a": "1"}, "replicas": 2}),
        ("deploy", None, None),
        ("ports", ["80:80"], ["80:80"]),
    ],
)
def test_a_normal_service_has_one_form_of_everything(key: str, value: object, normal: object) -> None:
    service = {key: value}
    assert merge.normalise_service(service) == {key: normal}
    assert merge.normalise_service(merge.normalise_service(service)) == {key: normal}
    assert service == {key: value}


@pytest.mark.parametrize(
    ("key", "base", "override"),
    [
        ("ulimits", {"a": 1}, ["b"]),
        ("cap_add", ["a"], {"b": 1}),
        ("cap_add", ["a"], "b"),
        ("healthcheck", {"retries": 1}, "x"),
    ],
)
def test_what_does_not_fit_is_refused(key: str, base: object, override: object) -> None:
    with pytest.raises(InvalidStack, match="cannot be put over"):
        merge.merge_models({"services": {"a": {key: base}}}, {"services": {"a": {key: override}}})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("volumes", [{"type": "bind"}]),
        ("volumes", [5]),
        ("environment", [5]),
        ("devices", [None]),
        ("configs", [{"file": "x"}]),
        ("env_file", [{"required": True}]),
        ("ports", [{"published": 80}]),
        ("cap_add", [{"a": 1}]),
        ("profiles", [["a"]]),
    ],
)
def test_an_entry_that_compose_would_not_take_is_refused(key: str, value: object) -> None:
    with pytest.raises(InvalidStack, match="is not what Compose takes there"):
        merge.merge_models({}, {"services": {"a": {key: value}}})


@pytest.mark.parametrize(
    ("service", "message"),
    [
        ({"volumes": ["a:/b", "EXAMPLESECRET:/a:ro:x"]}, "services.a.volumes.1: there are too many colons"),
        ({"volumes": ["EXAMPLESECRET::ro"]}, "services.a.volumes.0: there is nothing between two colons"),
        (
            {"environment": ["A=1", {"EXAMPLESECRET": 1}]},
            "services.a.environment.1: this is not what Compose takes there",
        ),
        ({"ports": [{"published": "EXAMPLESECRET"}]}, "services.a.ports.0: this is not what Compose takes there"),
        ({"ulimits": ["EXAMPLESECRET"]}, "services.*.ulimits: what is no mapping cannot be put over one"),
    ],
)
def test_what_is_wrong_is_told_by_its_place_and_not_by_its_value(service: dict[str, object], message: str) -> None:
    """Variables have been put in by then, and their values may be secrets."""
    with pytest.raises(InvalidStack) as caught:
        merge.merge_models({"services": {"a": {"ulimits": {}}}}, {"services": {"a": service}})
    assert caught.value.message == message


def test_targets_are_told_apart_as_they_are_written_and_then_as_they_are_meant() -> None:
    service = {"volumes": ["data:/a", "old:/b/../a", {"type": "volume", "source": "new", "target": "/a"}]}
    old = {"type": "volume", "source": "old", "target": "/a", "volume": {}}
    assert merge.normalise_service(service)["volumes"] == [old]


KEYS = st.sampled_from([case[0] for case in MERGED])
ANYTHING = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(0, 3), st.sampled_from(["a", "b=1", "./x:/y", ".", "target", "::"])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["a", "context", "target", "source", "path", "labels", "args"]), inner, max_size=3
        ),
    ),
    max_leaves=8,
)
MODELS = st.dictionaries(
    st.sampled_from(merge.SECTIONS),
    st.one_of(ANYTHING, st.dictionaries(st.sampled_from("ab"), st.one_of(ANYTHING, st.dictionaries(KEYS, ANYTHING)))),
)


@given(MODELS, MODELS)
def test_nothing_makes_merging_fail_otherwise_and_nothing_is_changed(
    base: dict[str, Any], other: dict[str, Any]
) -> None:
    before = copy.deepcopy((base, other))
    try:
        merged = merge.merge_models(merge.merge_models({}, base), other)
        services = merged.get("services")
        for service in services.values() if isinstance(services, dict) else ():
            if isinstance(service, dict):
                merge.normalise_service(service)
    except InvalidStack:
        pass
    assert before == (base, other)
