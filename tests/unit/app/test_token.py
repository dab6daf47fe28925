"""The token that `tegu up` makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.up.token import flower_login, login_file, make_login, make_token, token_file, token_of
from workers.model.errors import UserError
from workers.model.secret import Secret
from workers.runtime.settings import Settings


def test_it_is_made_once_and_is_for_nobody_else_to_read(tmp_path: Path) -> None:
    (tmp_path / ".api_token.1").write_text("left by a killed process")
    assert make_token(tmp_path)
    first = token_file(tmp_path).read_text()
    assert len(first.strip()) >= 40
    assert token_file(tmp_path).stat().st_mode & 0o777 == 0o600
    assert not make_token(tmp_path)
    assert token_file(tmp_path).read_text() == first


def test_a_directory_that_takes_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"api_token cannot be made: .* TEGU_API_TOKEN_FILE"):
        make_token(tmp_path / "nowhere")


def test_a_token_that_is_set_wins(tmp_path: Path) -> None:
    assert token_of(Settings(data_dir=tmp_path)) is None
    make_token(tmp_path)
    made = token_of(Settings(data_dir=tmp_path))
    assert made == Secret(token_file(tmp_path).read_text().strip())
    assert token_of(Settings(data_dir=tmp_path, api_token=Secret("mine"))) == Secret("mine")


def test_flower_has_a_login_of_its_own(tmp_path: Path) -> None:
    assert flower_login(tmp_path) is None
    assert make_login(tmp_path)
    assert login_file(tmp_path).stat().st_mode & 0o777 == 0o600
    login = flower_login(tmp_path)
    assert login is not None
    user, _, password = login.reveal().partition(":")
    assert (user, len(password) >= 30) == ("tegu", True)
    assert not make_login(tmp_path)
    assert flower_login(tmp_path) == login
