from __future__ import annotations

from typing import Any

import pytest

from workers.changes.short_forms import clean, long_resource, long_service, long_volume
from workers.model.errors import InvalidStack

HOST = {"create_host_path": True}


@pytest.mark.parametrize(
    ("text", "volume"),
    [
        ("/a", {"type": "volume", "target": "/a"}),
        ("ab", {"type": "volume", "target": "ab"}),
        ("/ab", {"type": "volume", "target": "/ab", "volume": {}}),
        ("data:/a", {"type": "volume", "source": "data", "target": "/a", "volume": {}}),
        ("data:/a:ro,nocopy", {
            "type": "volume", "source": "data", "target": "/a", "read_only": True, "volume": {"nocopy": True},
        }),
        ("./x:/a/../b/", {"type": "bind", "source": "./x", "target": "/b", "bind": HOST}),
        ("/x:/a:rw,z", {
            "type": "bind", "source": "/x", "target": "/a", "read_only": False, "bind": {**HOST, "selinux": "z"},
        }),
        ("~/x:/a:rshared,bogus", {
            "type": "bind", "source": "~/x", "target": "/a", "bind": {**HOST, "propagation": "rshared"},
        }),
        ("data:/a:Z", {
            "type": "volume", "source": "data", "target": "/a", "bind": {"selinux": "Z"}, "volume": {},
        }),
        ("\\\\.\\pipe\\x:/a", {"type": "bind", "source": "\\\\.\\pipe\\x", "target": "/a", "bind": HOST}),
        ("c:\\x:/a", {"type": "bind", "source": "c:\\x", "target": "/a", "bind": HOST}),
        ("c:/x", {"type": "volume", "target": "c:/x", "volume": {}}),
        ("c:/x:d:/y:ro", {"type": "bind", "source": "c:/x", "target": "d:/y", "read_only": True, "bind": HOST}),
        ("/x:a", {"type": "bind", "source": "/x", "target": "a", "bind": HOST}),
    ],
)  # fmt: skip
def test_a_short_volume_becomes_a_long_one(text: str, volume: object) -> None:
    assert long_volume(text) == volume


@pytest.mark.parametrize("text", ["", ":::", "data::ro", ":/a/b", "data:/a:", "a1:b1:c1:d1"])
def test_a_volume_with_a_part_missing_or_too_many_is_refused(text: str) -> None:
    with pytest.raises(InvalidStack):
        long_volume(text)


@pytest.mark.parametrize(
    ("path", "cleaned"),
    [
        ("", "."), ("/", "/"), ("//a//b/", "/a/b"), ("/a/./b/..", "/a"), ("/../a", "/a"), ("a/../..", ".."),
        ("../a", "../a"), ("../../a", "../../a"), ("a/..", "."),
    ],
)  # fmt: skip
def test_a_container_path_is_cleaned_as_go_does(path: str, cleaned: str) -> None:
    assert clean(path) == cleaned


@pytest.mark.parametrize(
    ("key", "short", "long"),
    [
        ("build", ".", {"context": "."}),
        ("build", {"context": "x"}, {"context": "x"}),
        ("build", {"secrets": ["a", {"source": "b"}]}, {"secrets": [{"source": "a"}, {"source": "b"}]}),
        ("build", {"additional_contexts": ["a=b=c"]}, {"additional_contexts": {"a": "b=c"}}),
        ("build", {"additional_contexts": {"a": "b"}}, {"additional_contexts": {"a": "b"}}),
        ("build", {"additional_contexts": ["a"]}, {"additional_contexts": ["a"]}),
        ("build", {"ssh": ["default", "id=path"]}, {"ssh": {"default": None, "id": "path"}}),
        ("build", {"ssh": {"id": "path"}}, {"ssh": {"id": "path"}}),
        ("build", {"ssh": [5]}, {"ssh": [5]}),
        ("build", 5, 5),
        ("configs", ["a", {"source": "b"}], [{"source": "a"}, {"source": "b"}]),
        ("secrets", "a", "a"),
        ("depends_on", ["a"], {"a": {"condition": "service_started", "required": True}}),
        ("depends_on", {"a": {"restart": True}}, {
            "a": {"condition": "service_started", "required": True, "restart": True},
        }),
        ("depends_on", {"a": None}, {"a": None}),
        ("depends_on", [5], [5]),
        ("depends_on", "a", "a"),
        ("devices", ["/a"], [{"source": "/a", "target": "/a", "permissions": "rwm"}]),
        ("devices", ["/a:/b"], [{"source": "/a", "target": "/b", "permissions": "rwm"}]),
        ("devices", ["/a:/b:r"], [{"source": "/a", "target": "/b", "permissions": "r"}]),
        ("dns", "1.1.1.1", ["1.1.1.1"]),
        ("dns", ["1.1.1.1"], ["1.1.1.1"]),
        ("env_file", "a", [{"path": "a", "required": True}]),
        ("env_file", {"path": "a"}, [{"path": "a", "required": True}]),
        ("env_file", ["a", {"path": "b", "required": False}, 5], [
            {"path": "a", "required": True}, {"path": "b", "required": False}, 5,
        ]),
        ("env_file", 5, 5),
        ("extends", "a", {"service": "a"}),
        ("extends", {"service": "a"}, {"service": "a"}),
        ("label_file", "a", ["a"]),
        ("networks", ["a"], {"a": None}),
        ("networks", {"a": {}}, {"a": {}}),
        ("networks", [5], [5]),
        ("volumes", ["/ab", {"type": "bind"}], [{"type": "volume", "target": "/ab", "volume": {}}, {"type": "bind"}]),
        ("volumes", {"a": 1}, {"a": 1}),
        ("volumes", None, None),
        ("command", "a", "a"),
    ],
)  # fmt: skip
def test_a_short_form_becomes_a_long_one_and_anything_else_stays(key: str, short: object, long: object) -> None:
    assert long_service({key: short}) == {key: long}


@pytest.mark.parametrize(
    ("resource", "long"),
    [
        (None, None),
        ({"external": True}, {"external": True}),
        ({"external": {"name": "x"}}, {"external": True, "name": "x"}),
        ({"external": {"name": "x"}, "name": "y"}, {"external": True, "name": "y"}),
        ({"external": {}}, {"external": True}),
        ({"file": "x"}, {"file": "x"}),
    ],
)
def test_the_old_form_of_external_becomes_the_new_one(resource: Any, long: object) -> None:
    assert long_resource(resource) == long
