"""What is known of a model without Compose is what each release of Compose says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.releases import READING, release
from workers.adapters.docker.compose import Compose
from workers.adapters.docker.compose_project import Project
from workers.changes.plain_values import model_of

PLAIN = [
    "a", "yes", "no", "on", "off", "y", "n", "Yes", "ON", "tRUE", "nULL", "NaN", "Inf", "inf", "nan", "infinity",
    "x1", "e3", "o17", "abc:def", "a:b:c", "a/b", "a@b", "a.b", "a..b", "a-", "a_b", "a-b:c-d",
    "localhost:5000/a/b:c", "name@sha256:0123", "T00:00", "z0x1F", "true.x", "null-x",
]  # fmt: skip
QUOTED = [
    *PLAIN,
    "null", "~", "17", "0x1F", "1e3", "2001-01-01", ".inf", " a ", "a: b", "a #b", "# a", "- a", "* a", "&a", "!a",
    "!!str a", "%a", "@a", "`a`", "{a: b}", "[a]", "a, b", "|", ">", "?", "<<", "=", "a=b", "^", "; a", "(a)", "-",
    "--a=b",
]  # fmt: skip


def _file(plain: list[str], quoted: list[str], images: list[str]) -> str:
    lines = ["services:"]
    for number, image in enumerate(images):
        lines += [f"  i{number}:", f"    image: {image}"]
    lines += ["  web:", "    image: x:1", "    environment:", *(f"      P{n}: {each}" for n, each in enumerate(plain))]
    lines += ["    labels:", *(f"      p{n}: {each}" for n, each in enumerate(plain)), "    command:"]
    lines += [f"      - {each}" for each in plain] + [f'      - "{each}"' for each in quoted]
    lines += ["  db:", "    image: x:1", "    command: [" + ", ".join(f"'{each}'" for each in quoted) + "]"]
    values = ", ".join(f'K{n}: "{each}"' for n, each in enumerate(quoted))
    return "\n".join([*lines, f"    environment: {{{values}}}", f"    labels: {{{values}}}", ""])


@pytest.mark.parametrize("name", READING)
def test_every_plain_value_is_what_compose_makes_of_it(name: str, tmp_path: Path) -> None:
    place = tmp_path / "compose.yaml"
    project = Project("p", tmp_path, tmp_path, (str(place),), environment={"PATH": "/usr/bin:/bin", "HOME": "/"})

    def config(text: str) -> dict[str, Any]:
        place.write_text(text)
        return Compose(release(name).argv).config(project)[0]

    images = ["busybox", "localhost:5000/a/b:1.2-rc_3", "name:tag@sha256:" + "0" * 64, "a.b/c:D", "true.x"]
    old = _file(["before"] * len(PLAIN), ["before"] * len(QUOTED), ["before"] * len(images))
    new = _file(PLAIN, QUOTED, images)
    known = model_of(new, old, config(old))
    assert known is not None
    assert known == config(new)
