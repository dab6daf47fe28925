"""Volumes as a model defines them, compared with what the engine has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.changes.worlds import make_stack
from workers.adapters.docker.container import Container
from workers.deploy.files.layout import Folders
from workers.deploy.transaction.volumes import Volume, defined, outsiders, owner_of

FOLDERS = Folders.of(Path("/data"), make_stack())
NFS = {"type": "nfs", "o": "addr=10.0.0.1,rw", "device": ":/export"}
MADE = Volume(
    "p_v",
    "local",
    NFS,
    {"a": "b", "com.docker.compose.project": "p", "com.docker.compose.volume": "v", "com.docker.compose.version": "5"},
)


def of(definition: dict[str, Any] | None) -> Volume | None:
    return defined({"volumes": {"v": definition}}, "v", "p", FOLDERS)


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        (None, Volume("p_v", "local", {}, {})),
        ({"name": "other"}, Volume("other", "local", {}, {})),
        ({"driver": "x", "driver_opts": {"a": 1}, "labels": {"a": "b"}}, Volume("p_v", "x", {"a": "1"}, {"a": "b"})),
        ({"external": True, "name": "other"}, None),
    ],
)
def test_a_definition_becomes_what_the_engine_is_asked_for(
    definition: dict[str, Any] | None, expected: Volume | None
) -> None:
    assert of(definition) == expected


def test_what_no_service_uses_is_not_in_the_model() -> None:
    assert defined({}, "v", "p", FOLDERS) is None


def test_a_folder_of_the_stack_is_the_live_one_though_the_model_was_staged() -> None:
    options = {"type": "none", "o": "bind"}
    staged, live = (of({"driver_opts": {**options, "device": f"{root}/a/d"}}) for root in (FOLDERS.stage, FOLDERS.live))
    assert staged == live
    assert live is not None
    assert live.options["device"] == f"{FOLDERS.live}/a/d"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Volume("p_v", "local", NFS, {"a": "b"}), True),
        (Volume("p_v", "local", NFS, {}), False),
        (Volume("p_v", "local", NFS, {"a": "c"}), False),
        (Volume("p_v", "local", {**NFS, "o": "addr=10.0.0.2,rw"}, {"a": "b"}), False),
        (Volume("p_v", "x", NFS, {"a": "b"}), False),
    ],
)
def test_compose_s_own_labels_are_no_part_of_a_definition(wanted: Volume, expected: bool) -> None:
    assert MADE.is_as(wanted) is expected


def test_a_label_tells_whom_it_was_made_for() -> None:
    assert owner_of(MADE) == "p"
    assert owner_of(replace(MADE, labels={})) == ""


def test_whoever_up_would_not_bring_back_is_a_stranger() -> None:
    def container(name: str, project: str, **labels: str) -> Container:
        return Container(name, name, project, "web", "running", "i", "i", 0, labels)

    own = container("own", "p")
    run = container("run", "p", **{"com.docker.compose.oneoff": "True"})
    other, by_hand = container("other", "q"), container("by-hand", "")
    assert outsiders((own, run, other, by_hand), {"p", "former"}) == [run, other, by_hand]
