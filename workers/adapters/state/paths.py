"""Where a stack's files under the data directory lie."""

from __future__ import annotations

import re
from pathlib import Path

from workers.model.errors import UnknownName

_STACK_ID = re.compile(r"[a-z0-9][a-z0-9_-]*/[a-z0-9][a-z0-9_-]*")


def state_file(data_dir: Path, stack: str, suffix: str) -> Path:
    """`state/<environment>/<name><suffix>`.

    Raises:
        UnknownName: the id is none, so it cannot lead anywhere else either.
    """
    if not _STACK_ID.fullmatch(stack):
        message = f"{stack!r} is not a stack's id; write it as environment/name"
        raise UnknownName(message)
    environment, name = stack.split("/")
    return data_dir / "state" / environment / f"{name}{suffix}"


def make_private(folder: Path) -> None:
    """Make an environment's folder, and the one around it, for the owner alone."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
