from __future__ import annotations

import pytest

from workers.changes import definition, kinds
from workers.changes.definition import counted, counted_before, instances
from workers.changes.digest import canonical


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"extra_hosts": ["a=1.1.1.1", "b:::1"]}, {"extra_hosts": {"b": "[::1]", "a": "1.1.1.1"}}),
        ({"extra_hosts": ["a=1.1.1.1,2.2.2.2"]}, {"extra_hosts": {"a": ["2.2.2.2", "1.1.1.1"]}}),
        ({"ulimits": {"n": {"soft": "1", "hard": 2}}}, {"ulimits": {"n": {"hard": 2.0, "soft": 1}}}),
        ({"stop_grace_period": "+.5m"}, {"stop_grace_period": "30s"}),
        ({"gpus": "all"}, {"gpus": [{"count": -1}]}),
        ({"gpus": [{"driver": "n"}]}, {"gpus": [{"driver": "n", "count": "ALL"}]}),
        ({"gpus": [{"device_ids": ["0"]}]}, {"gpus": [{"device_ids": ["0"], "count": 0}]}),
        ({"provider": {"type": "p", "options": {"a": 1}}}, {"provider": {"type": "p", "options": {"a": ["1"]}}}),
        ({"healthcheck": {"test": "a"}}, {"healthcheck": {"test": ["CMD-SHELL", "a"]}}),
        ({"ports": ["80", "80"]}, {"ports": [{"target": 80}]}),
        ({"ulimits": {"n": "1"}}, {"ulimits": {"n": 1}}),
        (
            {"image": "x", "pre_start": [{"command": "a"}]},
            {"image": "x", "pre_start": [{"command": ["a"], "image": "x"}]},
        ),
        ({"deploy": {"replicas": 2}}, {"deploy": {"resources": {}}}),
        ({}, {"networks": {"default": None}}),
        ({"volumes": [{"target": "/a/./b/"}]}, {"volumes": [{"target": "/a/b"}]}),
    ],
)
def test_two_spellings_count_as_one(one: dict[str, object], other: dict[str, object]) -> None:
    assert counted(one, {}, {}) == counted(other, {}, {})
    assert counted_before(one, {}, {}) == counted_before(other, {}, {})


def test_earlier_releases_count_variables_and_labels_as_well() -> None:
    assert counted_before({}, {"A": "1"}, {}) != counted_before({}, {"A": "2"}, {})
    assert counted_before({}, {}, {"a": "1"}) != counted_before({}, {}, {"a": "2"})


def test_earlier_releases_count_what_a_service_follows_without_saying_so() -> None:
    def follows(*sources: str) -> object:
        return counted_before({"volumes_from": list(sources)}, {}, {})["depends_on"]  # type: ignore[index]

    assert list(follows("container:db", "data:ro:more")) == ["data"]  # type: ignore[call-overload]


def test_wide_ranges_of_ports_are_told_apart_without_comparing_each_with_each(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def told_apart(port: object) -> bytes:
        compared.append(port)
        return canonical(port)

    monkeypatch.setattr(definition, "canonical", told_apart)
    wide = {"ports": ["1-300:1-300/udp", *(f"{first}-300:{first}-300/udp" for first in range(2, 6))]}
    spread = counted(wide, {}, {})
    assert len(compared) == 300 + 299 + 298 + 297 + 296
    assert spread == counted({"ports": ["1-300:1-300/udp"]}, {}, {})
    assert spread != counted({"ports": ["2-300:2-300/udp"]}, {}, {})


def test_more_ports_than_there_can_be_count_as_they_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(definition, "MOST_PORTS", 10)
    many = {"ports": [f"1-6:1-6/{protocol}" for protocol in ("tcp", "udp")]}
    assert counted(many, {}, {})["ports"] == many["ports"]  # type: ignore[index]
    fewer = {"ports": [f"1-5:1-5/{protocol}" for protocol in ("tcp", "udp")]}
    assert len(counted(fewer, {}, {})["ports"]) == 10  # type: ignore[index]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"extra_hosts": {"a": "1.1.1.1,2.2.2.2"}}, {"extra_hosts": ["a=1.1.1.1,2.2.2.2"]}),
        ({"extra_hosts": {"a": ["1.1.1.1,2.2.2.2"]}}, {"extra_hosts": {"a": ["1.1.1.1", "2.2.2.2"]}}),
        ({"extra_hosts": {"a": "1.1.1.1"}}, {"extra_hosts": {"a": "2.2.2.2"}}),
        ({"ports": ["80"]}, {"ports": ["81"]}),
        ({"ports": ["what?"]}, {"ports": ["what else?"]}),
        ({"network_mode": ""}, {}),
        ({"provider": {"type": "p"}}, {"provider": {"type": "p"}, "networks": {"default": None}}),
        ({"gpus": [{"count": 1}]}, {"gpus": [{"count": 2}]}),
        ({"ulimits": {"n": 1}}, {"ulimits": {"n": 2}}),
        ({"ulimits": {"n": {"soft": 1, "hard": 2}}}, {"ulimits": {"n": {"soft": 2, "hard": 2}}}),
    ],
)
def test_two_spellings_that_look_alike_count_as_two(one: dict[str, object], other: dict[str, object]) -> None:
    assert counted(one, {}, {}) != counted(other, {}, {})
    assert counted_before(one, {}, {}) != counted_before(other, {}, {})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ports", "80"), ("ports", ["what?"]), ("extra_hosts", "a"), ("gpus", 1), ("gpus", ["a"]),
        ("gpus", [{"device_ids": ["0"]}]),
        ("volumes", "a"), ("volumes", [{"target": 1}]), ("secrets", [{"source": "s", "mode": 0}]), ("pre_start", ["a"]),
        ("networks", {"default": {}}), ("command", []), ("unknown", {"a": 1}), ("environment", {}),
    ],
)  # fmt: skip
def test_what_is_written_counts(field: str, value: object) -> None:
    changed = counted({"image": "x", field: value}, {}, {}) != counted({"image": "x"}, {}, {})
    assert changed is (field != "environment")


