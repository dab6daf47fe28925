#!/usr/bin/env bash
# Git 2.39.5 (Debian 12; needs git 2.29 or newer and nothing else).
#
# A repository has SHA-1 or SHA-256 ids, and Git cannot fetch from one kind into the other. `git ls-remote`, run inside a
# repository of SHA-1, answers of a remote of SHA-256 all the same: exit code 0 and ids of 64 digits that this repository
# can never have. So do `git ls-remote --exit-code` and `git remote show`, which even promises "next fetch will store in
# remotes/origin". Only `git fetch` says that the two do not go together, and its --dry-run does, too. So a program that
# polls with ls-remote and fetches when the id is another than the last polls with success and fails for ever, and one
# that parses ids as 40 digits meets 64 in a repository that has none.
#
# Expected: one answer of both, as for any remote that cannot be read. Seen:
#
#   ls-remote    0, ids of 64 digits
#   remote show  0, main new (next fetch will store in remotes/origin)
#   fetch        128, fatal: mismatched algorithms: client sha1; server sha256
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME="$folder" GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null LC_ALL=C
unset GIT_DIR GIT_WORK_TREE GIT_DEFAULT_HASH

git init --quiet --initial-branch main --object-format sha256 "$folder/remote" 2>/dev/null || {
    echo "there is no git here that knows SHA-256" >&2
    exit 2
}
git -C "$folder/remote" -c user.name=a -c user.email=a@example.com commit --quiet --allow-empty --message first
git init --quiet --initial-branch main --object-format sha1 "$folder/here"
cd "$folder/here"
git remote add origin ../remote

seen=$(
    code=0
    listed=$(git ls-remote --exit-code origin refs/heads/main 2>&1) || code=$?
    id=${listed%%[[:space:]]*}
    echo "ls-remote    $code, ids of ${#id} digits"
    code=0
    shown=$(git remote show origin 2>&1) || code=$?
    echo "remote show  $code, $(grep -o 'main  *new.*' <<<"$shown" | tr -s ' ')"
    code=0
    said=$(git fetch origin 2>&1) || code=$?
    echo "fetch        $code, $(tail -n 1 <<<"$said")"
)

known='ls-remote    0, ids of 64 digits
remote show  0, main new (next fetch will store in remotes/origin)
fetch        128, fatal: mismatched algorithms: client sha1; server sha256'

printf '%s\n' "$seen"
[ "$seen" = "$known" ] || {
    printf 'it has changed; before it was\n%s\n' "$known" >&2
    exit 1
}
