"""The API token that `tegu up` makes where none is set: a private file in the data directory."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from workers.model.errors import UserError
from workers.model.secret import Secret
from workers.runtime.settings import Settings


def token_file(data_dir: Path) -> Path:
    """Where it lies."""
    return data_dir / "api_token"


def make_token(data_dir: Path) -> bool:
    """Make the file, unless it is there. Returns whether it was made.

    Raises:
        UserError: it cannot be written.
    """
    path = token_file(data_dir)
    if path.exists():
        return False
    fresh = path.with_name(f".api_token.{os.getpid()}")
    try:
        fresh.unlink(missing_ok=True)  # a killed process of this number has left it
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{secrets.token_urlsafe(32)}\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
    except OSError as error:
        message = f"{path} cannot be made: {error.strerror or error}; set TEGU_API_TOKEN_FILE, or mend the directory"
        raise UserError(message) from error
    return True


def token_of(settings: Settings) -> Secret | None:
    """The token in force: the one that is set, else the one that `tegu up` has made; None where there is neither."""
    if settings.api_token:
        return settings.api_token
    with suppress(OSError, ValueError):
        return Secret(token_file(settings.data_dir).read_text(encoding="utf-8").strip()) or None
    return None