@pytest.mark.parametrize(
    "service",
    [
        {"depends_on": {"db": {"condition": "service_started"}}},
        {"profiles": ["p"]},
        {"volumes": [{"type": "bind", "source": "/a", "target": "/a", "bind": {"create_host_path": True}}]},
    ],
)
def test_older_releases_count_more(service: dict[str, object]) -> None:
    bare = {"volumes": [{"type": "bind", "source": "/a", "target": "/a", "bind": {}}]} if "volumes" in service else {}
    assert counted(service, {}, {}) == counted(bare, {}, {})
    assert counted_before(service, {}, {}) != counted_before(bare, {}, {})


def test_a_host_path_that_is_not_to_be_made_counts_in_later_releases() -> None:
    bind: dict[str, object] = {"type": "bind", "source": "/a", "target": "/a"}
    refused = counted({"volumes": [bind | {"bind": {"create_host_path": False}}]}, {}, {})
    assert refused != counted({"volumes": [bind | {"bind": {}}]}, {}, {})


@pytest.mark.parametrize(
    ("service", "depends"),
    [
        ({"links": ["db"]}, {"db": {"condition": "service_started", "restart": True, "required": True}}),
        ({"links": ["db:database"]}, {"db": {"condition": "service_started", "restart": True, "required": True}}),
        ({"ipc": "service:db"}, {"db": {"condition": "service_started", "restart": True, "required": True}}),
        ({"volumes_from": ["db:ro", "container:x"]}, {"db": {"condition": "service_started", "required": True}}),
    ],
)
def test_older_releases_count_what_is_depended_on_without_saying_so(
    service: dict[str, object], depends: dict[str, object]
) -> None:
    assert counted_before(service, {}, {}) == counted_before(service | {"depends_on": depends}, {}, {})
    weaker: dict[str, object] = {"db": {"condition": "service_healthy", "required": True}}
    assert counted_before(service, {}, {}) != counted_before(service | {"depends_on": weaker}, {}, {})


def test_variables_and_labels_count_as_they_were_resolved() -> None:
    service = {"environment": {"A": "${X}"}, "labels": {"L": "1"}, "env_file": ["a"], "label_file": ["b"]}
    for count in (counted, counted_before):
        assert count(service, {"A": "1"}, {"L": "1"}) == count({}, {"A": "1"}, {"L": "1"})
    assert counted({}, {"A": None}, {}) != counted({}, {}, {})


@pytest.mark.parametrize(
    ("service", "number"),
    [
        ({}, 1), ({"scale": "2"}, 2), ({"scale": 0}, 0), ({"deploy": None}, 1), ({"deploy": {"labels": {}}}, 1),
        ({"deploy": {"replicas": "3"}}, 3), ({"scale": 2, "deploy": {"replicas": 3}}, 2),
    ],
)  # fmt: skip
def test_up_keeps_as_many_containers_as_are_asked_for(service: dict[str, object], number: int) -> None:
    assert instances(service) == number


def test_mounts_are_read_by_what_compose_knows_of_them() -> None:
    written: list[dict[str, object]] = [
        {"type": "bind", "source": "s", "target": "/a/", "read_only": "true", "bind": {"create_host_path": "no"}},
        {"type": "volume", "volume": {"nocopy": "yes", "labels": ["a=1"]}, "read_only": "false"},
        {"type": "tmpfs", "tmpfs": {"size": "1k", "mode": "7"}},
        {"type": "image", "image": {"subpath": 1}},
    ]
    read: list[object] = [
        {"type": "bind", "source": "s", "target": "/a", "read_only": True, "bind": [{}]},
        {"type": "volume", "volume": [{"nocopy": True, "labels": {"a": "1"}}]},
        {"type": "tmpfs", "tmpfs": [{"size": 1024, "mode": 7}]},
        {"type": "image", "image": [{"subpath": "1"}]},
    ]
    assert definition._mounts(kinds.flag)(written) == read
    opted_out = definition._mounts(definition._opted_out)(written)
    assert opted_out == [
        {**written[0], "target": "/a", "read_only": True, "bind": [{"create_host_path": True}]},
        *read[1:],
    ]


def test_what_is_granted_has_a_mode_and_a_secret_a_place() -> None:
    written: list[dict[str, object]] = [{"source": 1, "uid": 2, "gid": 3, "mode": "440"}, {"source": "s", "target": 4}]
    config: list[dict[str, object]] = [
        {"source": "1", "uid": "2", "gid": "3", "mode": [440]},
        {"source": "s", "target": "4"},
    ]
    assert definition._granted(kinds.whole, secret=False)(written) == config
    secret = [{**config[0], "target": "/run/secrets/1", "mode": [0o440]}, config[1]]
    assert definition._granted(kinds.octal, secret=True)(written) == secret
