"""What `tegu up` lets people in by where nothing is set: private files in the data directory."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from workers.model.errors import UserError
from workers.model.secret import Secret
from workers.runtime.settings import Settings, inherited

_FLOWER_USER = "tegu"


def token_file(data_dir: Path) -> Path:
    """Where the token of API and pages lies."""
    return data_dir / "api_token"


def login_file(data_dir: Path) -> Path:
    """Where Flower's login lies, `user:password`."""
    return data_dir / "flower_login"


def make_token(data_dir: Path) -> bool:
    """Make the token's file, unless it is there. Returns whether it was made.

    Raises:
        UserError: it cannot be written.
    """
    return _make(token_file(data_dir), secrets.token_urlsafe(32), "set TEGU_API_TOKEN_FILE, or mend the directory")


def make_login(data_dir: Path) -> bool:
    """Make the file of Flower's login, unless it is there. Returns whether it was made.

    Raises:
        UserError: it cannot be written.
    """
    login = f"{_FLOWER_USER}:{secrets.token_urlsafe(24)}"
    return _make(login_file(data_dir), login, "set FLOWER_BASIC_AUTH, or mend the directory")


def _make(path: Path, text: str, otherwise: str) -> bool:
    if path.exists():
        return False
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.unlink(missing_ok=True)  # a killed process of this number has left it
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{text}\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
    except OSError as error:
        message = f"{path} cannot be made: {error.strerror or error}; {otherwise}"
        raise UserError(message) from error
    return True


def token_of(settings: Settings) -> Secret | None:
    """The token in force: the one that is set, else the one that `tegu up` has made; None where there is neither."""
    if settings.api_token:
        return settings.api_token
    return _read(token_file(settings.data_dir))


def has_own_login() -> bool:
    """Whether Flower has the login that is made here: unless its own settings say who is let in."""
    return not inherited(("FLOWER_BASIC_AUTH", "FLOWER_AUTH", "FLOWER_UNAUTHENTICATED_API"))


def flower_login(data_dir: Path) -> Secret | None:
    """Flower's login, `user:password`, as `tegu up` has made it or a person has put it there; None where none is."""
    return _read(login_file(data_dir))


def _read(path: Path) -> Secret | None:
    with suppress(OSError, ValueError):
        return Secret(path.read_text(encoding="utf-8").strip()) or None
    return None
