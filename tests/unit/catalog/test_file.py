"""The catalog on disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import structlog

from workers.catalog import Catalog, CatalogFile, file
from workers.model.errors import CatalogError


def test_it_is_read_again_only_when_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tegu.yaml"
    path.write_text("repos: {a: {url: /a}}")
    reads = []
    load = file.load_catalog

    def counted(source: Path, environ: Mapping[str, str]) -> Catalog:
        reads.append(source)
        return load(source, environ)

    monkeypatch.setattr(file, "load_catalog", counted)
    source = CatalogFile(path, {})
    assert source.current() is source.current()
    assert len(reads) == 1
    path.write_text("repos: {a: {url: /a}, b: {url: /b}}")
    assert list(source.current().repos) == ["a", "b"]
    assert len(reads) == 2


def test_an_invalid_new_file_leaves_the_last_valid_one_in_force_and_is_logged_once(tmp_path: Path) -> None:
    path = tmp_path / "tegu.yaml"
    path.write_text("repos: {a: {url: /a}}")
    source = CatalogFile(path, {})
    first = source.current()
    path.write_text("repos: {a: {urll: /a}}")
    with structlog.testing.capture_logs() as logs:
        assert source.current() is first
        assert source.current() is first
    assert [entry["event"] for entry in logs] == ["catalog_invalid"]
    assert source.problem is not None
    assert "urll" in str(source.problem)
    path.unlink()
    with structlog.testing.capture_logs():
        assert source.current() is first
    path.write_text("repos: {b: {url: /bb}}")
    assert list(source.current().repos) == ["b"]
    assert source.problem is None


def test_without_a_valid_one_it_says_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "tegu.yaml"
    source = CatalogFile(path, {})
    with pytest.raises(CatalogError, match=r"there is no such file; `tegu init URL` writes one"):
        source.current()
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CatalogError, match="is not a text in UTF-8"):
        source.current()
    path.unlink()
    path.mkdir()
    with pytest.raises(CatalogError, match="cannot be read"):
        source.current()


def test_a_secret_in_a_file_may_be_changed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("old")
    (tmp_path / "tegu.yaml").write_text("repos: {a: {url: /a, webhook_secret_file: secret}}")
    patient, source = (CatalogFile(tmp_path / "tegu.yaml", {}, patience=each) for each in (3600, 0))
    for each in (patient, source):
        assert each.current().repos["a"].webhook_secrets[0].reveal() == "old"
    patient.current()
    (tmp_path / "secret").write_text("newer")
    assert source.current().repos["a"].webhook_secrets[0].reveal() == "newer"
    assert patient.current().repos["a"].webhook_secrets[0].reveal() == "old", "it was looked at a moment ago"
    (tmp_path / "tegu.yaml").write_text("repos: {a: {url: /b, webhook_secret_file: secret}}")
    assert patient.current().repos["a"].webhook_secrets[0].reveal() == "newer"


def test_variables_come_from_the_process_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMEWHERE", "/somewhere")
    (tmp_path / "tegu.yaml").write_text("repos: {a: {url: '${SOMEWHERE}'}}")
    assert CatalogFile(tmp_path / "tegu.yaml").current().repos["a"].url == "/somewhere"
