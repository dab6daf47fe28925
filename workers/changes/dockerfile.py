"""Which images a Dockerfile builds on, so that a rebuilt base image rebuilds what stands on it.

Everything here follows the Dockerfile reference: https://docs.docker.com/reference/dockerfile/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from workers.changes.heredoc import Ends
from workers.changes.limits import MAX_INTERPOLATED, MAX_TEMPLATE_DEPTH
from workers.model.errors import InvalidStack

_ESCAPE = re.compile(r"#\s*escape\s*=\s*([\\`])\s*", re.IGNORECASE)
_DIRECTIVE = re.compile(r"#\s*\w+\s*=")
_FLAG = re.compile(r"--\S+\s+")
_AS = re.compile(r"\s+AS\s+", re.IGNORECASE)
_HEREDOCS = re.compile(r"(?:ONBUILD\s+)?(?:ADD|COPY|RUN)\s", re.IGNORECASE)
_CONTINUED = r"(.*[^%s]|)%s[ \t]*"
_WORD = re.compile(r"""(?:[^\s"']|"[^"]*"|'[^']*')+""")
_PIECE = re.compile(r"""'([^']*)'|"([^"]*)"|([^'"]+|['"])""")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(:?[-+])?)")

Arguments = Mapping[str, str]


def base_images(content: str, arguments: Arguments) -> tuple[str, ...]:
    """The names in `FROM`, `COPY --from` and `RUN --mount=from`, stages of the file itself left out.

    Args:
        content: the Dockerfile.
        arguments: build arguments; they win over the defaults of `ARG`.

    Raises:
        InvalidStack: variables nest too deep, or a text becomes too long with them put in.
    """
    dockerfile = _Dockerfile(arguments)
    for keyword, rest in _instructions(content):
        dockerfile.follow(keyword, rest)
    return tuple(dockerfile.images)


class _Dockerfile:
    """What the instructions so far have said: stages, arguments of the file and of the stage, images."""

    def __init__(self, arguments: Arguments) -> None:
        self.images: dict[str, None] = {}
        self._stages: set[str] = set()
        self._given = arguments
        self._of_file: dict[str, str] = {}
        self._of_stage: dict[str, str] | None = None

    def follow(self, keyword: str, rest: str) -> None:
        """Take one instruction in."""
        if keyword == "ARG":
            self._declare(rest)
        elif keyword == "FROM":
            self._begin_stage(rest)
        elif keyword == "ONBUILD":
            # Whoever builds on this image carries it out, and is built again whenever this one is.
            inner, rest = _parted(rest)
            if inner != "ONBUILD":  # which the builder refuses in another
                self.follow(inner, rest)
        elif keyword in {"COPY", "ADD", "RUN"}:
            for name in _sources(_flags(rest), "--mount=" if keyword == "RUN" else "--from="):
                image = _unquoted(name, self._of_stage or {})
                if image and not image.isdigit():
                    self._use(image)

    def _use(self, image: str) -> None:
        if image.lower() not in self._stages:
            self.images[image] = None

    def _begin_stage(self, rest: str) -> None:
        """Only what was declared before the first stage is known in `FROM`."""
        base, *stage = _AS.split(rest[len(_flags(rest)) :], maxsplit=1)
        self._use(_unquoted(base.strip(), self._of_file))
        self._stages.update(name.strip().lower() for name in stage)
        self._of_stage = {}

    def _declare(self, rest: str) -> None:
        """Inside a stage, an argument without a default has that of the file."""
        known = self._of_file if self._of_stage is None else self._of_stage
        for word in _WORD.findall(rest):
            name, has_default, default = word.partition("=")
            usual = _unquoted(default, known) if has_default else self._of_file.get(name)
            value = self._given.get(name, usual)
            if value is not None:
                known[name] = value


def _instructions(content: str) -> Iterator[tuple[str, str]]:
    """Every instruction's name and the rest of it: lines joined, comments, empty lines and here-documents left out."""
    lines = [line.rstrip("\r") for line in content.removeprefix("\ufeff").split("\n")]
    continued = re.compile(_CONTINUED.replace("%s", re.escape(_escape_character(lines))))
    ends = Ends(lines)
    place = 0
    waiting = ""
    while place < len(lines):
        line = lines[place]
        place += 1
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if found := continued.fullmatch(line):
            waiting += found[1]
            continue
        instruction = (waiting + line).strip()
        if _HEREDOCS.match(instruction):
            place = ends.after(instruction, place)
        yield _parted(instruction)
        waiting = ""
    if waiting.strip():
        yield _parted(waiting.strip())


def _escape_character(lines: list[str]) -> str:
    """What the directive `# escape=` says; directives stand before everything else."""
    for line in lines:
        if found := _ESCAPE.fullmatch(line.strip()):
            return found[1]
        if not _DIRECTIVE.match(line.strip()):
            break
    return "\\"


def _parted(instruction: str) -> tuple[str, str]:
    keyword, rest = [*instruction.split(None, 1), "", ""][:2]
    return keyword.upper(), rest.strip()


def _flags(rest: str) -> str:
    """The options that an instruction begins with."""
    end = 0
    while flag := _FLAG.match(rest, end):
        end = flag.end()
    return rest[:end]


def _sources(flags: str, option: str) -> Iterator[str]:
    """What each `--from=` names, or each `--mount=` among its options."""
    for flag in flags.split():
        given = flag.removeprefix(option)
        if given == flag:
            continue
        if option == "--from=":
            yield given
        else:
            yield from (part.removeprefix("from=") for part in given.split(",") if part.startswith("from="))


def _unquoted(word: str, values: Arguments) -> str:
    """A word without its quotes, variables put in everywhere but between single ones."""
    pieces = (
        literal if not quoted and not bare else _expanded(quoted or bare, values)
        for literal, quoted, bare in _PIECE.findall(word)
    )
    return "".join(pieces)


def _expanded(text: str, values: Arguments, depth: int = 0) -> str:
    """The text with `$NAME`, `${NAME}`, `${NAME:-else}` and `${NAME:+instead}` put in; a word may hold more of them."""
    if depth > MAX_TEMPLATE_DEPTH:
        message = f"variables nest deeper than {MAX_TEMPLATE_DEPTH} levels"
        raise InvalidStack(message)
    pieces: list[str] = []
    start = length = 0
    while found := _VARIABLE.search(text, start):
        plain, braced, operator = found.groups()
        value = values.get(plain or braced)
        end = found.end() if plain else _closing(text, found.end())
        if operator:
            present = bool(value) if operator[0] == ":" else value is not None
            if present is (operator[-1] == "+"):
                value = _expanded(text[found.end() : end - 1], values, depth + 1)
        pieces += (text[start : found.start()], value or "")
        start = end
        length += len(pieces[-1])
        if length > MAX_INTERPOLATED:
            message = f"a value becomes longer than {MAX_INTERPOLATED} characters with its variables put in"
            raise InvalidStack(message)
    return "".join((*pieces, text[start:]))


def _closing(text: str, start: int) -> int:
    """Just after the brace that closes the one that was opened before `start`."""
    depth = 1
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return place + 1
    return len(text)


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
