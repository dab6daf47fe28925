"""A history before a judge: here a program that answers in Compose's place, so that it can be made to disagree."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import judged
from benchmarks.repositories import make_repository

SERVICE = "services:\n  app:\n    image: example.com/app:1@sha256:{digest}\n"
ONE, TWO = (SERVICE.format(digest=figure * 64) for figure in "12")


def program(folder: Path, answer: str) -> str:
    """A `docker-compose` that answers `version` as one, and anything else so."""
    path = folder / "docker-compose"
    path.write_text(f'#!/bin/sh\nif [ "$1" = version ]; then echo 5.6.1; exit; fi\n{answer}\n')
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "r.git"
    make_repository(
        folder,
        [
            {"web/compose.yaml": ONE, "db/compose.yaml": ONE},
            {"web/compose.yaml": f"# words\n{ONE}"},
            {"web/compose.yaml": TWO},
            {"README.md": "words"},
        ],
    )
    return folder


def judge(repository: Path, compose: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, object]]:
    code = judged.main([str(repository), "--compose", compose, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_judge_that_goes_by_the_image_agrees(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = judge(repository, program(tmp_path, 'echo "app $(grep -o sha256.* compose.yaml)"'), capsys)
    assert code == 0
    assert found["commits"] == 3
    assert (found["stacks"], found["services"], found["differing"]) == (2, 2, 1)
    assert found["missed"] == found["needless"] == []


def test_what_has_another_hash_and_stays_is_missed(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = judge(repository, program(tmp_path, 'echo "app $(cksum < compose.yaml | tr -d " ")"'), capsys)
    assert code == 1
    assert [line.partition(" ")[2] for line in found["missed"]] == ["web: app"]  # type: ignore[attr-defined]


def test_what_has_the_same_hash_and_comes_up_is_needless(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = judge(repository, program(tmp_path, "echo app same"), capsys)
    assert code == 1
    assert [line.partition(" ")[2] for line in found["needless"]] == ["web: app"]  # type: ignore[attr-defined]


def test_what_the_judge_refuses_is_no_difference_and_listed_where_tegu_takes_it(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = 'grep -q words compose.yaml && { echo "no words" >&2; exit 1; }; echo app same'
    code, found = judge(repository, program(tmp_path, answer), capsys)
    assert code == 0
    assert found["refused"] == 1
    assert found["needless"] == []


def test_an_env_file_that_is_not_there_is_made_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = (f"{text}    env_file: own.env\n    ports: ['${{PORT:?}}:80']\n" for text in (ONE, TWO))
    make_repository(tmp_path / "r.git", [{"web/compose.yaml": text} for text in texts])
    answer = (
        '[ -f own.env ] || { echo "env file $PWD/own.env not found" >&2; exit 1; }; echo "app $PORT-$(wc -c < own.env)"'
    )
    code, found = judge(tmp_path / "r.git", program(tmp_path, answer), capsys)
    assert (found["stacks"], found["refused"], found["stricter"]) == (1, 0, [])
    assert code == 1  # this judge does not look at the image


def test_the_benchmark_runs_for_a_repository_that_is_named_and_is_silent_without_one(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TEGU_BENCH_REPOSITORY", raising=False)
    assert list(judged.measure()) == []
    (tmp_path / "cli-plugins").mkdir()
    program(tmp_path / "cli-plugins", 'echo "app $(grep -o sha256.* compose.yaml)"')
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("TEGU_BENCH_REPOSITORY", str(repository))
    (figure,) = judged.measure()
    assert figure.met
