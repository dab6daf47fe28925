"""The text of a first catalog: what `tegu init` was told and has found, and lines to fill in where it was refused."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from workers.model.secret import Secret
from workers.runtime.settings import write_duration

SECRET_FILE = "webhook_secret"  # noqa: S105 (a file's name)
TOKEN_FILE = "git_token"  # noqa: S105 (a file's name)

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./@:-]*[A-Za-z0-9]|/[A-Za-z0-9_./-]+")


@dataclass(frozen=True, slots=True)
class Access:
    """How a private repository is read.

    Attributes:
        token: somebody has typed it; it is to be kept in `TOKEN_FILE`.
        token_file: where it lies already.
        ssh_key: the private key's file.
        known_hosts: the file with the server's key.
    """

    token: Secret | None = field(default=None, repr=False)
    token_file: Path | None = None
    ssh_key: Path | None = None
    known_hosts: Path | None = None


def catalog_text(
    name: str, url: str, ref: str, folders: Iterable[str], access: Access, poll: timedelta | None, folder: Path
) -> str:
    """The catalog.

    Args:
        name: of the repo.
        url: of the repo.
        ref: the branch or tag to follow.
        folders: where stacks are; none where nobody knows.
        access: how it is read.
        poll: how often to look without a webhook.
        folder: where the catalog will lie, which files in it are named relative to.
    """
    globs = _globs(folders)
    values: Mapping[str, str | None] = {
        "url": _quoted(url),
        "ref": _quoted(ref),
        "webhook_secret_file": SECRET_FILE,
        "password_file": TOKEN_FILE if access.token else _file(access.token_file, folder),
        "ssh_key_file": _file(access.ssh_key, folder),
        "known_hosts_file": _file(access.known_hosts, folder),
        "poll": write_duration(poll) if poll else None,
        "discover": f"[{', '.join(_quoted(glob) for glob in globs)}]",
    }
    lines = [f"    {key}: {value}" for key, value in values.items() if value]
    head = "# What Tegu deploys; `tegu check` tells whether it is in order, `tegu schema` what else may stand here."
    return "\n".join([head, "repos:", f"  {name}:", *lines, ""])


def prepared(text: str, lines: Iterable[str]) -> str:
    """A catalog with lines that somebody has to fill in, as comments in the repo's section."""
    return text + "".join(f"    # {line}\n" for line in lines)


def _globs(folders: Iterable[str]) -> list[str]:
    """The fewest globs that mean these folders: one for each folder that stacks lie in, `.` for the root."""
    known = tuple(folders)
    parents = Counter(posixpath.dirname(folder) for folder in known if folder)
    globs = [posixpath.join(parent, "*") for parent in sorted(parents)]
    return [*(["."] if "" in known else []), *globs] or ["*", "*/*"]


def _file(path: Path | None, folder: Path) -> str | None:
    if path is None:
        return None
    whole = path.expanduser().absolute()
    return _quoted(str(whole.relative_to(folder)) if whole.is_relative_to(folder) else str(whole))


def _quoted(text: str) -> str:
    """A text as YAML; a dollar sign would begin a variable."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return text if _PLAIN.fullmatch(text) else f'"{escaped}"'
