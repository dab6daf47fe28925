"""Whom Flower answers: a browser that another site's name has led here is not one of them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from app.up.flower import is_meant_for, names_of
from workers.runtime.process import run
from workers.runtime.settings import load_settings

ROOT = Path(__file__).parent.parent.parent.parent
ASKED = """
import sys
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine
from app.up.flower import GuardedFlower, app, options

flower = GuardedFlower({"localhost"}, capp=app, options=options)
for method, path in (("GET", "/tasks"), ("POST", "/api/task/async-apply/tegu.pull")):
    headers = HTTPHeaders({"Host": "localhost"})
    line = RequestStartLine(method, path, "HTTP/1.1")
    flower.find_handler(HTTPServerRequest(start_line=line, headers=headers, connection=object()))
    print("workers.tasks" in sys.modules, "tegu.pull" in app.tasks)
"""

NAMES = {"nas", "localhost", "tegu.example.com"}


@pytest.mark.parametrize(
    ("host", "answer"),
    [
        ("127.0.0.1", True),
        ("192.168.1.5", True),
        ("::1", True),
        ("[fe80::1]", True),
        ("localhost", True),
        ("flower.localhost", True),
        ("NAS", True),
        ("nas.", True),
        ("tegu.example.com", True),
        ("evil.example.com", False),
        ("nas.evil.example.com", False),
        ("127.0.0.1.evil.example.com", False),
        ("localhost.evil.example.com", False),
        ("", False),
    ],
)
def test_an_address_or_a_name_of_this_machine_is_answered(host: str, answer: bool) -> None:
    assert is_meant_for(host, NAMES) is answer


def test_the_public_name_is_one_of_them() -> None:
    assert "tegu.example.com" in names_of(load_settings({"TEGU_PUBLIC_URL": "https://Tegu.example.com/x"}))
    assert {"localhost"} <= names_of(load_settings({}))


def test_tasks_are_known_once_somebody_orders_one_and_not_loaded_to_look_at_them(tmp_path: Path) -> None:
    env = {"PATH": "/usr/bin:/bin", "TEGU_DATA_DIR": str(tmp_path)}
    said = run([sys.executable, "-c", ASKED], what="flower", env=env, cwd=ROOT, timeout=60).stdout.splitlines()
    assert said == ["False False", "True True"]
