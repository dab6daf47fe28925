"""The values that a deployment has read and that nobody is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.unit.deploy.transaction.grounds import a_ground, a_model
from workers.deploy.transaction.secrets_read import hidden_of
from workers.runtime.masking import MASK


def test_what_new_and_live_env_files_and_secrets_hold_is_hidden_and_names_are_told(tmp_path: Path) -> None:
    ground = a_ground(tmp_path, options={"variables": {"API_KEY": "kfj38dk2"}})
    snapshot = replace(
        ground.snapshot, model=("a/compose.yaml", "a/.env"), secrets=("a/.env",), entries={"a/compose.yaml": None}
    )
    for root, value in ((ground.folders.stage, "new-s3cr3t-value"), (ground.folders.live, "old-s3cr3t-value")):
        (root / "a").mkdir(parents=True, exist_ok=True)
        (root / "a/.env").write_text(f"DB_PASSWORD={value}\nPORT=8080\n# DB_PASSWORD=commented-0ut\n")
    (tmp_path / "token").write_text("t0ken-of-a-file\n")
    model = a_model(web={"hostname": "db7-primary-x"}) | {"secrets": {"it": {"file": str(tmp_path / "token")}}}

    told = hidden_of(ground, snapshot, model).masked(
        "kfj38dk2 new-s3cr3t-value old-s3cr3t-value t0ken-of-a-file 8080 web:1 db7-primary-x"
    )

    assert told == f"{MASK} {MASK} {MASK} {MASK} 8080 web:1 db7-primary-x"
