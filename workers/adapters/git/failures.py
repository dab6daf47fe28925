"""What Git's messages mean, in words that help and hold no credentials."""

from __future__ import annotations

import re
from collections.abc import Iterable

from workers.adapters.git.environment import local_path
from workers.adapters.git.ssh_files import problems_of
from workers.model.errors import CommandFailed, CommandTimedOut, GitRefused, GitUnavailable
from workers.model.stack import Repo

_USERINFO = re.compile(r"(?<=://)[^/@\s'\"]+@")
_MISSING_REF = re.compile(r"couldn't find remote ref (\S+)")
# Anchored to what Git says of its own side; the last two are said of refs that point at nothing any more.
_DAMAGE = re.compile(
    r"is corrupt|object file .* is empty|inflate: |packfile .*(?:is far too short|does not match|cannot be accessed)"
    r"|index file .* (?:is too small|is corrupt)|not a git repository|bad object refs/|broken (?:ref|link)"
    r"|unable to read (?:tree|sha1 file)|did not send all necessary objects|Could not read [0-9a-f]{40}"
    r"|unresolved deltas|bad (?:tree|commit|config)|invalid sha1 pointer|unable to (?:parse|find) [0-9a-f]{40}"
    r"|premature end of pack|missing (?:blob|tree|commit) |unable to resolve reference|reference broken"
)
# The first is said of the second version of Git's protocol, the other of those before.
_OTHER_FORMAT = re.compile(r"mismatched algorithms: client|Server does not support this repository's object format")
_LOCKED = re.compile(r"Unable to create '[^']*\.lock': File exists|cannot lock ref|unable to lock|could not lock")

_NO_REPOSITORY = r"[Rr]epository .*not (?:be )?found|does not appear to be a git repository"
_CHANGED = (
    "the server's host key is not the one in known_hosts: the server has got a new one, or somebody is between it "
    "and this host; `ssh-keyscan {host} | ssh-keygen -lf -` shows what answers now; put it into known_hosts_file "
    "only if the server's owner publishes the same"
)
# What the server, or ssh on its behalf, refuses: trying again is of no use until somebody has mended something.
_REFUSALS = (
    (
        r"Authentication failed|could not read (?:Username|Password)|Access denied|prompts disabled|error: 40[13]",
        "the server refused the credentials; check username and password_file",
    ),
    (
        r"REMOTE HOST IDENTIFICATION HAS CHANGED",
        _CHANGED,
    ),
    (
        r"Host key verification failed",
        "the server's host key is not known; put it into known_hosts_file (ssh-keyscan prints it)",
    ),
    (r"UNPROTECTED PRIVATE KEY|bad permissions", "ssh_key_file can be read by others; make its mode 0600"),
    (r"Permission denied \(", "the server refused the key; check ssh_key_file and the repository's deploy keys"),
    (r"transport '\w+' not allowed", "only https, http, ssh, git and local paths are allowed"),
    (r"certificate", "the server's certificate is not trusted"),
)
_HINTS = (
    (_NO_REPOSITORY, "there is no such repository"),
    (r"Could not resolve host(?:name)?", "the host's name cannot be resolved"),
    (r"No space left on device", "the disk is full"),
)
# What ssh says of itself, as far as it helps to find out what is wrong.
_SSH_SAYS = re.compile(
    r"Load key |Permission denied \(|Host key |Offending .* key in |Identity file|no such identity"
    r"|REMOTE HOST IDENTIFICATION HAS CHANGED|^SHA256:"
)
_ABOUT_FILES = re.compile(r"Permission denied \(|Host key verification failed|UNPROTECTED PRIVATE KEY|Load key ")


def without_credentials(text: str, repo: Repo | None = None) -> str:
    """A text with the user part of every URL, and the repo's password, left out."""
    text = _USERINFO.sub("", text)
    if repo is not None and repo.password:
        text = text.replace(repo.password.reveal(), "********")
    return text


def unavailable(repo: Repo, error: CommandFailed) -> GitUnavailable:
    """The error to raise when a network call failed: which repo, what to do, and what Git and ssh said."""
    url = without_credentials(repo.url, repo)
    if isinstance(error, CommandTimedOut):
        return GitUnavailable(f"repo {repo.name}: {url} did not answer within {error.seconds:g} s")
    said = without_credentials(_gist(error.output), repo) or f"exit code {error.code}"
    refused = _hint(_REFUSALS, error.output)
    if refused is not None:
        hint = _of_files(repo, error.output) or refused.format(host=repo.host)
        return GitRefused(f"repo {repo.name}: {hint} ({url}): {said}")
    hint = _hint(_HINTS, error.output) or "git could not fetch"
    # A folder of this machine may be on a disk that is not mounted yet.
    is_refused = local_path(repo.url) is None and re.search(_NO_REPOSITORY, error.output)
    return (GitRefused if is_refused else GitUnavailable)(f"repo {repo.name}: {hint} ({url}): {said}")


def _hint(hints: Iterable[tuple[str, str]], output: str) -> str | None:
    return next((words for pattern, words in hints if re.search(pattern, output)), None)


def _of_files(repo: Repo, output: str) -> str:
    """What is wrong with the files that ssh was given, where that may be what it failed for."""
    is_changed = "REMOTE HOST IDENTIFICATION HAS CHANGED" in output
    return "; ".join(problems_of(repo)) if _ABOUT_FILES.search(output) and not is_changed else ""


def missing_ref(error: CommandFailed) -> str | None:
    """The full name of the ref that the server does not have, if that is what made a fetch fail."""
    match = _MISSING_REF.search(error.output)
    return match[1] if match else None


def is_damage(error: CommandFailed) -> bool:
    """Whether the clone itself is to blame, and not the server."""
    local = "\n".join(line for line in error.output.splitlines() if not line.startswith("remote:"))
    return _DAMAGE.search(local) is not None and not re.search(r"does not appear to be a git repository", local)


def is_other_format(error: CommandFailed) -> bool:
    """Whether the server's objects have ids of another hash function than the clone's."""
    return _OTHER_FORMAT.search(error.output) is not None


def is_locked(error: CommandFailed) -> bool:
    """Whether a lock file was in the way."""
    return _LOCKED.search(error.output) is not None


def _gist(output: str) -> str:
    """The lines that say what happened, a few of them."""
    lines = list(dict.fromkeys(line.strip(" @\t\r") for line in output.splitlines() if line.strip(" @\t\r")))
    before = ["", *lines]
    # Git says to whom it could not connect, and in the next line why.
    telling = [
        line
        for place, line in enumerate(lines)
        if line.startswith(("fatal:", "error:", "remote:", "ssh:"))
        or before[place].startswith("fatal: unable to connect")
    ]
    ours = [line for line in lines if _SSH_SAYS.search(line) and line not in telling]
    return "; ".join([*ours[:4], *telling[:3]] or lines[:3])[:600]
