"""What an image is built from: Dockerfiles, and folders without what their ignore files name."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from workers.changes.dockerfile import base_images
from workers.changes.filtered import filtered
from workers.changes.ignorefile import BadPatternError
from workers.changes.limits import MAX_IGNORE_FILE_BYTES
from workers.changes.locations import is_local, is_remote
from workers.changes.reach import Reach
from workers.changes.supported import check_left
from workers.changes.trace import Content, Trace
from workers.changes.tree import FOLDER
from workers.model.errors import InvalidStack
from workers.model.words import Action, Entry


class Contexts:
    """The build contexts of a stack.

    Args:
        trace: looks things up and records them.
        host_paths: where folders outside the repository are noted.

    Attributes:
        filtered: the digest of what is left of each folder that an ignore file filters.
        filters: the paths of those ignore files.
        model: Dockerfiles and ignore files, to which no `on_change` rule applies.
    """

    def __init__(self, trace: Trace, host_paths: dict[str, None]) -> None:
        self.filtered: dict[str, str] = {}
        self.filters: dict[str, str] = {}
        self.model: dict[str, None] = {}
        self.host_paths = host_paths
        self._trace = trace
        self._whole: set[str] = set()

    def dockerfile(
        self, build: Mapping[str, object], context: str, reach: Reach, what: str, arguments: Mapping[str, str]
    ) -> str:
        """Read a service's Dockerfile for the images it builds on; returns its location.

        Args:
            build: the service's build section.
            context: the location of its context.
            reach: where it is noted.
            what: who names it, for messages.
            arguments: the build arguments.

        Raises:
            InvalidStack: the context is in Git, but the Dockerfile is nowhere.
        """
        named = build.get("dockerfile")
        location = self._trace.join(context, str(named or "Dockerfile"), what)
        read = self._trace.read(location, what, required=False)
        self._built_from(read.paths or (read.name,), reach)
        if read.content is None and named is None:
            # The builder also takes the default name in lower case.
            lower = self._trace.join(context, "dockerfile", what)
            read = self._trace.read(lower, what, required=False)
            self._built_from(read.paths or (read.name,), reach)
            location = location if read.content is None else lower
        if read.content is None and self._is_there(context):
            self._trace.read(location, what)
        content = (read.content or b"").decode("utf-8", "replace")
        try:
            reach.bases = base_images(content, arguments, str(build.get("target") or ""))
        except InvalidStack as error:
            raise InvalidStack(error.message, read.name) from error
        return location

    def _is_there(self, location: str) -> bool:
        path = self._trace.repository_path(location)
        return path is not None and self._trace.find(path).entry is not None

    def _built_from(self, paths: tuple[str, ...], reach: Reach) -> None:
        reach.note(paths, Action.BUILD)
        self.model.update(dict.fromkeys(paths))

    def additional(self, build: Mapping[str, object], reach: Reach, what: str) -> None:
        """Note the additional contexts of a build section: folders, images, other services."""
        more = build.get("additional_contexts")
        for context in map(str, more.values()) if isinstance(more, Mapping) else ():
            if context.startswith("service:"):
                reach.built_on.append(context.removeprefix("service:"))
            elif context.startswith("docker-image://"):
                reach.bases = (*reach.bases, context.removeprefix("docker-image://"))
            elif is_local(context):
                self.folder(context, "", reach, f"{what}: additional_contexts")

    def folder(self, location: str, dockerfile: str, reach: Reach, what: str) -> None:
        """Note a folder that is sent to the builder, without what its ignore file names.

        Args:
            location: the folder, or something remote, which is no input.
            dockerfile: the location of its Dockerfile, which may have an ignore file of its own; `""` for none.
            reach: where it is noted.
            what: who names it, for messages.
        """
        if is_remote(location):
            return
        path = self._trace.repository_path(location)
        if path is None:
            self.host_paths[location] = None
            return
        found = self._trace.find(path, what)
        reach.note(found.paths, Action.BUILD)
        if found.entry is None or found.entry.mode != FOLDER:
            return
        ignore_path, ignore = self._ignore_file(location, dockerfile, what)
        digest = self._left(found.path, found.entry, ignore_path, ignore)
        if not ignore:
            self.count_whole(found.path)
        elif found.path not in self._whole:
            if self.filters.setdefault(found.path, ignore_path) == ignore_path:
                self.filtered[found.path] = digest
            else:
                self.count_whole(found.path)

    def _left(self, path: str, entry: Entry, ignore_path: str, ignore: bytes) -> str:
        """The digest of what is left of a folder, all of which has to be supported."""
        try:
            folder = filtered(self._trace.tree, path, entry, ignore)
            check_left(folder)
        except BadPatternError as error:
            raise InvalidStack(error.problem, ignore_path, error.line) from error
        return folder.left.digest

    def _ignore_file(self, location: str, dockerfile: str, what: str) -> tuple[str, bytes]:
        """The ignore file's path and content; what it leaves decides, so its own change asks for nothing."""
        own = f"{dockerfile}.dockerignore" if dockerfile else ""
        for candidate in filter(None, (own, posixpath.join(location, ".dockerignore"))):
            read = self._trace.read(candidate, what, required=False, limit=MAX_IGNORE_FILE_BYTES)
            self.model.update(dict.fromkeys(read.paths))
            if read.content is not None and self._stays_in(posixpath.dirname(candidate), read):
                # One that Git lacks cannot be looked at again later: the whole folder counts.
                return (read.paths[-1], read.content) if not read.inputs else ("", b"")
        return "", b""

    def _stays_in(self, folder: str, read: Content) -> bool:
        """Whether a file was found below a folder: the builder is sent no other, wherever a symlink leads."""
        path = self._trace.find(self._trace.repository_path(folder) or "").path
        return not path or read.name.startswith(f"{path}/")

    def count_whole(self, path: str) -> None:
        """A folder is used unfiltered too, or filtered in two ways: its whole tree counts, never too little."""
        self._whole.add(path)
        self.filtered.pop(path, None)
        self.filters.pop(path, None)
