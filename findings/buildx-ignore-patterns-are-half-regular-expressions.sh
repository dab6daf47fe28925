#!/usr/bin/env bash
# docker buildx 0.13.1 and 0.29.1 (Debian 13 and 14; needs a docker command with buildx, a running engine, and no image).
#
# The lines of a .dockerignore are documented as patterns of Go's filepath.Match, with `**` besides: special are only
# * ? [ ] and the backslash, which takes the special meaning from the next character. Yet beside a wildcard, or after
# a backslash, a line is made into a regular expression in which other characters keep the meaning that they have there:
#
# - `a|b*` is "begins with a, or ends in b and whatever": so `b`, `bx` and `xb` are ignored, too.
# - `a{2}*` ignores `aa` and `aab`, and not the folder or file that is called `a{2}`.
# - `bin\Debug`, a path of Windows, is to be the name `binDebug`; it is `bin`, any character but a digit, `ebug`.
# - `q[?]` does not mean the question mark, as in every glob: it ignores nothing of these. `q\?` does.
#
# So an ignore file that was tried with another reader (git, pathspec) sends and leaves out other files.
#
# Expected of the files there are: a|bc; a{2}, a{2}b; binDebug; q?. Ignored were:
#
#   a|b*        a ab a|bc b bx xb
#   a{2}*       aa aab
#   bin\Debug   binDebug bin_ebug
#   q[?]        none
#   q\?         q?
#
# The builder keeps its record of the build, some bytes, until its own garbage collection.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

docker buildx version >/dev/null 2>&1 && docker info >/dev/null 2>&1 || {
    echo "there is no docker command with buildx and a running engine here" >&2
    exit 2
}

# ignored LINE NAME…: which of these files, all empty, the builder is not sent.
ignored() {
    local line=$1 context="$folder/context" left="$folder/left" name
    shift
    rm -rf "$context" "$left"
    mkdir "$context"
    for name; do : >"$context/$name"; done
    printf '%s\n' "$line" >"$context/.dockerignore"
    printf 'FROM scratch\nCOPY . /\n' >"$folder/Dockerfile"
    docker buildx build --quiet --file "$folder/Dockerfile" --output "type=local,dest=$left" "$context" >/dev/null 2>&1 || {
        echo "the builder did not build" >&2
        exit 2
    }
    local gone=()
    for name; do [ -e "$left/$name" ] || gone+=("$name"); done
    printf '%-11s %s\n' "$line" "${gone[*]:-none}"
}

seen=$(
    ignored 'a|b*' a ab 'a|bc' b bx c xb
    ignored 'a{2}*' aa aab 'a{2}' 'a{2}b' c
    ignored 'bin\Debug' binDebug bin_ebug bin1ebug c
    ignored 'q[?]' q q1 'q?' c
    ignored 'q\?' q q1 'q?' c
)

known='a|b*        a ab a|bc b bx xb
a{2}*       aa aab
bin\Debug   binDebug bin_ebug
q[?]        none
q\?         q?'

printf '%s\n' "$seen"
[ "$seen" = "$known" ] || {
    printf 'it has changed; before it was\n%s\n' "$known" >&2
    exit 1
}
