"""What the catalog holds of secrets is not shown by any process that has read it."""

from __future__ import annotations

from pathlib import Path

from workers.catalog import CatalogFile
from workers.runtime.masking import MASK, masked


def test_webhook_secrets_and_passwords_are_masked_once_the_catalog_is_read(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("pass-of-the-forge\n")
    path = tmp_path / "tegu.yaml"
    path.write_text(
        "repos:\n  a:\n    url: https://git.example.com/a.git\n    webhook_secret: [first-of-two, '${SECOND}']\n"
        f"    username: me\n    password_file: {tmp_path}/password\n"
    )
    CatalogFile(path, {"SECOND": "second-of-two"}).current()
    line = "seen: first-of-two, second-of-two, pass-of-the-forge"
    assert masked(line) == f"seen: {MASK}, {MASK}, {MASK}"
