"""What `tegu up` runs, and how supervisor is told of it."""

from __future__ import annotations

from configparser import RawConfigParser
from pathlib import Path

from supervisor.options import ServerOptions

from app.up.programs import Program, programs, supervisor_config
from workers.runtime.settings import load_settings


def _config(tmp_path: Path, redis: Program | None) -> Path:
    settings = load_settings({"TEGU_DATA_DIR": str(tmp_path / "100% odd folder"), "TEGU_WORKER": "nas"})
    settings.data_dir.mkdir()
    path = tmp_path / "supervisor.conf"
    path.write_text(supervisor_config(programs(settings), redis, settings.data_dir))
    return path


def test_every_part_is_there_and_one_worker_takes_from_both_queues() -> None:
    found = {program.name: " ".join(program.argv) for program in programs(load_settings({}))}
    assert set(found) == {"web", "worker", "flower"}
    assert "-Q" not in found["worker"]


def test_flower_listens_where_it_is_told() -> None:
    settings = load_settings({"TEGU_FLOWER_BIND": "[::1]:5556"})
    argv = next(program.argv for program in programs(settings) if program.name == "flower")
    assert {"--address=::1", "--port=5556"} <= set(argv)


def test_flower_can_be_left_out() -> None:
    found = {program.name for program in programs(load_settings({"TEGU_FLOWER_BIND": "off"}))}
    assert found == {"web", "worker"}


def test_supervisor_reads_the_command_lines_as_they_are_meant(tmp_path: Path) -> None:
    redis = Program("redis", ("/bin/redis server", "--save", "", "--dir", "/100%/x"))
    options = ServerOptions()
    options.realize(["-n", "-c", str(_config(tmp_path, redis))], doc="")
    groups = {group.name: group for group in options.process_group_configs}
    assert groups["redis"].priority < groups["tegu"].priority
    commands = {process.name: process for group in groups.values() for process in group.process_configs}
    assert commands["redis"].command == "'/bin/redis server' --save '' --dir /100%/x"
    assert "-n worker-nas@%h" in commands["worker"].command
    assert commands["redis"].autostart
    assert not commands["web"].autostart


def test_an_own_redis_is_not_started(tmp_path: Path) -> None:
    parser = RawConfigParser()
    parser.read(_config(tmp_path, None))
    assert "program:redis" not in parser.sections()
    assert parser["group:tegu"]["programs"] == "web,worker,flower"
