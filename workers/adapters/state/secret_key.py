"""The key of keyed hashes: inputs outside Git are compared through it, so Redis can give none of them away."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

_KEY_BYTES = 32


def load_key(data_dir: Path) -> bytes:
    """Read `data_dir/key`, made on first use; of processes that make it at once, one wins for all.

    A lost key is no harm beyond one comparison: every keyed hash differs once.
    """
    path = data_dir / "key"
    try:
        return _checked(path)
    except FileNotFoundError:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = data_dir / f".key.{os.getpid()}.{secrets.token_hex(4)}"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(fresh, path)  # unlike a rename, a link never replaces what another process has made
    finally:
        fresh.unlink()
    return _checked(path)


def _checked(path: Path) -> bytes:
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        message = f"{path} is damaged: {len(key)} bytes instead of {_KEY_BYTES}; remove it, and a new one is made"
        raise ValueError(message)
    return key
