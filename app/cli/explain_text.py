"""What `tegu explain` says of a stack: what its page says, in lines; where that is wanted, all it is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.cli.commit_text import CommitTexts
from app.cli.naming import Names
from app.cli.output import short, tinted
from app.pages.stack_view import ServiceLine, StackPage, Why
from app.pages.words import listed
from workers.model.messages import visible


class Explanation:
    """Makes the lines.

    Args:
        found: what `explain --json` prints.
        page: what the page shows.
        commits: what is said of the deployed and the newest one.
        names: of stacks.
    """

    def __init__(self, found: Mapping[str, Any], page: StackPage, commits: CommitTexts, names: Names) -> None:
        self._found = found
        self._page = page
        self._commits = commits
        self._names = names

    def lines(self, *, in_full: bool) -> Iterator[str]:
        """What there is to say.

        Args:
            in_full: with where it runs, objects, and everything that its content is compared by.
        """
        yield f"{self._names(self._found['stack'])}: {tinted(self._page.line.word)}"
        stands = [f"  {self._page.line.why}"] if self._page.line.why else []
        said = (*stands, *self._what(), *self._standing(), *self._why(), *(self._in_full() if in_full else ()))
        yield from (visible(self._names.within(line)) for line in said)

    def _what(self) -> Iterator[str]:
        found, line = self._found, self._page.line
        if found["path"] is None:
            yield f"  cannot be a stack: {found['why']}"
            yield f"  found in repo {found['repo']} at {found['ref']}"
            return
        deployed, newest = found["deployed_commit"], found["latest_commit"]
        where = f"the newest commit is {self._commits.quoted(newest)}" if newest else "no commit is known"
        if newest and deployed == newest:
            where = "the newest commit"
        elif newest and line.is_newest:
            where += ", which changes nothing of it"
        yield f"  runs {self._commits.quoted(deployed)}; {where}" if deployed else f"  never deployed; {where}"
        yield f"  {found['path'] or 'the root'} of repo {found['repo']} at {found['ref']}, project {found['project']}"
        if found.get("renamed_from"):
            yield f"  goes on with what was {found['renamed_from']}"

    def _standing(self) -> Iterator[str]:
        yield from (f"  {_service(each)}" for each in self._page.services)
        for mark in self._page.marks:
            yield f"  {mark.word}{f' {mark.at.ago}' if mark.at else ''}: {mark.said}"

    def _why(self) -> Iterator[str]:
        why = self._page.why
        if why is None:
            yield "no decision yet"
            return
        yield f"{why.at.ago if why.at else 'at last'}: {why.said}"
        yield from (f"  {line}" for line in _told(why))

    def _in_full(self) -> Iterator[str]:
        found, decision = self._found, self._found["last_decision"] or {}
        yield f"on worker {found['worker']}, {found['docker_host']}"
        if found["options"]:
            yield f"options set: {', '.join(found['options'])}"
        if decision:
            yield f"decided at {decision.get('at')}: {decision.get('action')}, {decision.get('reason')}"
        for path, ids in (decision.get("objects") or {}).items():
            yield f"  {path}: {_object(ids.get('old'))} before, {_object(ids.get('new'))} after"
        for mark in ("removed", "paused", "held", "pinned"):
            if found.get(mark):
                yield f"{mark}: " + ", ".join(f"{key} {value}" for key, value in found[mark].items() if value)
        yield from _closure(found.get("closure") or {})


def _told(why: Why) -> Iterator[str]:
    """What the last decision says beside its sentence: its message, and what each service needs because of what."""
    yield from why.message.splitlines()
    named = [path for effect in why.effects for path in effect.paths]
    for effect in why.effects:
        yield f"{effect.service}: {effect.action}, because of {listed(effect.paths, 3) or 'its definition'}"
    yield from (f"{path} differs" for path in why.paths if path not in named)
    yield from (f"{name} differs (outside Git; its value is not kept)" for name in why.inputs)


def _service(service: ServiceLine) -> str:
    since = "" if service.since is None else service.since.ago
    if since and service.state.startswith("running"):
        since = f"started {since}"
    return (
        f"{service.name}: {', '.join(filter(None, (service.state, since)))}{f' ({service.why})' if service.why else ''}"
    )


def _object(oid: str | None) -> str:
    return short(oid) or "(absent)"


def _closure(closure: Mapping[str, Any]) -> Iterator[str]:
    if not closure:
        return
    yield "what is deployed is made of"
    for path, oid in closure["paths"].items():
        yield f"  {path} {_object(oid)}"
    for path in closure["outside"]:
        yield f"  {path} (outside Git)"
    for path in closure["host_paths"]:
        yield f"  {path} (mounted from outside the repository; its content is not compared)"
    for name in closure["inputs"]:
        yield f"  {name}"
    if closure["unset"]:
        yield f"  used without a value: {', '.join(closure['unset'])}"
