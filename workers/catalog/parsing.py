"""Text to `Catalog`, with every problem of the file at once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from workers.catalog.catalog import Catalog
from workers.catalog.credentials import absolute, is_usable, read_secret
from workers.catalog.document import Document, Value, is_secret, problem
from workers.catalog.document import Path as Place
from workers.catalog.expansion import Expansion
from workers.catalog.fields import is_local
from workers.catalog.problems import Problems
from workers.catalog.receivers import read_receivers
from workers.catalog.sections import CatalogSection, RepoSection
from workers.model.secret import Secret
from workers.model.stack import Repo

_FAMILIES = ("repos", "environments", "stacks")


def parse_catalog(text: str, *, path: Path, environ: Mapping[str, str], secrets: bool = True) -> Catalog:
    """Read a catalog.

    Args:
        text: the YAML.
        path: where it stands; relative files and local repositories are relative to its folder.
        environ: where `${NAME}` comes from.
        secrets: False for callers that need none (comparing commits in a pull request): a variable that is
            missing in a secret, or a secret's file, is then no problem.

    Raises:
        CatalogError: with every problem.
    """
    document = Document(text, str(path))
    problems = Problems(document)

    def report(place: Place, message: str) -> None:
        if secrets or not is_secret(place):
            problems.add_unreadable(place, message)

    values, used = document.values(environ, report)
    if not isinstance(values, dict):
        what = "is empty" if values is None else "is not a mapping"
        raise problem(str(path), 1, f"the catalog {what}; it has the keys repos, environments, defaults and stacks")
    names = {family: _keys(values.get(family)) for family in _FAMILIES}
    file = _validate(values, problems)
    warnings: list[str] = []
    repos = {
        name: _repo(name, section, path, warnings if secrets else None, problems)
        for name, section in file.repos.items()
    }
    expansion = Expansion(file, repos, problems, names)
    configured, folders = expansion.stacks(), expansion.folders()
    known = names["environments"] | set(expansion.environments)
    receivers = read_receivers(file.notify, path, warnings if secrets else None, problems, known)
    problems.raise_any()
    return Catalog(
        path=path,
        version=_digest(text, used),
        repos=repos,
        environments=expansion.environments,
        warnings=tuple(warnings),
        secret_files=_secret_files(file, path) if secrets else (),
        configured=configured,
        folders=folders,
        discovering=expansion.discovering(),
        make=expansion.make,
        receivers=receivers,
        removal=expansion.removal(),
        pausing=expansion.pausing(),
    )


def _keys(value: Value) -> frozenset[str]:
    return frozenset(value) if isinstance(value, dict) else frozenset()


def _validate(values: dict[str, Value], problems: Problems) -> CatalogSection:
    """Validate; entries with mistakes are reported and left out, so that the others can be looked at further."""
    while True:
        try:
            return CatalogSection.model_validate(values)
        except ValidationError as error:
            for place in problems.add_validation(error):
                values = _without(values, place)


def _without(values: dict[str, Value], place: Place) -> dict[str, Value]:
    family = str(place[0])
    entries = values.get(family)
    if family in _FAMILIES and len(place) > 1 and isinstance(entries, dict):
        return values | {family: {name: entry for name, entry in entries.items() if name != place[1]}}
    return {key: value for key, value in values.items() if key != family}


def _repo(name: str, section: RepoSection, path: Path, warnings: list[str] | None, problems: Problems) -> Repo:
    folder = path.absolute().parent
    for key in ("webhook_secret", "password"):
        if getattr(section, key) is not None and getattr(section, f"{key}_file") is not None:
            problems.add(("repos", name, f"{key}_file"), f"stands beside {key}; keep one of them")
    found: tuple[Secret, ...] = ()
    password: Secret | None = None
    if warnings is not None:
        place = f"{path}: repos.{name}"
        found = _webhook_secrets(section, place, folder, warnings)
        password = _password(section, place, folder, warnings)
    local = is_local(section.url)
    return Repo(
        name=name,
        url=absolute(folder, section.url) if local else section.url,
        ref=section.ref,
        webhook_secrets=found,
        username=section.username,
        password=password,
        ssh_key_file=section.ssh_key_file and absolute(folder, section.ssh_key_file),
        known_hosts_file=section.known_hosts_file and absolute(folder, section.known_hosts_file),
        allow_remote_include=section.allow_remote_include,
        poll=section.poll,
        discover=section.discover,
    )


def _webhook_secrets(section: RepoSection, place: str, folder: Path, warnings: list[str]) -> tuple[Secret, ...]:
    texts = [(f"{place}.webhook_secret", text) for text in section.webhook_secret or ()]
    files = section.webhook_secret_file or ()
    texts += [read_secret(absolute(folder, file), f"{place}.webhook_secret_file") for file in files]
    return tuple(Secret(text) for where, text in texts if is_usable(where, text, warnings))


def _password(section: RepoSection, place: str, folder: Path, warnings: list[str]) -> Secret | None:
    text, where = section.password, f"{place}.password"
    if section.password_file is not None:
        where, text = read_secret(absolute(folder, section.password_file), f"{place}.password_file")
    return Secret(text) if text is not None and is_usable(where, text, warnings) else None


def _secret_files(file: CatalogSection, path: Path) -> tuple[Path, ...]:
    names = [
        name
        for section in file.repos.values()
        for name in (*(section.webhook_secret_file or ()), section.password_file)
        if name is not None
    ]
    names += [section.url_file for section in file.notify if section.url_file is not None]
    return tuple(Path(absolute(path.absolute().parent, name)) for name in names)


def _digest(text: str, used: Mapping[str, str]) -> str:
    digest = hashlib.sha256(text.encode())
    for name, value in sorted(used.items()):
        digest.update(f"\0{name}={value}".encode())
    return digest.hexdigest()
