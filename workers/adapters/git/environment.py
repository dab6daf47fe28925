"""The clean room Git runs in: nothing inherited but an allow-list, nothing asked, no hooks, no helpers.

Credentials never stand in argv, a URL or a file: the password is a variable of the one child process
tree, read there by an askpass script that answers for the configured host only.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from urllib.parse import urlsplit

from workers.model.stack import Repo
from workers.runtime.settings import inherited

_INHERITED = (
    "PATH",
    "TMPDIR",
    "SSH_AUTH_SOCK",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "GIT_SSL_CAINFO",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
)

_FIXED = {
    # A home with nothing in it: no ~/.netrc, no ~/.gitconfig. (ssh finds ~/.ssh through the user database.)
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "GIT_ALLOW_PROTOCOL": "https:http:ssh:git:file",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}

_CONFIG = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.logAllRefUpdates": "false",
    "core.filesRefLockTimeout": "500",
    "core.packedRefsTimeout": "5000",
    "credential.helper": "",
    "fetch.recurseSubmodules": "false",
    # One small pack a fetch instead of loose objects at a disk block each.
    "fetch.unpackLimit": "1",
    "fetch.writeCommitGraph": "false",
    "gc.auto": "0",
    "gc.autoDetach": "false",
    "gc.packRefs": "true",
    "http.followRedirects": "initial",
    # A silent server is given up; one that drips is ended by the limit on the whole call.
    "http.lowSpeedLimit": "1",
    "http.lowSpeedTime": "60",
    "http.userAgent": "tegu",
    "maintenance.auto": "false",
    "protocol.ext.allow": "never",
    "protocol.version": "2",
}

_ASKPASS = """\
#!/bin/sh
# Answers git from the environment of this process tree, for the configured host and no other.
case "$1" in
*"://$TEGU_GIT_HOST': "|*"@$TEGU_GIT_HOST': ") ;;
*) exit 1 ;;
esac
case "$1" in
Username*) printf '%s\\n' "$TEGU_GIT_USERNAME" ;;
Password*) printf '%s\\n' "$TEGU_GIT_PASSWORD" ;;
*) exit 1 ;;
esac
"""


def local_env(git_dir: Path) -> dict[str, str]:
    """The environment of a git command that stays within one Git directory."""
    env = {**inherited(_INHERITED), **_FIXED, "GIT_DIR": str(git_dir)}
    env["GIT_CONFIG_COUNT"] = str(len(_CONFIG))
    for number, (key, value) in enumerate(_CONFIG.items()):
        env[f"GIT_CONFIG_KEY_{number}"] = key
        env[f"GIT_CONFIG_VALUE_{number}"] = value
    return env


def remote_env(repo: Repo, git_dir: Path) -> dict[str, str]:
    """The environment of a git command that talks to the repo's server.

    Args:
        repo: whose credentials it gets.
        git_dir: the clone; what Git has to find as a file is written there, and holds no secret.
    """
    env = local_env(git_dir)
    if (path := local_path(repo.url)) is not None:
        env["GIT_CONFIG_GLOBAL"] = str(_trust(path, git_dir))
    elif repo.url.startswith(("https://", "http://")):
        if repo.password is not None:
            env["GIT_ASKPASS"] = str(_write(git_dir / "tegu-askpass", _ASKPASS, 0o700))
            env["TEGU_GIT_HOST"] = urlsplit(repo.url).netloc.rpartition("@")[2]
            env["TEGU_GIT_USERNAME"] = repo.username or "x-access-token"
            env["TEGU_GIT_PASSWORD"] = repo.password.reveal()
    elif not repo.url.startswith("git://"):
        env["GIT_SSH_COMMAND"] = shlex.join(ssh_command(repo))
        env["GIT_SSH_VARIANT"] = "ssh"
    return env


def ssh_command(repo: Repo) -> list[str]:
    """The ssh of a repo: its key and known hosts and no other, or the agent and the user's own; never a question."""
    argv = ["ssh", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "LogLevel=ERROR"]
    argv += ["-o", "ConnectTimeout=15", "-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4"]
    if repo.ssh_key_file is not None:
        argv += ["-F", "none", "-o", "IdentitiesOnly=yes", "-i", repo.ssh_key_file.replace("%", "%%")]
    if repo.known_hosts_file is not None:
        argv += ["-o", f"UserKnownHostsFile={_quoted(repo.known_hosts_file)}", "-o", "GlobalKnownHostsFile=/dev/null"]
    return argv


def local_path(url: str) -> Path | None:
    """The folder that a URL names, when it is a local path; `host:path` is ssh."""
    if url.startswith("file://"):
        return Path(url.removeprefix("file://"))
    return Path(url) if url.startswith(("/", "./", "../")) else None


def _quoted(path: str) -> str:
    """A path as an ssh option takes it: one word, `%` meant literally."""
    return '"' + path.replace("%", "%%") + '"'


def _trust(path: Path, git_dir: Path) -> Path:
    """Name a local remote's folders as safe although somebody else owns them; exactly these, never `*`.

    It has to be a file: Git drops configuration from the environment when it starts the other side.
    """
    whole = Path(os.path.realpath(path))
    places = [path, whole, path / ".git", whole / ".git", Path(f"{path}.git"), Path(f"{whole}.git"), git_dir]
    lines = [f"\tdirectory = {_config_quoted(str(place))}\n" for place in dict.fromkeys(places)]
    return _write(git_dir / "tegu-trusted", "[safe]\n" + "".join(lines), 0o600)


def _config_quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _write(path: Path, text: str, mode: int) -> Path:
    """Write a file when it does not say this already; readers see the old one or the new one."""
    try:
        if path.read_text(encoding="utf-8") == text:
            return path
    except OSError:
        pass  # it is not there yet
    fresh = path.with_name(f"{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with open(descriptor, "w", encoding="utf-8", closefd=True) as file:  # noqa: PTH123 (a descriptor, not a path)
        file.write(text)
    fresh.chmod(mode)
    fresh.replace(path)
    return path
