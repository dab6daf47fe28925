"""Servers of every kind, credentials that are seen by nobody else, and servers that never answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.git_server import GIT_ENV, HttpServer, Source, ssh_server, ssh_url
from workers.adapters.git.clone import Clone
from workers.adapters.git.environment import remote_env
from workers.model.errors import GitRefused, GitUnavailable
from workers.model.secret import Secret
from workers.model.stack import Repo
from workers.runtime.process import run

MakeClone = Callable[..., Clone]
MakeServer = Callable[[str, str], HttpServer]

PLANTED = "hunter2-pl%40nted$(id)"


def test_the_git_protocol(source: Source, git_daemon: str, make_clone: MakeClone) -> None:
    clone = make_clone(git_daemon)
    assert clone.fetch(["main"]) == {"main": source.git("rev-parse", "HEAD")}
    head = source.commit({"x": "y"})
    assert clone.fetch(["main", "gone"]) == {"main": head}


def test_http_with_credentials(source: Source, make_http_server: MakeServer, make_clone: MakeClone) -> None:
    server = make_http_server("me", PLANTED)
    clone = make_clone(server.url, username="me", password=Secret(PLANTED))
    assert clone.fetch(["main"]) == {"main": source.git("rev-parse", "HEAD")}
    head = source.commit({"x": "y"})
    assert clone.fetch(["main"]) == {"main": head}


def test_wrong_credentials_are_said_to_be_wrong_and_not_shown(
    make_http_server: MakeServer, make_clone: MakeClone
) -> None:
    server = make_http_server("me", "something else")
    clone = make_clone(server.url.replace("://", "://me:inurl@"), username="me", password=Secret(PLANTED))
    with pytest.raises(GitUnavailable, match="refused the credentials; check username and password_file") as caught:
        clone.fetch(["main"])
    assert PLANTED not in str(caught.value)
    assert "inurl" not in str(caught.value)


def test_without_credentials_nobody_is_asked(make_http_server: MakeServer, make_clone: MakeClone) -> None:
    with pytest.raises(GitUnavailable, match="refused the credentials"):
        make_clone(make_http_server("me", "pw").url).fetch(["main"])


def test_credentials_do_not_follow_a_redirect_to_another_host(
    make_http_server: MakeServer, make_clone: MakeClone
) -> None:
    thief, server = make_http_server("me", PLANTED), make_http_server("me", PLANTED)
    server.redirect = thief.url
    with pytest.raises(GitUnavailable):
        make_clone(server.url, username="me", password=Secret(PLANTED)).fetch(["main"])
    assert thief.requests
    assert set(thief.seen) == {None}


def _command_lines() -> str:
    lines = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                lines.append((entry / "cmdline").read_bytes().decode(errors="replace").replace("\0", " "))
            except OSError:
                continue
    return "\n".join(lines)


def test_a_password_is_in_no_command_line_and_no_file(
    make_http_server: MakeServer, make_clone: MakeClone, tmp_path: Path
) -> None:
    server = make_http_server("me", PLANTED)
    server.delay = 0.4
    clone = make_clone(server.url, username="me", password=Secret(PLANTED))
    seen: list[str] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            seen.append(_command_lines())
            time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        clone.fetch(["main"])
    finally:
        done.set()
        watcher.join()
    everything = "\n".join(seen)
    assert "remote-http" in everything
    assert PLANTED not in everything
    for path in tmp_path.joinpath("tegu").rglob("*"):
        assert not path.is_file() or PLANTED.encode() not in path.read_bytes()
    assert PLANTED not in repr(clone.repo)


@pytest.mark.parametrize("scheme", ["http", "git", "ssh"])
def test_a_server_that_never_answers_is_given_up_and_the_lock_is_free_again(
    silent_port: int, make_clone: MakeClone, scheme: str
) -> None:
    clone = make_clone(f"{scheme}://127.0.0.1:{silent_port}/repo")
    started = time.monotonic()
    for _ in range(2):
        with pytest.raises(GitUnavailable, match=r"did not answer within 0\.5 s"):
            clone.fetch(["main"], timeout=0.5)
    assert time.monotonic() - started < 10
    assert str(silent_port) not in _command_lines()


def test_a_server_that_is_not_there(free_port: int, make_clone: MakeClone) -> None:
    with pytest.raises(GitUnavailable, match=r"repo homelab: .*Connection refused|Failed to connect"):
        make_clone(f"http://127.0.0.1:{free_port}/repo").fetch(["main"])


def test_git_s_own_protocol_says_why_nobody_could_be_reached(free_port: int, make_clone: MakeClone) -> None:
    with pytest.raises(GitUnavailable, match=r"unable to connect to 127\.0\.0\.1:; .*Connection refused"):
        make_clone(f"git://127.0.0.1:{free_port}/repo").fetch(["main"])


def test_a_host_that_has_no_name(make_clone: MakeClone) -> None:
    with pytest.raises(GitUnavailable, match="cannot be resolved"):
        make_clone("https://no-such-host.invalid/repo").fetch(["main"])


# ---------------------------------------------------------------- ssh


def test_ssh_gets_its_key_and_known_hosts_and_never_asks(tmp_path: Path) -> None:
    repo = Repo("r", "git@host:me/r.git", "main", ssh_key_file="/keys/my key", known_hosts_file="/keys/known hosts")
    command = remote_env(repo, tmp_path)["GIT_SSH_COMMAND"]
    assert "-i '/keys/my key'" in command
    assert "'UserKnownHostsFile=\"/keys/known hosts\"'" in command
    assert "-o BatchMode=yes -o StrictHostKeyChecking=yes" in command
    assert "IdentitiesOnly=yes" in command


@pytest.fixture
def sshd(tmp_path: Path, free_port: int) -> Iterator[Path]:
    with ssh_server(tmp_path / "ssh keys", free_port) as folder:
        yield folder


def test_ssh_with_a_key(sshd: Path, source: Source, make_clone: MakeClone) -> None:
    files = {"ssh_key_file": str(sshd / "key"), "known_hosts_file": str(sshd / "known_hosts")}
    clone = make_clone(ssh_url(sshd, source), **files)
    assert clone.fetch(["main"]) == {"main": source.git("rev-parse", "HEAD")}


def _refusal(sshd: Path, source: Source, make_clone: MakeClone, key: Path) -> str:
    files = {"ssh_key_file": str(key), "known_hosts_file": str(sshd / "known_hosts")}
    with pytest.raises(GitRefused) as caught:
        make_clone(ssh_url(sshd, source), **files).fetch(["main"])
    return str(caught.value)


def test_ssh_with_a_key_that_the_server_does_not_know(sshd: Path, source: Source, make_clone: MakeClone) -> None:
    said = _refusal(sshd, source, make_clone, sshd / "other")
    assert "refused the key; check ssh_key_file" in said
    assert "Permission denied (publickey" in said


def test_ssh_to_a_host_that_is_not_known(sshd: Path, source: Source, make_clone: MakeClone) -> None:
    known = sshd / "known_hosts"
    known.write_text("")
    assert "is not known; put it into known_hosts_file" in _refusal(sshd, source, make_clone, sshd / "key")
    known.unlink()
    assert f"known_hosts_file {known} is not there" in _refusal(sshd, source, make_clone, sshd / "key")


def test_a_changed_host_key_is_never_called_unknown(sshd: Path, source: Source, make_clone: MakeClone) -> None:
    known = sshd / "known_hosts"
    other = " ".join((sshd / "other.pub").read_text().split()[:2])
    known.write_text(f"{known.read_text().split()[0]} {other}\n")
    said = _refusal(sshd, source, make_clone, sshd / "key")
    assert "somebody is between it and this host" in said
    assert "`ssh-keyscan 127.0.0.1 | ssh-keygen -lf -`" in said
    assert f"{known}:1" in said
    assert "not known" not in said


def test_what_is_wrong_with_a_key_is_said_by_name(sshd: Path, source: Source, make_clone: MakeClone) -> None:
    good = (sshd / "key").read_bytes()
    spoiled = {
        "windows": (good.replace(b"\n", b"\r\n"), "has Windows line ends"),
        "cut": (good.rstrip(b"\n"), "lacks the line break at its end"),
        "pub": ((sshd / "key.pub").read_bytes(), "is the public half of a key"),
        "note": (b"hunter2\n", "holds no private key"),
    }
    for name, (text, problem) in spoiled.items():
        (sshd / name).write_bytes(text)
        (sshd / name).chmod(0o600)
        said = _refusal(sshd, source, make_clone, sshd / name)
        assert f"ssh_key_file {sshd / name} {problem}" in said
        assert "hunter2" not in said
    assert f"ssh_key_file {sshd / 'gone'} is not there" in _refusal(sshd, source, make_clone, sshd / "gone")


@pytest.mark.parametrize("form", [["-t", "ed25519"], ["-t", "rsa", "-b", "1024", "-m", "PEM"]], ids=["own", "pem"])
def test_a_key_with_a_passphrase_is_called_one(
    sshd: Path, source: Source, make_clone: MakeClone, form: list[str]
) -> None:
    key = sshd / "locked"
    run(["ssh-keygen", "-q", *form, "-N", "hunter2", "-f", str(key)], what="ssh-keygen", env=GIT_ENV, timeout=30)
    assert f"ssh_key_file {key} has a passphrase" in _refusal(sshd, source, make_clone, key)
