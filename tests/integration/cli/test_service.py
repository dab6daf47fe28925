"""`tegu service install`: files that nobody else can read, and none of a person's that is lost."""

from __future__ import annotations

import pwd
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from .conftest import PROGRAM, Desk

SECRET = "planted-token-77"
CATALOG = "repos: {homelab: {url: /x, webhook_secret: '${HOOK_SECRET}'}}\n"


def _files(desk: Desk, name: str = "tegu") -> tuple[Path, Path]:
    config = desk.folder / ".config"
    return config / f"systemd/user/{name}.service", config / f"tegu/{name}.env"


def test_a_service_is_written_with_its_secrets_apart_and_says_what_is_next(desk: Desk) -> None:
    desk.catalog(CATALOG)
    given = {"TEGU_API_TOKEN": SECRET, "HOOK_SECRET": "planted hook", "OTHER": "not this"}
    shown = desk.tegu("service", "install", "--user", "--print", **given)
    unit, env = _files(desk)
    assert (shown.code, unit.exists()) == (0, False)
    assert f"ExecStart={PROGRAM} up" in shown.stdout
    assert "TEGU_API_TOKEN=********" in shown.stdout
    assert SECRET not in shown.stdout

    done = desk.tegu("service", "install", "--user", **given)
    assert (done.code, done.stderr) == (0, "")
    assert "systemctl --user enable --now tegu" in done.stdout
    assert f"Environment=TEGU_CATALOG={desk.settings.catalog}" in unit.read_text()
    assert f"TEGU_DATA_DIR={desk.settings.data_dir}" in unit.read_text()
    assert stat.S_IMODE(env.stat().st_mode) == 0o600
    assert f'TEGU_API_TOKEN="{SECRET}"\n' in env.read_text()
    assert 'HOOK_SECRET="planted hook"\n' in env.read_text()
    assert "OTHER" not in env.read_text()
    assert SECRET not in unit.read_text() + done.stdout


def test_the_machines_service_runs_as_root_and_finds_what_is_roots(desk: Desk) -> None:
    desk.catalog(CATALOG)
    shown = desk.tegu("service", "install", "--system", "--print").stdout
    assert shown.startswith("# /etc/systemd/system/tegu.service\n")
    assert f"Environment=HOME={pwd.getpwuid(0).pw_dir}\n" in shown
    assert "EnvironmentFile=-/etc/tegu/tegu.env\n" in shown
    assert f"ReadWritePaths=-{desk.settings.data_dir}\n" in shown


def test_what_somebody_has_changed_is_overwritten_only_by_force_and_secrets_never(desk: Desk) -> None:
    desk.catalog(CATALOG)
    assert desk.tegu("service", "install", "--user").code == 0
    unit, env = _files(desk)
    first = unit.read_text()
    env.write_text("TEGU_API_TOKEN=mine\n")
    assert "Kept" in desk.tegu("service", "install", "--user").stdout
    unit.write_text(first + "# mine\n")
    refused = desk.tegu("service", "install", "--user")
    assert (refused.code, "was changed by hand; --force" in refused.stderr) == (2, True)
    assert unit.read_text().endswith("# mine\n")
    assert desk.tegu("service", "install", "--user", "--force").code == 0
    assert (unit.read_text(), env.read_text()) == (first, "TEGU_API_TOKEN=mine\n")


def test_a_worker_alone_needs_a_redis_that_it_can_reach(desk: Desk) -> None:
    desk.catalog(CATALOG)
    given = {"TEGU_WORKER": "nas", "TEGU_REDIS_URL": "rediss://:pass@redis.example.com/0"}
    assert desk.tegu("service", "install", "--user", "--worker", **given).code == 0
    unit, env = _files(desk, "tegu-worker")
    assert "-n worker-nas@%%h" in unit.read_text()
    assert "redis.example.com" in env.read_text()
    without = desk.tegu("service", "install", "--user", "--worker", TEGU_REDIS_URL="")
    assert (without.code, "set TEGU_REDIS_URL" in without.stderr) == (2, True)
    desk.settings.catalog.unlink()
    assert "`tegu init URL` writes one" in desk.tegu("service", "install", "--user").stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_takes_what_is_written(desk: Desk) -> None:
    desk.catalog(CATALOG)
    shown = desk.tegu("service", "install", "--system", "--print").stdout
    unit = desk.folder / "tegu.service"
    unit.write_text(shown.partition("\n# /etc/tegu/tegu.env")[0])
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    mine = [line for line in done.stderr.splitlines() if "tegu.service" in line]
    assert (done.returncode, mine) == (0, [])
