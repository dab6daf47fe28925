"""Secrets of the catalog, from the file itself or from files beside it; one that is missing is a warning."""

from __future__ import annotations

import os.path
from pathlib import Path


def absolute(folder: Path, file: str) -> str:
    """A file's path, relative to the catalog's folder; `~` is somebody's home."""
    # Path.expanduser() raises for an unknown user; this leaves the name as it is.
    return os.path.normpath(os.path.join(folder, os.path.expanduser(file)))  # noqa: PTH111, PTH118


def read_secret(file: str, where: str) -> tuple[str, str]:
    """A secret from its file, with what to say about it when it is empty or cannot be read."""
    try:
        return f"{where}: {file}", Path(file).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text"
        return f"{where}: {file} cannot be read ({reason})", ""


def is_usable(where: str, text: str, warnings: list[str]) -> bool:
    """Whether there is a secret; if not, that is a warning.

    Args:
        where: from `read_secret`, or the secret's place in the catalog.
        text: the secret.
        warnings: gets one more.
    """
    if not text:
        warnings.append(where if where.endswith(")") else f"{where}: is empty, so it is not used")
    return bool(text)
