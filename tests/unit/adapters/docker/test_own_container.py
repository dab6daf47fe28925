"""Which container a process runs in."""

from __future__ import annotations

from pathlib import Path

from workers.adapters.docker.own_container import own_container_id

OWN = "5f" * 32


def test_a_process_knows_the_container_it_runs_in(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "1 2 0:3 / / rw - overlay overlay rw\n"
        f"4 5 8:1 /var/lib/docker/containers/{OWN}/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n"
    )
    assert own_container_id(mounts) == OWN


def test_a_process_outside_of_containers_knows_that_too(tmp_path: Path) -> None:
    (tmp_path / "mountinfo").write_text("22 27 0:21 / /proc rw,relatime - proc proc rw\n")
    assert own_container_id(tmp_path / "mountinfo") is None
    assert own_container_id(tmp_path / "none") is None
