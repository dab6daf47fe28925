"""`tegu init`: from an address to a catalog that works."""

from __future__ import annotations

import stat

import yaml

from tests.git_server import Source
from workers.catalog import load_catalog

from .conftest import Desk, compose


def test_it_writes_a_catalog_and_a_secret_and_says_what_is_next(desk: Desk, homelab: Source) -> None:
    done = desk.tegu("init", str(homelab.path))
    assert (done.code, done.stderr) == (0, "")
    assert "repo homelab at main, 2 stacks" in done.stdout
    assert "  adguard\n  authelia\n" in done.stdout
    assert "http://127.0.0.1:8000/webhooks/homelab" in done.stdout
    secret = desk.folder / "webhook_secret"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert len(secret.read_text().strip()) == 40
    assert secret.read_text().strip() not in done.stdout
    repo = load_catalog(desk.settings.catalog, {}).repos["homelab"]
    assert (repo.url, repo.ref, repo.discover) == (str(homelab.path), "main", ("services/*",))
    assert repo.webhook_secrets[0].reveal() == secret.read_text().strip()


def test_it_never_overwrites(desk: Desk, homelab: Source) -> None:
    desk.catalog("# mine\n")
    done = desk.tegu("init", str(homelab.path))
    assert (done.code, desk.settings.catalog.read_text()) == (2, "# mine\n")
    assert "is there already and is not overwritten" in done.stderr
    assert not (desk.folder / "webhook_secret").exists()


def test_stacks_are_found_wherever_they_lie(desk: Desk, homelab: Source) -> None:
    homelab.git("checkout", "-q", "-b", "trunk")
    homelab.commit(
        {
            "compose.yaml": compose("root"),
            "apps/web/front/docker-compose.yml": compose("front"),
            "apps/web/front/nested/compose.yaml": compose("nested"),
            "services/Nope/compose.yaml": compose("nope"),
            ".github/compose.yaml": compose("github"),
        },
    )
    found = desk.read("init", str(homelab.path), "--ref", "trunk", "--name", "lab")
    assert found["stacks"] == ["adguard", "authelia", "front", "lab"]
    assert "Nope" in found["skipped"][0]
    written = yaml.safe_load(desk.settings.catalog.read_text())["repos"]["lab"]
    assert (written["ref"], written["discover"]) == ("trunk", [".", "apps/web/*", "services/*"])


def test_what_cannot_be_read_leaves_no_files(desk: Desk, homelab: Source) -> None:
    for arguments, code, words in (
        (["https://me:token@example.com/x.git"], 2, "holds credentials"),
        ([str(desk.folder / "nowhere")], 3, "there is no such repository"),
        ([str(homelab.path), "--ref", "nope"], 2, "has no branch or tag nope"),
        ([str(homelab.path), "--name", "Home Lab"], 2, "is not a valid name"),
    ):
        done = desk.tegu("init", *arguments)
        assert done.code == code, done.stderr
        assert words in done.stderr
        assert "token" not in done.stderr
    assert not desk.settings.catalog.exists()
    assert not (desk.folder / "webhook_secret").exists()
