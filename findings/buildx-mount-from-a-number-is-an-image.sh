#!/usr/bin/env bash
# docker buildx 0.13.1 with engine 20.10.24 (Debian 12 and 13; needs a docker command with buildx, a running engine, and
# busybox-static; no image). The Dockerfile reader of BuildKit 0.32.2 says the same.
#
# A stage without a name is referred to by its number: in `COPY --from=0` it is the first stage. `RUN --mount` has an option
# of the same name, documented as a stage, a context or the name of an image. Yet there a number is no stage: `from=0` is the
# image that is called `0`, which the builder takes if there is one, or asks the registry for. So a COPY that is rewritten
# as a mount to save a layer gets another file, or fails for want of "docker.io/library/0".
#
# Expected: the first stage, twice. Seen, where an image with the name `0` is there:
#
#   COPY --from=0: the first stage
#   RUN --mount=from=0: the image 0
#
# It makes two images and removes them; the builder keeps its record of the build until its own garbage collection.
set -euo pipefail

folder=$(mktemp -d)
shell=finding-shell:$$
trap 'rm -rf "$folder"' EXIT

cannot() {
    echo "$1" >&2
    exit 2
}

docker buildx version >/dev/null 2>&1 && docker info >/dev/null 2>&1 ||
    cannot "there is no docker command with buildx and a running engine here"
busybox=$(command -v busybox) && "$busybox" cp --help >/dev/null 2>&1 || cannot "there is no busybox here"
! docker image inspect 0 >/dev/null 2>&1 || cannot "there is an image with the name 0 already"

trap 'docker image rm "$shell" 0 >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT
mkdir -p "$folder/shell/bin" "$folder/other" "$folder/context"
cp "$busybox" "$folder/shell/bin/sh"
echo "the image 0" >"$folder/other/where"
tar -C "$folder/shell" -c . | docker import - "$shell" >/dev/null
tar -C "$folder/other" -c . | docker import - 0 >/dev/null

cat >"$folder/Dockerfile" <<EOF
FROM $shell
RUN echo "the first stage" >/where
FROM $shell
COPY --from=0 /where /copied
RUN --mount=from=0,target=/mounted read -r where </mounted/where && echo "\$where" >/told
FROM scratch
COPY --from=1 /copied /told /
EOF
docker buildx build --quiet --network=none --file "$folder/Dockerfile" --output "type=local,dest=$folder/out" "$folder/context" \
    >"$folder/said" 2>&1 || cannot "the builder did not build: $(tail -n 3 "$folder/said")"

seen="COPY --from=0: $(cat "$folder/out/copied")
RUN --mount=from=0: $(cat "$folder/out/told")"

known="COPY --from=0: the first stage
RUN --mount=from=0: the image 0"

printf '%s\n' "$seen"
[ "$seen" = "$known" ] || {
    printf 'it has changed; before it was\n%s\n' "$known" >&2
    exit 1
}
