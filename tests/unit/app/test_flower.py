"""Whom Flower answers: a browser that another site's name has led here is not one of them."""

from __future__ import annotations

import pytest

from app.up.flower import is_meant_for, names_of
from workers.runtime.settings import load_settings

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
