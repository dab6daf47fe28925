"""`tegu init`: a first catalog and a webhook secret from nothing but a repository's address."""

from __future__ import annotations

import os
import posixpath
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
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
from workers.commands.first_catalog import SECRET_FILE, TOKEN_FILE, Access, catalog_text, prepared
from workers.model.errors import UnknownName, UsageError
from workers.model.secret import Secret
from workers.model.stack import Repo
from workers.runtime.settings import Settings

_USUAL_REFS = ("main", "master", "trunk", "develop")
_MAX_FOLDERS = 20_000
_NO_ACCESS = Access()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants a catalog for.

    Attributes:
        url: the repository.
        name: what to call it; by default, after its address.
        ref: the branch or tag to follow; by default, main or master.
        access: how it is read.
        poll: how often to look without a webhook; None: never.
    """

    url: str
    name: str | None = None
    ref: str | None = None
    access: Access = _NO_ACCESS
    poll: timedelta | None = None

    @property
    def address(self) -> str:
        """The repository as the catalog names it."""
        if not is_local(self.url):
            return self.url
        return os.path.abspath(Path(self.url).expanduser())  # noqa: PTH100 (without ..)

    @property
    def is_http(self) -> bool:
        """Whether it is read over http or https, with a token; else, if it is not on this machine, with a key."""
        return self.url.startswith(("http://", "https://"))


@dataclass(frozen=True, slots=True)
class Founded:
    """What has been written: the catalog, the secret's file, the repo, and the stacks that it will have."""

    catalog: Path
    secret: Path
    repo: str
    ref: str
    stacks: tuple[str, ...]
    skipped: tuple[str, ...]


def found(settings: Settings, wanted: Wanted) -> Founded:
    """Read a repository and write a catalog for it.

    Args:
        settings: where the catalog and the clone go.
        wanted: what for.

    Raises:
        UsageError: when the address or name is not valid, or a file is there already.
        UnknownName: when the ref is not there.
        GitRefused: when the repository is not for everybody; nothing is written.
        GitUnavailable: when the repository cannot be read.
    """
    _check_nothing_is_there(settings, wanted.access)
    repo, address, ref = _repo(wanted), wanted.address, wanted.ref
    with Clone(repo, settings.data_dir) as clone:
        heads = clone.fetch([ref] if ref else _USUAL_REFS)
        followed = next((each for each in ([ref] if ref else _USUAL_REFS) if each in heads), None)
        if followed is None:
            named = ref or " or ".join(_USUAL_REFS)
            message = f"{address} has no branch or tag {named}; name one with --ref"
            raise UnknownName(message)
        folders = tuple(_compose_folders(clone.tree(heads[followed])))
    text = _text(settings, wanted, repo.name, followed, folders)
    catalog = parse_catalog(text, path=settings.catalog, environ={}, secrets=False)
    stacks, skipped = _expected(catalog, repo.name, folders)
    return _written(settings, wanted.access, text, Founded(*_places(settings), repo.name, followed, stacks, skipped))


def prepare(settings: Settings, wanted: Wanted) -> Founded:
    """Write a catalog for a repository that could not be read, with lines to fill in.

    Raises:
        UsageError: when the address or name is not valid, or a file is there already.
    """
    _check_nothing_is_there(settings, wanted.access)
    name, ref = _repo(wanted).name, wanted.ref or _USUAL_REFS[0]
    lines = _TOKEN_LINES if wanted.is_http else _KEY_LINES
    text = prepared(_text(settings, wanted, name, ref, ()), lines)
    return _written(settings, wanted.access, text, Founded(*_places(settings), name, ref, (), ()))


_TOKEN_LINES = (
    f"password_file: {TOKEN_FILE}    # a file with a token that may read the repository, mode 0600",
    "username: x-access-token    # what the forge wants beside it",
)
_KEY_LINES = (
    "ssh_key_file: deploy_key    # a private key without a passphrase, mode 0600; its public half goes to the forge",
    "known_hosts_file: known_hosts    # what `ssh-keyscan` prints of the server, compared with what it publishes",
)


def _places(settings: Settings) -> tuple[Path, Path]:
    return settings.catalog, settings.catalog.absolute().parent / SECRET_FILE


def _check_nothing_is_there(settings: Settings, access: Access) -> None:
    catalog, secret = _places(settings)
    for path in (catalog, secret, *([secret.with_name(TOKEN_FILE)] if access.token else [])):
        if path.exists():
            message = f"{path} is there already and is not overwritten; remove it, or set TEGU_CATALOG"
            raise UsageError(message)


def _text(settings: Settings, wanted: Wanted, name: str, ref: str, folders: Iterable[str]) -> str:
    folder = settings.catalog.absolute().parent
    return catalog_text(name, wanted.address, ref, folders, wanted.access, wanted.poll, folder)


def _written(settings: Settings, access: Access, text: str, founded: Founded) -> Founded:
    _write(founded.secret, secrets.token_hex(20) + "\n", 0o600)
    if access.token:
        _write(founded.secret.with_name(TOKEN_FILE), access.token.reveal() + "\n", 0o600)
    _write(settings.catalog, text, 0o644)
    return founded


def _repo(wanted: Wanted) -> Repo:
    name, ref, access = wanted.name or _name_of(wanted.url), wanted.ref, wanted.access
    if not NAME.fullmatch(name):
        message = f"{name!r} is not a valid name for the repo; give it one with --name"
        raise UsageError(message)
    try:
        section = RepoSection(url=wanted.address, **({"ref": ref} if ref else {}))
    except ValidationError as error:
        message = "; ".join(f"{item['loc'][0]}: {item['ctx']['error']}" for item in error.errors(include_url=False))
        raise UsageError(message) from None
    repo = Repo(name=name, url=section.url, ref=section.ref, password=access.token or _token(access.token_file))
    return replace(repo, ssh_key_file=_path(access.ssh_key), known_hosts_file=_path(access.known_hosts))


def _token(file: Path | None) -> Secret | None:
    if file is None:
        return None
    try:
        token = file.expanduser().read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text"
        message = f"--token-file: {file} cannot be read ({reason})"
        raise UsageError(message) from error
    if not token:
        message = f"--token-file: {file} is empty"
        raise UsageError(message)
    return Secret(token)


def _path(file: Path | None) -> str | None:
    return str(file.expanduser().absolute()) if file else None


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


def _expected(catalog: Catalog, repo: str, folders: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found_stacks, invalid = catalog.discover(repo, "default", folders)
    return tuple(stack.name for stack in found_stacks), tuple(message for _, message in invalid)


def _write(path: Path, text: str, mode: int) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}"
        raise UsageError(message) from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
