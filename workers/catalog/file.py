"""The catalog on disk: read again when it changes, and never worse than the last valid one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from workers.catalog.catalog import Catalog
from workers.catalog.parsing import parse_catalog
from workers.model.errors import CatalogError
from workers.runtime.late import late
from workers.runtime.masking import mask, secrets_in
from workers.runtime.settings import process_environment

if TYPE_CHECKING:
    import structlog
else:
    structlog = late("structlog")  # costs as much as the catalog, and is hardly ever needed

Signature = tuple[int, int, int]


class CatalogFile:
    """The catalog's file.

    `problem` is what is wrong with the file as it is now, while an older valid catalog stays in force.

    Args:
        path: the file.
        environ: where `${NAME}` comes from; the process's own environment by default.
        patience: seconds for which a secret's file is believed to be as it was: each decision asks for the catalog
            several times, and there may be hundreds of repos with secrets.
    """

    def __init__(self, path: Path, environ: Mapping[str, str] | None = None, *, patience: float = 1.0) -> None:
        self.path = path
        self._patience = patience
        self._looked_at_secrets = -patience
        self.problem: CatalogError | None = None
        self._environ = environ
        self._catalog: Catalog | None = None
        self._signatures: Mapping[Path, Signature | None] = {}
        self._lock = threading.Lock()

    def current(self) -> Catalog:
        """The last valid catalog; one `stat` (and one a second for each secret's file) when nothing has changed.

        Raises:
            CatalogError: when there has not been a valid one.
        """
        with self._lock:
            if self._has_changed():
                self._read()
            if self._catalog is None:
                raise self.problem or CatalogError(f"{self.path}: has not been read")
            return self._catalog

    def _has_changed(self) -> bool:
        if self.path not in self._signatures or _signature(self.path) != self._signatures[self.path]:
            return True
        if time.monotonic() - self._looked_at_secrets < self._patience:
            return False
        self._looked_at_secrets = time.monotonic()
        return any(_signature(path) != seen for path, seen in self._signatures.items())

    def _read(self) -> None:
        # Signatures are taken before reading: a change in between is seen the next time.
        signatures = {self.path: _signature(self.path)}
        environ = process_environment() if self._environ is None else self._environ
        try:
            catalog = load_catalog(self.path, environ)
        except CatalogError as error:
            self.problem = error
            if self._catalog is not None:
                _log_problem(error)
        else:
            self._catalog, self.problem = catalog, None
            mask(_secrets(catalog))
            signatures |= {file: _signature(file) for file in catalog.secret_files}
        self._signatures = signatures


def load_catalog(path: Path, environ: Mapping[str, str], *, secrets: bool = True) -> Catalog:
    """Read and parse the file once.

    Args:
        path: the file.
        environ: where `${NAME}` comes from.
        secrets: as in `parse_catalog`.

    Raises:
        CatalogError: also when the file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        message = f"{path}: there is no such file; `tegu init URL` writes one, TEGU_CATALOG names another"
        raise CatalogError(message) from None
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise CatalogError(message) from error
    except UnicodeDecodeError as error:
        message = f"{path}: is not a text in UTF-8"
        raise CatalogError(message) from error
    return parse_catalog(text, path=path, environ=environ, secrets=secrets)


def _secrets(catalog: Catalog) -> Iterator[str]:
    for repo in catalog.repos.values():
        yield from (secret.reveal() for secret in (*repo.webhook_secrets, repo.password) if secret is not None)
    for receiver in catalog.receivers:
        yield from secrets_in(receiver.url.reveal())


def _signature(path: Path) -> Signature | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _log_problem(error: CatalogError) -> None:
    structlog.get_logger().error(
        "catalog_invalid", problems=list(error.problems), effect="the last valid catalog stays in force"
    )
