#!/usr/bin/env bash
# Docker Compose 2.26.1 (Debian's docker-compose 2.26.1-4; needs that as `docker compose`, a running engine, and the image
# busybox:stable there).
#
# `up --no-deps web` is `up` for one service without its dependencies. But what a service depends on is part of its
# configuration hash there, and --no-deps takes it out of the model before the hash is made. So after a whole `up`, with
# the same file, `up --no-deps web` makes the container of web anew, and so does the next whole `up`: the two never agree.
# In Compose 5.6.1 dependencies do not count, and both leave the container alone.
#
# Expected: one container from first to last. Seen:
#
#   up --no-deps web  another container
#   up                another container
#   up                the same container
set -euo pipefail

image=busybox:stable
folder=$(mktemp -d)
project=finding-$$
compose=(docker compose --project-name "$project" --file "$folder/compose.yaml")

clean() {
    if [ -f "$folder/compose.yaml" ]; then
        "${compose[@]}" down --timeout 0 >/dev/null 2>&1 || true
    fi
    rm -rf "$folder"
}
trap clean EXIT

[[ $(docker compose version --short 2>/dev/null) =~ ^v?2\.26\.1 ]] || {
    echo "docker compose is not 2.26.1 here" >&2
    exit 2
}
docker image inspect "$image" >/dev/null 2>&1 || {
    echo "there is no running engine here that has the image $image" >&2
    exit 2
}

cat >"$folder/compose.yaml" <<YAML
services:
  web: {image: "$image", command: ["true"], depends_on: [db]}
  db: {image: "$image", command: ["true"]}
YAML

container() { "${compose[@]}" ps --all --quiet web; }
up() {
    local before after
    before=$(container)
    "${compose[@]}" up --no-start "$@" >/dev/null 2>&1
    after=$(container)
    [ "$before" = "$after" ] && echo "the same container" || echo "another container"
}

"${compose[@]}" up --no-start >/dev/null 2>&1 || {
    echo "Compose could not make a container" >&2
    exit 2
}
seen=$(
    echo "up --no-deps web  $(up --no-deps web)"
    echo "up                $(up)"
    echo "up                $(up)"
)

known='up --no-deps web  another container
up                another container
up                the same container'

printf '%s\n' "$seen"
[ "$seen" = "$known" ] || {
    printf 'it has changed; before it was\n%s\n' "$known" >&2
    exit 1
}
