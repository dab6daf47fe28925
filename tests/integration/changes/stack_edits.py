"""A stack of many files as people have them, and edits of it that can be made in any combination."""

from __future__ import annotations

from collections.abc import Iterable

from tests.unit.changes.worlds import Files

FILES: dict[str, str] = {
    "compose.yaml": """\
name: App
x-logging: &logging {driver: json-file, options: {max-size: 10m}}
include:
  - ../shared/compose.yaml
  - {path: ../db/compose.yaml, env_file: ../db/db.env}
services:
  web:
    image: ${REGISTRY:-docker.io}/acme/web:${TAG}
    extends: {file: ../base/web.yaml, service: base}
    env_file: [web.env, {path: more.env, required: false}]
    environment: {MODE: production, PASSED: , LATER: "${LATER:-none}"}
    ports: ["8080:80"]
    volumes: [./conf:/etc/web:ro, data:/data]
    depends_on: [api]
    logging: *logging
    profiles: []
  api:
    image: acme/api:1@sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb
    environment: [A=1, DB_HOST]
    healthcheck: {test: [CMD, "true"], interval: 30s}
    networks: {default: , back: {aliases: [api]}}
    secrets: [token]
    configs: [{source: settings, target: /settings}]
    labels: {backup: "yes", order: 1}
  tools:
    image: acme/tools
    profiles: [tools]
  job:
    image: acme/job
    label_file: job.labels
    env_file: web.env
    restart: "no"
networks: {back: {}}
volumes: {data: {}}
secrets: {token: {file: ./token}}
configs: {settings: {content: "a=1"}}
""",
    "compose.override.yaml": """\
services:
  api:
    environment: {B: "2"}
    labels: [extra=1]
""",
    ".env": "TAG=1.0\nDB_HOST=db\nCOMPOSE_PROFILES=tools\n",
    "web.env": "W=1\nX=$W-$TAG\nMODE=file\n",
    "job.labels": "job=1\n",
    "token": "secret",
    "conf/web.conf": "a",
    "../base/web.yaml": """\
services:
  base:
    image: base
    env_file: base.env
    volumes: [./data:/base]
    labels: {base: "1"}
    stop_grace_period: 30s
""",
    "../base/base.env": "BASE=1\n",
    "../shared/compose.yaml": """\
services:
  proxy:
    image: proxy:${PROXY}
    environment: [PROXY, "KNOWN=${PROXY}"]
    env_file: proxy.env
    volumes: [./proxy.conf:/proxy.conf]
""",
    "../shared/.env": "PROXY=3\n",
    "../shared/proxy.env": "LEVEL=$PROXY\nTAG2=$TAG\n",
    "../db/compose.yaml": """\
services:
  db:
    image: db:${DB_TAG}
    environment: {DB_TAG: , OTHER: "${DB_TAG}"}
    volumes: [{type: bind, source: ./data, target: /data}]
""",
    "../db/db.env": "DB_TAG=15\n",
}

