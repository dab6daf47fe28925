"""What Git's messages mean, in words that help and hold no credentials."""

from __future__ import annotations

import re

from workers.model.errors import CommandFailed, CommandTimedOut, GitUnavailable
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

_HINTS = (
    (
        r"Authentication failed|could not read (?:Username|Password)|Access denied|terminal prompts disabled",
        "the server refused the credentials; check username and password_file",
    ),
    (
        r"Host key verification failed|REMOTE HOST IDENTIFICATION",
        "the server's host key is not known; put it into known_hosts_file (ssh-keyscan prints it)",
    ),
    (r"UNPROTECTED PRIVATE KEY|bad permissions", "ssh_key_file can be read by others; make its mode 0600"),
    (r"Permission denied \(", "the server refused the key; check ssh_key_file and the repository's deploy keys"),
    (r"[Rr]epository .*not (?:be )?found|does not appear to be a git repository", "there is no such repository"),
    (r"Could not resolve host(?:name)?", "the host's name cannot be resolved"),
    (r"certificate", "the server's certificate is not trusted"),
    (r"transport '\w+' not allowed", "only https, http, ssh, git and local paths are allowed"),
    (r"No space left on device", "the disk is full"),
)


def without_credentials(text: str, repo: Repo | None = None) -> str:
    """A text with the user part of every URL, and the repo's password, left out."""
    text = _USERINFO.sub("", text)
    if repo is not None and repo.password:
        text = text.replace(repo.password.reveal(), "********")
    return text


def unavailable(repo: Repo, error: CommandFailed) -> GitUnavailable:
    """The error to raise when a network call failed: which repo, what to do, and what Git said."""
    url = without_credentials(repo.url, repo)
    if isinstance(error, CommandTimedOut):
        return GitUnavailable(f"repo {repo.name}: {url} did not answer within {error.seconds:g} s")
    said = without_credentials(_gist(error.output), repo)
    hint = next((words for pattern, words in _HINTS if re.search(pattern, error.output)), "git could not fetch")
    return GitUnavailable(f"repo {repo.name}: {hint} ({url}): {said or f'exit code {error.code}'}")


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
    """The lines that say what happened, at most three of them."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:", "remote:", "ssh:"))]
    return "; ".join((telling or lines)[:3])[:500]
