"""Which images a Dockerfile builds on, so that a rebuilt base image rebuilds what stands on it."""

from __future__ import annotations

import re
from collections.abc import Mapping

_CONTINUED = re.compile(r"\\[ \t]*\n")
_FROM = re.compile(r"^FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE)
_COPY_FROM = re.compile(r"^(?:COPY|ADD)\s+(?:--\S+\s+)*?--from=(\S+)", re.IGNORECASE)
_MOUNT_FROM = re.compile(r"--mount=\S*\bfrom=([^,\s]+)", re.IGNORECASE)
_ARG = re.compile(r"^ARG\s+(\w+)(?:=(\S*))?", re.IGNORECASE)
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))")


def base_images(content: str, arguments: Mapping[str, str]) -> tuple[str, ...]:
    """The names in `FROM`, `COPY --from` and `RUN --mount=from`, stages of the file itself left out.

    https://docs.docker.com/reference/dockerfile/

    Args:
        content: the Dockerfile.
        arguments: build arguments; they win over the defaults of `ARG`.
    """
    known: dict[str, str] = {}
    stages: set[str] = set()
    names: dict[str, None] = {}
    for raw in _CONTINUED.sub(" ", content.replace("\r\n", "\n")).splitlines():
        line = raw.strip()
        if match := _ARG.match(line):
            name, default = match.groups()
            known[name] = arguments.get(name, (default or "").strip("\"'"))
        elif match := _FROM.match(line):
            base, stage = _expand(match[1], known), match[2]
            if base.lower() not in stages:
                names[base] = None
            if stage:
                stages.add(stage.lower())
        else:
            for name in (*_COPY_FROM.findall(line), *(_MOUNT_FROM.findall(line) if line[:3].upper() == "RUN" else ())):
                image = _expand(name, known)
                if not image.isdigit() and image.lower() not in stages:
                    names[image] = None
    return tuple(names)


def _expand(text: str, values: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: values.get(match[1] or match[3]) or match[2] or "", text)


def image_name(name: str) -> str:
    """An image's name in one spelling: without the default registry, library and tag."""
    for prefix in ("docker.io/", "index.docker.io/", "library/"):
        name = name.removeprefix(prefix)
    name, _, _digest = name.partition("@")
    return name.removesuffix(":latest")
