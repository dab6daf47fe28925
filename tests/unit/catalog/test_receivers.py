"""Who is told how stacks end, as the catalog has it."""

from __future__ import annotations

from pathlib import Path

from workers.catalog import CatalogFile, parse_catalog
from workers.model.secret import Secret
from workers.model.stack import Receiver
from workers.model.words import News
from workers.runtime.masking import MASK, masked

USUAL = frozenset(News) - {News.DEPLOYED}
TEXT = """
notify:
  - url: ${CHAT}
  - url_file: address
    on: [deployed]
    stacks: [default/*, "*/postgres"]
"""


def test_a_receiver_is_told_of_what_is_bad_and_of_its_end_unless_it_says_otherwise(tmp_path: Path) -> None:
    (tmp_path / "address").write_text("ntfy://topic\n")
    catalog = parse_catalog(TEXT, path=tmp_path / "tegu.yaml", environ={"CHAT": "json://chat"})
    assert catalog.receivers == (
        Receiver("notify[0]", 3, Secret("json://chat"), USUAL),
        Receiver("notify[1]", 4, Secret("ntfy://topic"), frozenset({News.DEPLOYED}), ("default/*", "*/postgres")),
    )
    assert catalog.secret_files == (tmp_path / "address",)


def test_an_address_that_is_not_known_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "tegu.yaml"
    catalog = parse_catalog(TEXT, path=path, environ={"CHAT": ""})
    assert catalog.receivers == ()
    assert catalog.warnings == (
        f"{path}: notify[0].url: is empty, so it is not used",
        f"{path}: notify[1].url_file: {tmp_path}/address cannot be read (No such file or directory)",
    )


def test_who_needs_no_secrets_gets_no_receivers(tmp_path: Path) -> None:
    catalog = parse_catalog(TEXT, path=tmp_path / "tegu.yaml", environ={}, secrets=False)
    assert (catalog.receivers, catalog.warnings) == ((), ())


def test_an_address_is_in_nothing_derived_and_is_masked(tmp_path: Path) -> None:
    def version(chat: str) -> str:
        return parse_catalog(TEXT, path=tmp_path / "tegu.yaml", environ={"CHAT": chat}).version

    assert version("json://one") == version("json://other")
    path = tmp_path / "tegu.yaml"
    path.write_text("notify: [{url: 'slack://me:pass-word@hook/TIiajkdnlazkcOXrIdevi7FQ/x'}]")
    shown = repr(CatalogFile(path, {}).current())
    assert "pass-word" not in shown
    assert masked("auth pass-word for /TIiajkdnlazkcOXrIdevi7FQ") == f"auth {MASK} for /{MASK}"
