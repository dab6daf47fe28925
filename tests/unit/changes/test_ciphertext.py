"""Encrypted files are called what they are, wherever they have to be read."""

from __future__ import annotations

import pytest

from workers.changes import dotenv, yaml_file
from workers.model.errors import InvalidStack

KINDS = {
    "git-crypt": b"\0GITCRYPT\0\x8a\x10hunter2",
    "SOPS": b"PASSWORD=ENC[AES256_GCM,data:hunter2,type:str]\nsops_version=3.8.1\nsops_mac=ENC[hunter2]\n",
    "age": b"-----BEGIN AGE ENCRYPTED FILE-----\nhunter2\n",
    "OpenPGP": b"-----BEGIN PGP MESSAGE-----\n\nhunter2\n",
    "Ansible Vault": b"$ANSIBLE_VAULT;1.1;AES256\nhunter2\n",
}


def _nothing(_name: str) -> None:
    return None


@pytest.mark.parametrize(("kind", "content"), KINDS.items(), ids=KINDS)
def test_an_encrypted_env_file_is_refused_by_name(kind: str, content: bytes) -> None:
    for parse in (dotenv.parse, dotenv.parse_raw):
        with pytest.raises(InvalidStack, match=f"^app.env: the file is encrypted with {kind}, ") as caught:
            parse(content, "app.env", _nothing)
        assert "hunter2" not in str(caught.value)


JSON = b'{"services": {}, "sops": {"mac": "ENC[AES256_GCM,data:hunter2]"}}'


@pytest.mark.parametrize("content", [KINDS["git-crypt"], b"services: {}\nsops:\n    mac: hunter2\n", JSON])
def test_an_encrypted_compose_file_is_refused_by_name(content: bytes) -> None:
    with pytest.raises(InvalidStack, match=r"^compose.yaml: the file is encrypted with (git-crypt|SOPS), "):
        yaml_file.load(content, "compose.yaml")


def test_a_file_that_only_speaks_of_it_is_read() -> None:
    assert dotenv.parse(b"TOOL=sops\nSOPS_AGE_KEY_FILE=/key\n", ".env", _nothing) == {
        "TOOL": "sops",
        "SOPS_AGE_KEY_FILE": "/key",
    }
    assert yaml_file.load(b"services: {sops: {image: x}}\n", "compose.yaml").parts
