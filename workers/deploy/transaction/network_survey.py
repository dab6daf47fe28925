"""Networks that Compose would make anew by itself, found before the switch.

Compose labels a network with a digest of its definition since 2.31, and `up` makes it anew where that differs: by its
own lights, so also for what somebody has done by hand, or what an interrupted attempt has left. It only takes the
services along that it is told of. Where others use the network, it cannot go then, some containers are cut off from it,
and from 5.4 on every later `up` fails ("is not connected to the network"). So Tegu makes such a network anew like one
whose definition has changed: it goes first, and all services that are connected to it join the new one.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from workers.adapters.docker.argv import dry_up_argv
from workers.adapters.docker.container import CONFIG_HASH, PROJECT
from workers.adapters.docker.engine import Engine, translated
from workers.deploy.containers import compose_model
from workers.deploy.containers.networks import NETWORK, network_ids, refuse_shared_networks
from workers.deploy.transaction.attempt import Attempt
from workers.deploy.transaction.up import to_touch
from workers.model.errors import CommandFailed
from workers.model.words import Action, ServiceDecision

_REMOVED = re.compile(r"\bNetwork (\S+)\s+Remov(?:ing|ed)\b")
_ESCAPED = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}  # as Go writes them in JSON


def include_outdated(attempt: Attempt) -> None:
    """Let the networks that Compose would make anew be among those that Tegu makes anew, with all their services.

    Raises:
        BlockedStack: when containers of other projects are connected to one.
        EngineUnavailable: when the engine is away.
    """
    suspects = _suspects(attempt) if attempt.before.details else {}
    if not _reached(attempt, suspects):
        return
    names = _removed_by_compose(attempt, suspects)
    while found := _reached(attempt, {key: name for key, name in suspects.items() if name in names}):
        _include(attempt, found)


def digest_of(definition: Mapping[str, object]) -> str:
    """Compose's digest of a network: of its definition as JSON, the way `config` has it (2.31 to 5.6)."""
    text = json.dumps(definition, separators=(",", ":"), ensure_ascii=False).translate(_ESCAPED)
    return hashlib.sha256(text.encode()).hexdigest()


def _suspects(attempt: Attempt) -> dict[str, str]:
    """The names on the engine, by key, of networks whose label is not of their definition."""
    labels = _labels(attempt.tools.engine, attempt.stack.project)
    defined = {key: found for key, found in (attempt.model.get("networks") or {}).items() if found}
    return {
        key: str(found["name"])
        for key, found in defined.items()
        if "name" in found and not found.get("external") and labels.get(key, "") not in {"", digest_of(found)}
    }


def _labels(engine: Engine, project: str) -> dict[str, str]:
    """Compose's digest on each of a project's networks, by key; empty for one that has none."""
    with translated():
        rows = engine.client.networks(filters={"label": f"{PROJECT}={project}"})
    found = (row.get("Labels") or {} for row in rows)
    return {labels.get(NETWORK, ""): labels.get(CONFIG_HASH, "") for labels in found}


def _reached(attempt: Attempt, keys: Iterable[str]) -> set[str]:
    """Those networks that a service to be touched is connected to, and that are not made anew as it is."""
    touched = to_touch(attempt)
    left = set(keys) - set(attempt.decision.networks)
    return {key for key in left if compose_model.connected(attempt.model, [key]) & touched}


def _removed_by_compose(attempt: Attempt, suspects: Mapping[str, str]) -> set[str]:
    """The names of the networks that Compose says it would remove; of all suspects where it cannot say so."""
    names: set[str] = set()

    def note(line: str) -> None:
        if match := _REMOVED.search(line):
            names.add(match[1])

    tools, seconds = attempt.tools, attempt.stack.options.limits.up.total_seconds()
    try:
        tools.compose.run(
            attempt.staged, dry_up_argv(), timeout=seconds, on_line=note, pass_fds=(tools.lock,), stop=tools.stop
        )
    except CommandFailed as error:
        tools.say(str(error))
        return set(suspects.values())
    return names


def _include(attempt: Attempt, keys: set[str]) -> None:
    engine, project, decision = attempt.tools.engine, attempt.stack.project, attempt.decision
    refuse_shared_networks(engine, project, keys)
    services = dict(decision.services)
    for name in sorted(compose_model.connected(attempt.model, keys)):
        known = services.get(name, ServiceDecision(Action.NONE))
        if known.action.strength < Action.UP.strength:
            services[name] = replace(known, action=Action.UP, signal=None)
    for key in sorted(keys):
        attempt.tools.say(f"network {key} is not as it is defined, so it is made anew with its services")
    attempt.decision = replace(decision, services=services, networks=(*decision.networks, *sorted(keys)))
    attempt.networks |= network_ids(engine, project, keys)
