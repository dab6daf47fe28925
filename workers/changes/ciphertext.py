"""Files that are encrypted in Git, told by what they begin with or hold.

Git-crypt (https://github.com/AGWA/git-crypt), SOPS (https://github.com/getsops/sops), age
(https://age-encryption.org/v1), OpenPGP (RFC 9580, section 6.2) and Ansible Vault. Tegu decrypts nothing: a service
would get the ciphertext.
"""

from __future__ import annotations

import re

from workers.model.errors import InvalidStack

_KINDS: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    ("git-crypt", re.compile(rb"\A\x00GITCRYPT\x00")),
    (
        "SOPS",
        re.compile(rb'^(?:sops_(?:version|mac)=|sops:[ \t]*\r?$)|"mac"[ \t]*:[ \t]*"ENC\[AES256_GCM,', re.MULTILINE),
    ),
    ("age", re.compile(rb"\A(?:age-encryption\.org/v1|-----BEGIN AGE ENCRYPTED FILE-----)")),
    ("OpenPGP", re.compile(rb"\A-----BEGIN PGP MESSAGE-----")),
    ("Ansible Vault", re.compile(rb"\A\$ANSIBLE_VAULT;")),
)


def refuse_ciphertext(content: bytes, file: str) -> None:
    """See to it that a file that has to be read is not encrypted.

    Raises:
        InvalidStack: it is; says with what, and what to do.
    """
    for kind, pattern in _KINDS:
        if pattern.search(content):
            message = (
                f"the file is encrypted with {kind}, and Tegu does not decrypt it; take it out of Git, and put the "
                "decrypted one into the stack's directory on the worker (`tegu check` names the place)"
            )
            raise InvalidStack(message, file)
