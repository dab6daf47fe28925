"""The documentation is true as far as a program can tell: nothing generated is stale, no link leads nowhere."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.main import COMMANDS
from scripts import docs
from workers.catalog import parse_catalog
from workers.runtime.settings import setting_names

ROOT = docs.ROOT
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
TEXT = {page: page.read_text(encoding="utf-8") for page in PAGES}

LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
# Variables of compose.yaml and of other programs' configuration, which Tegu itself does not read.
NOT_SETTINGS = frozenset(
    re.findall(r"\$\{(TEGU_\w+)", (ROOT / "compose.yaml").read_text(encoding="utf-8")),
)
FOR_DEVELOPERS = frozenset(
    {"TEGU_BENCH_BEFORE", "TEGU_TEST_SHOTS", "TEGU_BENCH_REPOSITORY", "TEGU_TEST_BUILDS", "TEGU_TEST_EXAMPLES"}
)
FOR_HOOKS = frozenset(re.findall(r'"(TEGU_\w+)": ground', (ROOT / "workers/deploy/transaction/hooks.py").read_text()))


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", TEXT[page]), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def catalogs() -> Iterator[tuple[str, str]]:
    """Every whole catalog that is shown: the examples, and the blocks of pages that have `repos`."""
    for file in sorted((ROOT / "examples").glob("*.yaml")):
        yield name_of(file), file.read_text(encoding="utf-8")
    for page in PAGES:
        for number, (language, block) in enumerate(FENCED.findall(TEXT[page])):
            if language == "yaml" and re.search(r"^repos:", block, re.MULTILINE):
                yield f"{name_of(page)} block {number}", block


SHOWN = dict(catalogs())


def test_no_generated_page_is_stale() -> None:
    # In a process of its own: click keeps the help option of whoever made a command's first context in this one.
    done = subprocess.run([sys.executable, ROOT / "scripts/docs.py", "--check"], capture_output=True, check=False)
    assert (done.returncode, done.stdout.decode()) == (0, ""), "run: make docs"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    broken = []
    for target, anchor in LINK.findall(FENCED.sub("", TEXT[page])):
        found = (page.parent / target).resolve() if target else page
        if not found.exists() or (anchor and found in TEXT and anchor not in anchors(found)):
            broken.append(f"{target}#{anchor}" if anchor else target)
    assert broken == []


@pytest.mark.parametrize("shown", SHOWN)
def test_every_catalog_that_is_shown_is_valid(shown: str) -> None:
    parse_catalog(SHOWN[shown], path=ROOT / "tegu.yaml", environ={}, secrets=False)


def test_every_page_is_in_the_index() -> None:
    index = {(ROOT / "docs" / target).resolve() for target, _ in LINK.findall(TEXT[ROOT / "docs/README.md"])}
    decisions = ROOT / "docs/decisions"
    index |= {(decisions / target).resolve() for target, _ in LINK.findall(TEXT[decisions / "README.md"])}
    pages = set((ROOT / "docs").rglob("*.md")) - {ROOT / "docs/README.md"}
    assert sorted(name_of(page) for page in pages - index) == []


def test_pages_name_only_settings_that_there_are() -> None:
    known = NOT_SETTINGS | FOR_HOOKS | FOR_DEVELOPERS | set(setting_names())
    named = {name for text in TEXT.values() for name in re.findall(r"\bTEGU_[A-Z_]+[A-Z]\b", text)}
    assert named - known == set()


def test_the_reference_names_what_hooks_get() -> None:
    assert len(FOR_HOOKS) == 4
    assert [name for name in FOR_HOOKS if name not in TEXT[ROOT / "docs/reference/catalog.md"]] == []


def test_pages_name_only_commands_that_there_are() -> None:
    lines = (line for text in TEXT.values() for _, block in FENCED.findall(text) for line in block.splitlines())
    called = {match[1] for line in lines if (match := re.match(r"(?:\$ )?(?:\.venv/bin/)?tegu ([a-z]+)", line))}
    assert called - set(COMMANDS) == set()
