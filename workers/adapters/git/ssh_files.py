"""What is wrong with the files that ssh is given, said by name: ssh itself says `error in libcrypto` of most of it.

Keys in the older PEM form may end without a line break and have Windows' line ends; OpenSSH's own may not (seen with
OpenSSH 9.2).
"""

from __future__ import annotations

import base64
import binascii
import os
from pathlib import Path

from workers.model.stack import Repo

_OWN_FORM = b"-----BEGIN OPENSSH PRIVATE KEY-----"
_MAGIC = b"openssh-key-v1\0"  # https://cvsweb.openbsd.org/src/usr.bin/ssh/PROTOCOL.key
_LONGEST = 1 << 16  # bytes


def problems_of(repo: Repo) -> tuple[str, ...]:
    """What is wrong with a repo's key and known hosts, for people; empty where ssh can use them, and without any."""
    found = []
    if repo.ssh_key_file is not None and (problem := problem_of_key(repo.ssh_key_file)):
        found.append(f"ssh_key_file {repo.ssh_key_file} {problem}")
    if repo.known_hosts_file is not None and (problem := problem_of_known_hosts(repo.known_hosts_file, repo.host)):
        found.append(f"known_hosts_file {repo.known_hosts_file} {problem}")
    return tuple(found)


def problem_of_key(path: str) -> str:
    """What is wrong with a private key, as the end of a sentence that begins with its name; never what it holds."""
    text = _read(path)
    if isinstance(text, str):
        return text
    if text.startswith((b"ssh-", b"ecdsa-", b"sk-")):
        return "is the public half of a key; name the private one, whose file has no .pub at its end"
    if b"PRIVATE KEY-----" not in text:
        return "holds no private key"
    if b"ENCRYPTED" in text.partition(b"\n\n")[0] or _is_encrypted(text):
        return "has a passphrase, which nobody is asked for; use an agent (SSH_AUTH_SOCK) or a key without one"
    if not text.startswith(_OWN_FORM):
        return ""
    if b"\r" in text:
        return "has Windows line ends, which ssh does not read; `sed -i 's/\\r$//'` takes them away"
    if not text.endswith(b"\n"):
        return "lacks the line break at its end, without which ssh does not read it; `echo >>` adds it"
    return ""


def problem_of_known_hosts(path: str, host: str) -> str:
    """What is wrong with a file of known hosts, likewise; one in which the host is missing is for ssh to find."""
    text = _read(path)
    if isinstance(text, bytes):
        return ""
    return f"{text}; `ssh-keyscan {host}` prints what belongs into it: compare that with what the server's owner says"


def _read(path: str) -> bytes | str:
    """What a file holds, or why it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            return file.read(_LONGEST)
    except FileNotFoundError:
        return "is not there"
    except PermissionError:
        return f"cannot be read by user {os.geteuid()}, as which this runs"
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _is_encrypted(text: bytes) -> bool:
    """Whether a key in OpenSSH's own form names a cipher."""
    body = b"".join(line for line in text.splitlines() if line and not line.startswith(b"-----"))
    try:
        key = base64.b64decode(body)
    except binascii.Error:
        return False
    start = len(_MAGIC)
    length = int.from_bytes(key[start : start + 4])
    return key.startswith(_MAGIC) and key[start + 4 : start + 4 + length] != b"none"
