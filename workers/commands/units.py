"""systemd's units for `tegu service install`, as texts. Pure.

What a unit forbids is what neither Tegu nor Compose needs. Whoever may speak to the Docker socket is as mighty as root,
so none of it is a wall around what is deployed; it is one around what comes in over the network.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

_MARK = "# Written by `tegu service install`, which writes it anew as long as nobody changes it. "
_MARKED = re.compile(re.escape(_MARK) + r"([0-9a-f]{64})\n")

_ALWAYS = (
    "NoNewPrivileges=yes",
    "LockPersonality=yes",
    "RestrictRealtime=yes",
    "SystemCallArchitectures=native",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
)
# A user's own manager may not do these. /home stays: stacks and catalogs are there, too.
_AS_ROOT = (
    "ProtectSystem=full",
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelLogs=yes",
    "ProtectControlGroups=yes",
    "ProtectClock=yes",
    "ProtectHostname=yes",
    "CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_NET_BIND_SERVICE",
)


@dataclass(frozen=True, slots=True)
class Service:
    """A service.

    Attributes:
        description: what it is.
        argv: what is run.
        variables: settings that are no secrets.
        env_file: where all others are.
        writable: folders that it writes to.
        stop: how long it may take to end.
        is_system: whether it is the machine's, not a user's.
    """

    description: str
    argv: Sequence[str]
    variables: Mapping[str, str]
    env_file: Path
    writable: Sequence[Path]
    stop: timedelta
    is_system: bool


def unit_text(service: Service) -> str:
    """The unit, with a first line by which a change of it is known."""
    return marked("\n".join([*_head(service), "", *_service(service), "", *_install(service), ""]))


def _head(service: Service) -> Iterable[str]:
    yield "[Unit]"
    yield f"Description={service.description.replace('%', '%%')}"
    if service.is_system:
        yield "Wants=network-online.target"
        yield "After=network-online.target docker.service"


def _service(service: Service) -> Iterable[str]:
    yield "[Service]"
    yield "Type=exec"
    yield f"ExecStart={' '.join(_word(each) for each in service.argv)}"
    for name, value in service.variables.items():
        yield f"Environment={_quoted(f'{name}={value}')}"
    yield f"EnvironmentFile=-{_escaped(str(service.env_file))}"
    yield "Restart=on-failure"
    yield "RestartSec=5"
    yield "# The children end by themselves: a deployment under way goes on until it is done."
    yield "KillMode=mixed"
    yield f"TimeoutStopSec={int(service.stop.total_seconds())}"
    yield from _ALWAYS
    if service.is_system:
        yield from _AS_ROOT
        yield f"ReadWritePaths={' '.join(_quoted(f'-{each}') for each in service.writable)}"


def _install(service: Service) -> Iterable[str]:
    yield "[Install]"
    yield f"WantedBy={'multi-user' if service.is_system else 'default'}.target"


def environment_text(variables: Mapping[str, str]) -> str:
    """An environment file (systemd.exec(5)) with these variables."""
    head = "# Settings (TEGU_…) and what the catalog takes from the environment, one NAME=value a line.\n"
    return head + "".join(f"{name}={_in_file(value)}\n" for name, value in sorted(variables.items()))


def _in_file(value: str) -> str:
    """A value as such a file has it: within double quotes a backslash keeps these, and nothing is expanded."""
    return '"' + re.sub(r'([\\"`$])', r"\\\1", value) + '"'


def marked(text: str) -> str:
    """A text with a line that says what it was."""
    return f"{_MARK}{hashlib.sha256(text.encode()).hexdigest()}\n{text}"


def is_unchanged(text: str) -> bool:
    """Whether a text is as it was written, and nobody's own."""
    found = _MARKED.match(text)
    return found is not None and found[1] == hashlib.sha256(text[found.end() :].encode()).hexdigest()


def _word(text: str) -> str:
    """An argument of ExecStart (systemd.service(5)): specifiers and variables stand for themselves."""
    return _quoted(text.replace("$", "$$"))


def _quoted(text: str) -> str:
    escaped = _escaped(text)
    if re.fullmatch(r"[A-Za-z0-9_./@:=%+,$-]+", escaped):
        return escaped
    return '"' + escaped.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _escaped(text: str) -> str:
    return text.replace("%", "%%")
