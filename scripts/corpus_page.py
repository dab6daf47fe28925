#!/usr/bin/env python3
"""Write `docs/reference/corpus.md` from the corpus."""

from __future__ import annotations

from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/reference/corpus.md"
HEAD = """\
# What change detection knows of Compose

Every feature of a Compose project that decides what belongs to a stack, with the project that shows it. Each is read
by Tegu and by the real `docker compose`, and both must look at the same files; `tests/corpus/README.md` says how to
add one. A case that is *refused* makes its stack `invalid`, with a message that says what to do.

| feature | case |
|---|---|
"""


def page() -> str:
    """The page as it should be; `scripts/corpus_page.py` writes it."""
    rows = []
    for file in sorted((ROOT / "tests/corpus").glob("*/expected.yaml")):
        expected = yaml.safe_load(file.read_text(encoding="utf-8"))
        name = file.parent.name
        refused = " (refused)" if "invalid" in expected else ""
        feature = expected["feature"].replace("|", "\\|")
        rows.append(f"| {feature}{refused} | [{name}](../../tests/corpus/{name}) |\n")
    return HEAD + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
