"""`tegu init`: a first catalog and a webhook secret from nothing but a repository's address."""

from __future__ import annotations

import os
import posixpath
import re
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from workers.adapters.git.clone import Clone
from workers.catalog.catalog import Catalog
from workers.catalog.discovery import find_folders
from workers.catalog.fields import NAME, is_local
from workers.catalog.folders import COMPOSE_FILES
from workers.catalog.parsing import parse_catalog
from workers.catalog.sections import RepoSection
from workers.changes.tree import FOLDER, Tree
from workers.model.errors import UnknownName, UsageError
from workers.model.stack import Repo
from workers.runtime.settings import Settings

SECRET_FILE = "webhook_secret"  # noqa: S105 (a file's name)

_USUAL_REFS = ("main", "master", "trunk", "develop")
_MAX_FOLDERS = 20_000


@dataclass(frozen=True, slots=True)
class Founded:
    """What has been written: the catalog, the secret's file, the repo, and the stacks that it will have."""

    catalog: Path
    secret: Path
    repo: str
    ref: str
    stacks: tuple[str, ...]
    skipped: tuple[str, ...]


def found(settings: Settings, url: str, *, name: str | None = None, ref: str | None = None) -> Founded:
    """Read a repository and write a catalog for it.

    Args:
        settings: where the catalog and the clone go.
        url: the repository.
        name: what to call it; by default, after its address.
        ref: the branch or tag to follow; by default, main or master.

    Raises:
        UsageError: when the address or name is not valid, or a file is there already.
        UnknownName: when the ref is not there.
        GitUnavailable: when the repository cannot be read.
    """
    secret_file = settings.catalog.absolute().parent / SECRET_FILE
    for path in (settings.catalog, secret_file):
        if path.exists():
            message = f"{path} is there already and is not overwritten; remove it, or set TEGU_CATALOG"
            raise UsageError(message)
    address = os.path.abspath(Path(url).expanduser()) if is_local(url) else url  # noqa: PTH100 (without ..)
    repo = _repo(address, name or _name_of(url), ref)
    with Clone(repo, settings.data_dir) as clone:
        heads = clone.fetch([ref] if ref else _USUAL_REFS)
        followed = next((each for each in ([ref] if ref else _USUAL_REFS) if each in heads), None)
        if followed is None:
            wanted = ref or " or ".join(_USUAL_REFS)
            message = f"{address} has no branch or tag {wanted}; name one with --ref"
            raise UnknownName(message)
        folders = tuple(_compose_folders(clone.tree(heads[followed])))
    text = _catalog_text(repo, address, followed, _globs(folders))
    catalog = parse_catalog(text, path=settings.catalog, environ={}, secrets=False)
    stacks, skipped = _expected(catalog, repo.name, folders)
    _write(secret_file, secrets.token_hex(20) + "\n", 0o600)
    _write(settings.catalog, text, 0o644)
    return Founded(settings.catalog, secret_file, repo.name, followed, stacks, skipped)


def _repo(url: str, name: str, ref: str | None) -> Repo:
    if not NAME.fullmatch(name):
        message = f"{name!r} is not a valid name for the repo; give it one with --name"
        raise UsageError(message)
    try:
        section = RepoSection(url=url, **({"ref": ref} if ref else {}))
    except ValidationError as error:
        message = "; ".join(f"{item['loc'][0]}: {item['ctx']['error']}" for item in error.errors(include_url=False))
        raise UsageError(message) from None
    return Repo(name=name, url=section.url, ref=section.ref)


def _name_of(url: str) -> str:
    """The last part of an address as a name the catalog takes."""
    last = posixpath.basename(url.rstrip("/").replace(":", "/")).removesuffix(".git")
    return re.sub(r"[^a-z0-9_-]+", "-", last.lower()).strip("-_")[:63] or "repo"


def _compose_folders(tree: Tree) -> Iterator[str]:
    """Every folder with a Compose file that is not inside another such folder."""
    oids = {"": root.oid} if (root := tree.entry("")) else {}
    stacks: set[str] = set()

    def subfolders(folder: str) -> Iterable[str]:
        entries = tree.listing(oids[folder])
        if any(name in COMPOSE_FILES and entry.mode != FOLDER for name, entry in entries.items()):
            stacks.add(folder)
            if folder:
                return
        for name, entry in entries.items():
            if entry.mode == FOLDER and not name.startswith(".") and len(oids) < _MAX_FOLDERS:
                oids[posixpath.join(folder, name)] = entry.oid
                yield name

    for _ in find_folders(["**"], subfolders) if oids else ():
        pass
    yield from sorted(stacks)


def _globs(folders: Iterable[str]) -> list[str]:
    """The fewest globs that mean these folders: one for each folder that stacks lie in, `.` for the root."""
    parents = Counter(posixpath.dirname(folder) for folder in folders if folder)
    globs = [posixpath.join(parent, "*") for parent in sorted(parents)]
    return [*(["."] if "" in folders else []), *globs] or ["*", "*/*"]


def _expected(catalog: Catalog, repo: str, folders: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found_stacks, invalid = catalog.discover(repo, "default", folders)
    return tuple(stack.name for stack in found_stacks), tuple(message for _, message in invalid)


def _catalog_text(repo: Repo, url: str, ref: str, globs: list[str]) -> str:
    values: Mapping[str, str] = {
        "url": _quoted(url),
        "ref": _quoted(ref),
        "webhook_secret_file": SECRET_FILE,
        "discover": f"[{', '.join(_quoted(glob) for glob in globs)}]",
    }
    lines = [f"    {key}: {value}" for key, value in values.items()]
    return "\n".join(
        [
            "# What Tegu deploys; `tegu check` tells whether it is in order, `tegu schema` what else may stand here.",
            "repos:",
            f"  {repo.name}:",
            *lines,
            "    # for a private repository: username and password_file, or ssh_key_file",
            "",
        ],
    )


def _quoted(text: str) -> str:
    """A text as YAML; a dollar sign would begin a variable."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return text if re.fullmatch(r"[A-Za-z][A-Za-z0-9_./@:-]*[A-Za-z0-9]|/[A-Za-z0-9_./-]+", text) else f'"{escaped}"'


def _write(path: Path, text: str, mode: int) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}"
        raise UsageError(message) from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
