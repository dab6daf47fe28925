"""What is read from the model that Compose resolved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workers.deploy.containers import compose_model as model

RESOLVED = {
    "services": {
        "web": {
            "image": "web:1",
            "depends_on": {"db": {"condition": "service_started"}},
            "networks": {"front": None},
            "volumes": [{"type": "bind", "source": "/l/conf", "target": "/c"}, {"type": "volume", "source": "v"}],
        },
        "db": {"build": {"context": "/l/db"}, "networks": {"default": None}, "scale": 2},
        "side": {"image": "side", "network_mode": "service:web", "deploy": {"replicas": 0}},
    },
    "configs": {"c": {"file": "/l/c.ini"}, "inline": {"content": "x"}},
    "secrets": {"s": {"file": "/etc/s"}},
}


def test_images_are_named_as_compose_names_them() -> None:
    assert model.images(RESOLVED, "p") == {"web": "web:1", "db": "p-db", "side": "side"}
    assert model.built(RESOLVED) == {"db"}


FURTHER = {
    "services": {
        "web": {
            "image": "web:1",
            "pre_start": [
                {"image": "web:1"},
                {
                    "image": "tool:1",
                    "volumes": [{"type": "bind", "source": "/l/init"}, {"type": "image", "source": "c"}],
                },
                {"command": ["true"]},
            ],
            "volumes": [{"type": "image", "source": "data:1"}, {"type": "volume", "source": "v"}],
        },
        "made": {"build": {"context": ".", "tags": ["tool:1"]}, "pre_start": [{"image": "p-made"}]},
        "odd": {"provider": {"type": "cloud"}, "pre_start": [{"image": "unused"}]},
    },
}


def test_hooks_and_volumes_have_images_of_their_own() -> None:
    assert model.further_images(FURTHER, "p") == {"web": {"tool:1", "c", "data:1"}, "made": set()}
    assert model.all_images(FURTHER, "p") == {"web:1", "tool:1", "c", "data:1", "p-made"}
    assert model.built_names(FURTHER, "p") == {"made": {"p-made", "tool:1"}}


def test_what_a_hook_mounts_is_mounted() -> None:
    assert model.sources(FURTHER) == {Path("/l/init")}


def test_what_a_provider_brings_about_has_neither_image_nor_container_nor_network() -> None:
    provided: dict[str, Any] = {"provider": {"type": "cloud"}, "scale": 2}
    resolved = {"services": {"db": provided, "odd": {**provided, "build": {"context": "."}}}}
    assert model.images(resolved, "p") == {}
    assert model.built(resolved) == set()
    assert model.replicas(provided) == 0
    assert model.connected(resolved, ["default"]) == set()


def test_dependencies_follow_depends_on_and_shared_namespaces() -> None:
    needs = model.dependencies(RESOLVED)
    assert needs == {"web": {"db"}, "db": set(), "side": {"web"}}
    assert model.with_dependencies(["side"], needs) == {"side", "web", "db"}


def test_services_are_connected_to_the_networks_they_name() -> None:
    assert model.connected(RESOLVED, ["front"]) == {"web"}
    assert model.connected(RESOLVED, ["default"]) == {"db"}


def test_every_mounted_host_path_is_a_source() -> None:
    found = model.sources(RESOLVED)
    assert found == {Path("/l/conf"), Path("/l/c.ini"), Path("/etc/s")}
    assert model.below(found, Path("/l")) == {"conf", "c.ini"}


def test_replicas_come_from_scale_or_deploy() -> None:
    counts = {name: model.replicas(service) for name, service in model.services(RESOLVED).items()}
    assert counts == {"web": 1, "db": 2, "side": 0}


def test_what_a_volume_binds_is_a_source_too() -> None:
    bound = {"driver": "local", "driver_opts": {"type": "none", "o": "bind", "device": "/l/data"}}
    share = {"driver_opts": {"type": "nfs", "o": "addr=10.0.0.1", "device": ":/export"}}
    assert model.sources({"volumes": {"a": bound, "b": share, "c": None, "d": {"external": True}}}) == {Path("/l/data")}


def test_services_mount_the_volumes_they_name_and_those_they_are_lent() -> None:
    resolved = {
        "services": {
            "web": {"volumes": [{"type": "volume", "source": "v"}, {"type": "bind", "source": "w"}]},
            "guest": {"volumes_from": ["web:ro"]},
            "guests-guest": {"volumes_from": ["guest", "container:other"]},
            "other": {"volumes": [{"type": "volume", "source": "w"}, {"type": "volume"}]},
        }
    }
    assert model.mounting(resolved, ["v"]) == {"web", "guest", "guests-guest"}
    assert model.mounting(resolved, ["w"]) == {"other"}
    assert model.mounting(resolved, []) == set()
