"""Which images a Dockerfile builds on, so that a rebuilt base image rebuilds what stands on it.

Everything here follows the Dockerfile reference, https://docs.docker.com/reference/dockerfile/, and where it says
nothing BuildKit's `frontend/dockerfile`; how far the two agree was tried, see docs/reference/dockerfiles.md.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from workers.changes.instructions import Instruction, instructions
from workers.changes.shell_pattern import Budget
from workers.changes.shell_words import RefusedWordError, expanded

_NUMBER = re.compile(r"[+-]?[0-9]+")
_OF_A_PLATFORM = re.compile("(?:BUILD|TARGET)(?:PLATFORM|OS|ARCH|VARIANT)")
_PLATFORMS = (
    "linux/amd64",
    "linux/arm64",
    "linux/arm/v7",
    "linux/arm/v6",
    "linux/arm/v5",
    "linux/386",
    "linux/loong64",
    "linux/mips64le",
    "linux/ppc64le",
    "linux/riscv64",
    "linux/s390x",
)
_LAST_STAGE_UNNAMED = "default"

Arguments = Mapping[str, str]


def base_images(content: str, arguments: Arguments, target: str = "") -> tuple[str, ...]:
    """The names in `FROM`, `COPY --from` and `RUN --mount=from`, stages of the file itself left out.

    Stages that the target does not need count, too: what is built without need comes out of the builder's cache.

    Args:
        content: the Dockerfile.
        arguments: build arguments; they win over the defaults of `ARG`.
        target: the stage that is built; `""` for the last one.

    Raises:
        InvalidStack: variables nest too deep, or too much is to be gone through for them.
    """
    read = tuple(instructions(content))
    # Which platform is built for is known to the builder alone, so a name that depends on it counts in all its forms.
    platforms = _PLATFORMS if _OF_A_PLATFORM.search(content) else _PLATFORMS[:1]
    stage = {"TARGETSTAGE": target or _last_stage(read)}
    dockerfile = _Dockerfile(arguments, [_platform_values(platform) | stage for platform in platforms])
    for instruction in read:
        dockerfile.follow(instruction)
    return tuple(dockerfile.images)


def _platform_values(platform: str) -> dict[str, str]:
    """The arguments that every Dockerfile has, for a build on the platform that it is for."""
    os, architecture, variant = [*platform.split("/"), ""][:3]
    values = {"PLATFORM": platform, "OS": os, "OSVERSION": "", "ARCH": architecture, "VARIANT": variant}
    return {f"{side}{name}": value for side in ("BUILD", "TARGET") for name, value in values.items()}


def _last_stage(read: Iterable[Instruction]) -> str:
    names = [_stage_name(instruction) for instruction in read if instruction.keyword == "FROM"]
    return names[-1] if names and names[-1] else _LAST_STAGE_UNNAMED


def _stage_name(instruction: Instruction) -> str:
    match instruction.arguments:
        case [_, word, name] if word.upper() == "AS":
            return name.lower()
    return ""


class _Dockerfile:
    """What the instructions so far have said: stages, arguments of the file, images.

    Arguments of stages are of no interest: the builder allows no variables in `COPY --from` and `RUN --mount=from`.

    Args:
        arguments: build arguments.
        defaults: the arguments that need no `ARG`, for each platform.
    """

    def __init__(self, arguments: Arguments, defaults: Iterable[Arguments]) -> None:
        self.images: dict[str, None] = {}
        self._stages: dict[str, None] = {}
        self._budget = Budget()
        self._given = arguments
        self._values = [{name: arguments.get(name, value) for name, value in each.items()} for each in defaults]

    def follow(self, instruction: Instruction) -> None:
        """Take one instruction in."""
        match instruction.keyword:
            case "ARG" if not self._stages:
                self._declare(instruction)
            case "FROM":
                self._begin_stage(instruction)
            case "ONBUILD":
                # Whoever builds on this image carries it out, without the stages of this file, and is built again
                # whenever this one is.
                self.images |= dict.fromkeys(_sources(instruction.triggered))
            case _:
                for name in _sources(instruction):
                    self._use(name)

    def _use(self, image: str) -> None:
        if image.lower() not in self._stages:
            self.images[image] = None

    def _begin_stage(self, instruction: Instruction) -> None:
        for values in self._values:
            with suppress(RefusedWordError):
                self._use(expanded(instruction.arguments[0], values, self._budget, instruction.escape))
        self._stages[_stage_name(instruction)] = None

    def _declare(self, instruction: Instruction) -> None:
        for word in instruction.words:
            name, has_default, default = word.partition("=")
            for values in self._values:
                if name in self._given:
                    values[name] = self._given[name]
                elif has_default:
                    with suppress(RefusedWordError):
                        values[name] = expanded(default, values, self._budget, instruction.escape)


def _sources(instruction: Instruction) -> Iterator[str]:
    """What `COPY --from` or the mounts of a `RUN` name, numbers of stages left out."""
    if instruction.keyword == "COPY":
        yield from (name for name in instruction.values("from") if name and not _NUMBER.fullmatch(name))
    elif instruction.keyword == "RUN":
        yield from filter(None, map(_mounted_from, instruction.values("mount")))


def _mounted_from(mount: str) -> str:
    """What a mount is from, `""` for the build context; its fields are those of a line of CSV."""
    with suppress(csv.Error):  # the builder refuses it, too
        fields = (field.partition("=") for line in csv.reader([mount], strict=True) for field in line)
        return {name.lower(): value for name, _, value in fields}.get("from", "")
    return ""


def image_name(name: str) -> str:
    """An image's name in one spelling, for finding out which names mean one image; never for comparing definitions.

    The default registry, library and tag are left out. Beside a digest a tag says nothing: no build moves such a name.
    """
    for prefix in ("docker.io/", "index.docker.io/", "library/"):
        name = name.removeprefix(prefix)
    name, at, digest = name.partition("@")
    folder, slash, last = name.rpartition("/")
    repository, _, tag = last.partition(":")
    return f"{folder}{slash}{repository if at or tag == 'latest' else last}{at}{digest}"
