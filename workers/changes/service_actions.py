"""The smallest action that applies a difference, service by service."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from workers.changes.resources import EXTERNAL, is_same_resource
from workers.changes.rules import content_action, matching_rule
from workers.changes.snapshot import ServiceSnapshot, Snapshot
from workers.changes.tree import FOLDER
from workers.model.stack import Rule
from workers.model.words import Action, ServiceDecision


@dataclass(slots=True)
class _Pending:
    action: Action = Action.NONE
    signal: str | None = None
    paths: set[str] = field(default_factory=set)

    def raise_to(self, action: Action, paths: Iterable[str], signal: str | None = None) -> bool:
        """Take a further cause in; True when the action became stronger."""
        if action is Action.NONE:
            return False
        self.paths.update(paths)
        if action is Action.SIGNAL and self.action is Action.SIGNAL and signal != self.signal:
            # Two signals at once: a restart serves both.
            action, signal = Action.RESTART, None
        if action.strength <= self.action.strength:
            return False
        self.action, self.signal = action, signal
        return True


class ServiceActions:
    """Works out every service's action from what differs between two snapshots.

    Args:
        record: what is deployed.
        new: what shall be.
        changed: the closure paths that differ, with the files below them, and the files outside Git that do.
        rules: the stack's `on_change` rules.
        retyped: those of the changed paths that are a folder now and were none, or the other way round.
    """

    def __init__(
        self,
        record: Snapshot,
        new: Snapshot,
        changed: Mapping[str, tuple[str, ...]],
        rules: tuple[Rule, ...],
        retyped: Collection[str] = (),
    ) -> None:
        self._record = record
        self._new = new
        self._changed = changed
        self._rules = rules
        self._retyped = retyped
        self._model = dict.fromkeys((*record.model, *new.model))
        self._pending = {name: _Pending() for name in new.services}
        self.networks = tuple(
            sorted(
                name
                for name in record.networks.keys() & new.networks
                if not is_same_resource(record.networks[name], new.networks[name])
            )
        )

    def work_out(self) -> dict[str, ServiceDecision]:
        """Every service that needs something, with the paths that are the cause."""
        for name, service in self._new.services.items():
            self._compare(name, service)
        self._apply_content()
        self._spread()
        return self.result()

    def raise_all(self, action: Action) -> None:
        """At least this action for every service."""
        for pending in self._pending.values():
            pending.raise_to(action, ())

    def raise_users(self, inputs: Iterable[str], action: Action) -> None:
        """At least this action for the services that inputs outside Git went into; options concern every one."""
        for name, service in self._new.services.items():
            if any(label.startswith("option:") or label in service.inputs for label in inputs):
                self._pending[name].raise_to(action, ())

    def result(self) -> dict[str, ServiceDecision]:
        """What has been worked out so far."""
        return {
            name: ServiceDecision(pending.action, tuple(sorted(pending.paths)), pending.signal)
            for name, pending in sorted(self._pending.items())
            if pending.action is not Action.NONE
        }

    def _compare(self, name: str, service: ServiceSnapshot) -> None:
        pending, before = self._pending[name], self._record.services.get(name)
        if before is None:
            pending.raise_to(Action.BUILD if service.build else Action.UP, self._model_paths(service))
            return
        if before.definition != service.definition:
            pending.raise_to(Action.UP, self._model_paths(service))
        if service.build and before.build != service.build:
            pending.raise_to(Action.BUILD, self._model_paths(service))
        if before.recreated != service.recreated:
            pending.raise_to(Action.RECREATE, self._model_paths(service))
        self._compare_attachments(pending, service)

    def _compare_attachments(self, pending: _Pending, service: ServiceSnapshot) -> None:
        for name in set(service.networks) & set(self.networks):
            external = EXTERNAL in self._record.networks[name] + self._new.networks[name]
            pending.raise_to(Action.RECREATE if external else Action.UP, self._model_paths(service))
        for name in service.volumes:
            after = self._new.volumes[name]
            if not is_same_resource(self._record.volumes.get(name, after), after):
                pending.raise_to(Action.RECREATE, self._model_paths(service))

    def _model_paths(self, service: ServiceSnapshot) -> tuple[str, ...]:
        own = [path for path in service.model if path in self._changed]
        return tuple(own or (path for path in self._model if path in self._changed))

    def _apply_content(self) -> None:
        for path, files in self._changed.items():
            # The mount point within the old container is of the wrong kind.
            least = Action.RECREATE if path in self._retyped else Action.NONE
            mounting = {
                name: max(kind, least, key=lambda action: action.strength)
                for name, service in self._new.services.items()
                if (kind := service.content.get(path))
                and name in self._record.services
                and path in self._record.services[name].content
            }
            entry = self._new.entries.get(path)
            alone = entry is None or entry.mode != FOLDER
            for file in files:
                self._apply_file(file, mounting, mounted_alone=alone)

    def _apply_file(self, file: str, mounting: Mapping[str, Action], *, mounted_alone: bool) -> None:
        if not mounting:
            return
        rule = None if file in self._model else matching_rule(self._rules, file)
        chosen = dict.fromkeys(mounting)
        if rule is not None and rule.services is not None:
            # Who builds from it or needs a new container for it does so, whomever the rule names.
            firm = [name for name, kind in mounting.items() if kind is not Action.RESTART]
            chosen = dict.fromkeys((*rule.services, *firm))
        for name in chosen:
            if name in self._pending:
                default = mounting.get(name, Action.RESTART)
                action, signal = content_action(default, rule, mounted_alone=mounted_alone)
                self._pending[name].raise_to(action, (file,), signal)

    def _spread(self) -> None:
        """Carry actions on to the services that depend on them, until nothing moves any more."""
        moved = True
        while moved:
            moved = False
            for name, service in self._new.services.items():
                for other in self._new.services:
                    moved |= other != name and self._follow(name, service, other)

    def _follow(self, name: str, service: ServiceSnapshot, other: str) -> bool:
        cause, action = self._pending[other], Action.NONE
        if cause.action is Action.BUILD and other in service.builds_on:
            action = Action.BUILD if service.build else Action.UP
        elif cause.action is Action.BUILD and service.image == self._new.services[other].image and not service.build:
            action = Action.UP
        elif cause.action is Action.BUILD and other in service.runs:
            # Compose takes no notice of a new image of a hook; and a container keeps the image that it mounts.
            action = Action.RECREATE
        elif cause.action.strength >= Action.RECREATE.strength and other in (
            *service.shares_with,
            *service.borrows_from,
        ):
            # The namespace that this one lives in goes away with the old container, and the new one's volumes may be
            # others: Compose replaces this one too, since its own digest has the other container's id.
            action = min(cause.action, Action.UP, key=lambda action: action.strength)
        elif cause.action.strength >= Action.RESTART.strength and other in (
            *service.restarts_with,
            *service.shares_with,
        ):
            action = Action.RESTART
        return action.strength > self._pending[name].action.strength and self._pending[name].raise_to(
            action, cause.paths
        )
