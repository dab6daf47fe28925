"""`tegu init`: from an address to a catalog that works."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests import warm
from tests.git_server import HttpServer, Source, ssh_server, ssh_url
from tests.terminal import typed
from workers.catalog import load_catalog

from .conftest import PROGRAM, Desk, compose

TOKEN = "planted-token-5f1e"


@pytest.fixture
def private(tmp_path: Path) -> Iterator[HttpServer]:
    """A repository of one stack that only the token opens."""
    source = Source(tmp_path / "served/source")
    source.commit({"services/web/compose.yaml": compose("web")})
    server = HttpServer(source.path.parent, "x-access-token", TOKEN)
    yield server
    server.close()


def _at_a_terminal(desk: Desk, url: str, *answers: tuple[str, str]) -> tuple[int, str]:
    env = {"PATH": os.environ["PATH"], "HOME": str(desk.folder), "TEGU_DATA_DIR": str(desk.settings.data_dir)}
    return typed([PROGRAM, "init", url], answers, env=env, cwd=desk.folder, begin=warm.start)


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


def test_a_token_in_a_file_opens_a_private_repository(desk: Desk, private: HttpServer) -> None:
    (desk.folder / "token").write_text(f"{TOKEN}\n")
    found = desk.read("init", private.url, "--token-file", "token", "--name", "lab", "--poll")
    assert found["stacks"] == ["web"]
    written = yaml.safe_load(desk.settings.catalog.read_text())["repos"]["lab"]
    assert (written["password_file"], written["poll"]) == ("token", "5m")
    assert load_catalog(desk.settings.catalog, {}).repos["lab"].password is not None
    for wrong, words in (("nowhere", "cannot be read"), ("webhook_secret.empty", "is empty")):
        desk.settings.catalog.unlink(missing_ok=True)
        (desk.folder / "webhook_secret").unlink(missing_ok=True)
        (desk.folder / "webhook_secret.empty").touch()
        done = desk.tegu("init", private.url, "--token-file", wrong)
        assert (done.code, words in done.stderr) == (2, True)
    assert not desk.settings.catalog.exists()


def test_a_key_opens_a_private_repository_over_ssh(desk: Desk, homelab: Source) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with ssh_server(desk.folder / "keys", port) as keys:
        files = ("--ssh-key", "keys/key", "--known-hosts", "keys/known_hosts")
        found = desk.read("init", ssh_url(keys, homelab), *files, "--name", "lab")
    assert found["stacks"] == ["adguard", "authelia"]
    written = yaml.safe_load(desk.settings.catalog.read_text())["repos"]["lab"]
    assert (written["ssh_key_file"], written["known_hosts_file"]) == ("keys/key", "keys/known_hosts")


def test_where_nobody_can_be_asked_a_refusal_leaves_a_catalog_to_fill_in(desk: Desk, private: HttpServer) -> None:
    done = desk.tegu("init", private.url, "--name", "lab")
    assert (done.code, done.stderr) == (1, "")
    assert "the server refused the credentials" in done.stdout
    assert "say where a token goes" in done.stdout
    text = desk.settings.catalog.read_text()
    assert "    # password_file: git_token " in text
    (desk.folder / "git_token").write_text(TOKEN)
    desk.settings.catalog.write_text(text.replace("# password_file", "password_file"))
    assert load_catalog(desk.settings.catalog, {}).repos["lab"].password is not None
    assert "Everything is in order." in desk.tegu("check").stdout


def test_a_person_at_a_terminal_is_asked_for_what_opens_it(desk: Desk, private: HttpServer) -> None:
    code, shown = _at_a_terminal(
        desk, private.url, ("without being told of pushes?", "y"), ("A token", "wrong-one"), ("A token", TOKEN)
    )
    assert (code, "1 stack." in shown, "It looks by itself" in shown) == (0, True, True)
    assert TOKEN not in shown
    assert "wrong-one" not in shown
    kept = desk.folder / "git_token"
    assert (kept.read_text(), stat.S_IMODE(kept.stat().st_mode)) == (f"{TOKEN}\n", 0o600)
    (repo,) = load_catalog(desk.folder / "tegu.yaml", {}).repos.values()
    assert (repo.password is not None, repo.poll is not None) == (True, True)
    assert not [line for line in shown.splitlines() if line != line.rstrip() and not line.endswith(": ")]


def test_a_person_may_leave_it_for_later(desk: Desk, private: HttpServer) -> None:
    code, shown = _at_a_terminal(desk, private.url, ("without being told", "n"), ("A token", ""))
    assert (code, "all the same" in shown) == (1, True)
    assert not (desk.folder / "git_token").exists()
