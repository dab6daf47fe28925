"""Units as systemd reads them."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from workers.commands.units import Service, environment_text, is_unchanged, unit_text

SERVICE = Service(
    description="Tegu at 100%",
    argv=("/bin/true", "worker-nas@%h", "a b", "$HOME"),
    variables={"TEGU_CATALOG": '/srv/my "stacks"/tegu.yaml'},
    env_file=Path("/etc/tegu/tegu.env"),
    writable=(Path("/var/lib/my tegu"),),
    stop=timedelta(minutes=10),
    is_system=True,
)


def test_what_systemd_would_expand_stands_for_itself() -> None:
    text = unit_text(SERVICE)
    assert 'ExecStart=/bin/true worker-nas@%%h "a b" $$HOME\n' in text
    assert 'Environment="TEGU_CATALOG=/srv/my \\"stacks\\"/tegu.yaml"\n' in text
    assert "Description=Tegu at 100%%\n" in text
    assert 'ReadWritePaths="-/var/lib/my tegu"\n' in text
    assert "TimeoutStopSec=600\n" in text


def test_a_users_manager_is_asked_for_nothing_that_only_roots_can_do() -> None:
    text = unit_text(replace(SERVICE, is_system=False))
    assert "WantedBy=default.target" in text
    assert not {"ProtectSystem", "CapabilityBoundingSet", "docker.service"} & {*text.replace("=", " ").split()}
    assert "NoNewPrivileges=yes" in text


def test_a_change_by_hand_is_seen() -> None:
    text = unit_text(SERVICE)
    assert is_unchanged(text)
    assert not is_unchanged(text.replace("RestartSec=5", "RestartSec=50"))
    assert not is_unchanged("[Service]\nExecStart=/bin/true\n")


@pytest.mark.parametrize("is_system", [True, False])
def test_systemd_finds_nothing_wrong_with_them(tmp_path: Path, is_system: bool) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("there is no systemd here")
    unit = tmp_path / "tegu.service"
    unit.write_text(unit_text(replace(SERVICE, is_system=is_system)))
    argv = [program, "verify", *(() if is_system else ("--user",)), "--man=no", str(unit)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert [line for line in (done.stdout + done.stderr).splitlines() if "tegu.service" in line] == []


def test_values_are_read_as_they_are(tmp_path: Path) -> None:
    """Quoted as systemd.exec(5) says, which a shell reads alike."""
    value = "a \"b\" `c` $d \\ 'e' #f"
    file = tmp_path / "env"
    file.write_text(environment_text({"TEGU_X": value}))
    done = subprocess.run(["sh", "-c", f'. {file}; printf %s "$TEGU_X"'], capture_output=True, text=True, check=True)
    assert done.stdout == value
