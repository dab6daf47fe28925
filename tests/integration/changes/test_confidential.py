"""Every release of Compose quotes env files in its errors; none of that is handed on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.changes.judge import Judge
from workers.adapters.docker.compose import Compose
from workers.adapters.docker.compose_project import Project
from workers.model.errors import InvalidStack

SECRET = "EXAMPLESECRET"
MALFORMED = {
    "key": f"A=-----BEGIN\nMIIE{SECRET}+abc/def==\n",
    "quote": f'A=1\nB="{SECRET} and so on\nC=1\n',
    "single quote": f"A='{SECRET}\n",
    "space": f"{SECRET} and so on\n",
    "space before": f"{SECRET} A=so on\n",
    "character": f"{SECRET}!!",
    "template": f"A={SECRET}${{\n",
    "required": f"A=${{Q:?{SECRET}}}\n",
    "required, by name": f"A=${{{SECRET}?}}\n",
    "required, over lines": f'A="${{Q:?a\n{SECRET}}}"\n',
    "unset": f"A=b${SECRET}\n",
}
READ_BY = {
    "service": "services: {a: {image: x, env_file: [a.env]}}",
    "raw": "services: {a: {image: x, env_file: [{path: a.env, format: raw}]}}",
    "labels": "services: {a: {image: x, label_file: [a.env]}}",
    "include": "services: {a: {image: x}}\ninclude: [{path: b.yaml, env_file: a.env}]",
    "project": "services: {a: {image: x}}",
}
# Values that are fine by themselves and not where they are used.
MISUSED = {
    "port": "services: {a: {image: x, ports: ['${A}']}}",
    "part of a port": "services: {a: {image: x, ports: ['80:${A}/tcp']}}",
    "size": "services: {a: {image: x, mem_limit: '${A}'}}",
    "duration": "services: {a: {image: x, stop_grace_period: '${A}'}}",
    "flag": "services: {a: {image: x, tty: '${A}'}}",
    "number": "services: {a: {image: x, scale: '${A}'}}",
    "device": "services: {a: {image: x, gpus: '${A}'}}",
    "network": "services: {a: {image: x, network_mode: 'service:${A}'}}",
    "included": "services: {a: {image: x}}\ninclude: [{path: c.yaml, env_file: a.env}]",
}


def said(judge: Judge, folder: Path, *env_files: str) -> str:
    project = Project(
        "confidential",
        folder,
        folder,
        (str(folder / "compose.yaml"),),
        tuple(str(folder / name) for name in env_files),
        environment={"PATH": "/usr/bin:/bin", "HOME": "/root"},
    )
    try:
        return Compose(judge.argv).config(project, private=[str(folder / "a.env")])[1]
    except InvalidStack as error:
        return str(error)


@pytest.mark.parametrize("form", READ_BY)
def test_no_line_of_a_file_that_cannot_be_read_is_quoted(form: str, judges: list[Judge], tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(READ_BY[form])
    (tmp_path / "b.yaml").write_text("services: {b: {image: x}}")
    for judge in judges:
        told = {}
        for name in MALFORMED if form == "service" else ("key", "quote", "space", "template"):
            (tmp_path / "a.env").write_text(MALFORMED[name])
            told[name] = said(judge, tmp_path, *["a.env"] * (form == "project"))
        assert any(told.values()), judge.version
        assert not {name: text for name, text in told.items() if SECRET in text}, judge.version


@pytest.mark.parametrize("name", MISUSED)
def test_no_value_that_does_not_fit_is_quoted(name: str, judges: list[Judge], tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(MISUSED[name])
    (tmp_path / "c.yaml").write_text("services: {b: {image: x, ports: ['${A}']}}")
    (tmp_path / "a.env").write_text(f"A={SECRET}+9\n")
    for judge in judges:
        assert SECRET not in said(judge, tmp_path, "a.env"), judge.version