# by what is done: the file, the text that goes, the text that comes
TOGGLES: dict[str, tuple[str, str, str]] = {
    "a comment": ("compose.yaml", "networks: {back: {}}", "# why\nnetworks: {back: {}}"),
    "a digest": ("compose.yaml", "sha256:ca97", "sha256:3e23"),
    "a tag in .env": (".env", "TAG=1.0", "TAG=1.1"),
    "a registry in .env": (".env", "DB_HOST=db", "DB_HOST=db\nREGISTRY=registry.example"),
    "the registry that it is": (".env", "DB_HOST=db", "REGISTRY=docker.io\nDB_HOST=db"),
    "a variable that is passed": (".env", "TAG=", "PASSED=1\nTAG="),
    "another host": (".env", "DB_HOST=db", "DB_HOST=other"),
    "a variable that nobody uses": (".env", "COMPOSE_PROFILES", "UNUSED=1\nCOMPOSE_PROFILES"),
    "a profile of none": (".env", "PROFILES=tools", "PROFILES=tools,debug"),
    "an env file": ("web.env", "W=1", "W=2"),
    "the order in an env file": ("web.env", "MODE=file\n", "MODE=file\nW=1\n"),
    "a comment in an env file": ("web.env", "MODE", "# why\nMODE"),
    "a key alone in an env file": ("web.env", "MODE=file", "MODE=file\nDB_HOST"),
    "what a service overrules": ("web.env", "MODE=file", "MODE=changed"),
    "a variable of the service in an env file": ("web.env", "MODE=file", "MODE=file\nSAID=$LATER"),
    "an optional env file": ("more.env", "", "MORE=1\n"),
    "labels in a file": ("job.labels", "job=1", "job=2"),
    "a base's env file": ("../base/base.env", "BASE=1", "BASE=2"),
    "a base's label": ("../base/web.yaml", 'base: "1"', "base: 1"),
    "a base's other label": ("../base/web.yaml", "labels: {", 'labels: {more: "1", '),
    "a base's grace": ("../base/web.yaml", "30s", "0m30s"),
    "a base's image": ("../base/web.yaml", "image: base", "image: other"),
    "a base's folder": ("../base/web.yaml", "./data:", "./other:"),
    "an included image": ("../shared/.env", "PROXY=3", "PROXY=4"),
    "an included env file": ("../shared/proxy.env", "LEVEL=", "LEVEL=x"),
    "an included list": ("../shared/compose.yaml", "[PROXY, ", "[TAG, PROXY, "),
    "another included variable": ("../db/db.env", "DB_TAG=15", "DB_TAG=16"),
    "an included bind's host path": (
        "../db/compose.yaml",
        "target: /data}",
        "target: /data, bind: {create_host_path: false}}",
    ),
    "an override's variable": ("compose.override.yaml", 'B: "2"', "B: 3"),
    "an override's spelling": ("compose.override.yaml", "[extra=1]", "{extra: 1}"),
    "an override of a tag": ("compose.override.yaml", "labels: [", "labels: !override ["),
    "an override of a command": ("compose.override.yaml", "    labels", "    command: run --all\n    labels"),
    "a label's spelling": ("compose.yaml", "order: 1", 'order: "1"'),
    "a null label": ("compose.yaml", 'backup: "yes", ', 'backup: "yes", empty: , '),
    "a port's spelling": ("compose.yaml", '["8080:80"]', "[{target: 80, published: 8080}]"),
    "a port": ("compose.yaml", '"8080:80"', '"127.0.0.1:8080:80"'),
    "a duration's spelling": ("compose.yaml", "interval: 30s", "interval: 0m30s"),
    "a duration": ("compose.yaml", "healthcheck: {", "healthcheck: {timeout: 5s, "),
    "a dependency": ("compose.yaml", "depends_on: [api]", "depends_on: {api: {condition: service_healthy}}"),
    "a profile more": ("compose.yaml", "profiles: [tools]", "profiles: [tools, more]"),
    "a watch": (
        "compose.yaml",
        "image: acme/tools\n",
        "image: acme/tools\n    develop: {watch: [{path: ., action: rebuild}]}\n",
    ),
    "an anchor": ("compose.yaml", "max-size: 10m", "max-size: 20m"),
    "an unset variable": ("compose.yaml", "LATER: ", "NOBODY: , LATER: "),
    "an unset variable in a list": ("compose.yaml", "[A=1, ", "[NOBODY, A=1, "),
    "a date": ("compose.yaml", "MODE: production, ", "MODE: production, SINCE: 2024-01-01, "),
    "a bind's slash": ("compose.yaml", "./conf:/etc", "./conf/:/etc"),
    "a mount's option": ("compose.yaml", "data:/data]", "data:/data:nocopy]"),
    "an alias": ("compose.yaml", "aliases: [api]", "aliases: [api, more]"),
    "where a config goes": ("compose.yaml", "target: /settings", "target: /other"),
    "a secret's long form": (
        "compose.yaml",
        "secrets: [token]",
        "secrets: [{source: token, target: /run/secrets/token}]",
    ),
    "a restart policy": ("compose.yaml", 'restart: "no"', "restart: always"),
    "the default network": ("compose.yaml", 'restart: "no"', 'restart: "no"\n    networks: [default]'),
    "a container's name": ("compose.yaml", "image: acme/tools\n", "image: acme/tools\n    container_name: tools\n"),
    "an extension": ("compose.yaml", "name: App", "name: App\nx-note: a"),
    "another name": ("compose.yaml", "name: App", "name: app"),
    "a service": ("compose.yaml", "networks: {back: {}}", "  more: {image: more}\nnetworks: {back: {}}"),
}


def edited(files: Files, names: Iterable[str]) -> dict[str, object]:
    """The files after the edits of these names, each as far as another one has left what it replaces."""
    found: dict[str, object] = dict(files)
    for name in sorted(names):
        file, old, new = TOGGLES[name]
        text = str(found.get(file, ""))
        found[file] = text.replace(old, new, 1) if old else text + new
    return found
