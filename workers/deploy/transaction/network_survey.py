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

from workers.adapters.docker.compose_argv import dry_up_argv
from workers.adapters.docker.container import CONFIG_HASH, PROJECT
from workers.adapters.docker.engine import Engine, translated
from workers.deploy.containers import compose_model
from workers.deploy.containers.networks import NETWORK, network_ids, refuse_shared_networks
from workers.deploy.transaction.prepared import Work
from workers.deploy.transaction.up import to_touch
from workers.model.errors import CommandFailed
from workers.model.words import Action, ServiceDecision

_REMOVED = re.compile(r"\bNetwork (\S+)\s+Remov(?:ing|ed)\b")
_ESCAPED = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}  # as Go writes them in JSON


def with_outdated(work: Work) -> Work:
    """The same with the networks that Compose would make anew among those that Tegu makes anew, with their services.

    Raises:
        BlockedStack: when containers of other projects are connected to one.
        EngineUnavailable: when the engine is away.
    """
    suspects = _suspects(work) if work.before.details else {}
    if not _reached(work, suspects):
        return work
    names = _removed_by_compose(work, suspects)
    while found := _reached(work, {key: name for key, name in suspects.items() if name in names}):
        work = _with(work, found)
    return work


def digest_of(definition: Mapping[str, object]) -> str:
    """Compose's digest of a network: of its definition as JSON, the way `config` has it (2.31 to 5.6)."""
    text = json.dumps(definition, separators=(",", ":"), ensure_ascii=False).translate(_ESCAPED)
    return hashlib.sha256(text.encode()).hexdigest()


def _suspects(work: Work) -> dict[str, str]:
    """The names on the engine, by key, of networks whose label is not of their definition."""
    defined = {key: found for key, found in (work.model.get("networks") or {}).items() if found}
    own = {key: found for key, found in defined.items() if "name" in found and not found.get("external")}
    labels = _labels(work.ground.tools.engine, work.ground.stack.project) if own else {}
    return {key: str(found["name"]) for key, found in own.items() if labels.get(key, "") not in {"", digest_of(found)}}


def _labels(engine: Engine, project: str) -> dict[str, str]:
    """Compose's digest on each of a project's networks, by key; empty for one that has none."""
    with translated():
        rows = engine.client.networks(filters={"label": f"{PROJECT}={project}"})
    found = (row.get("Labels") or {} for row in rows)
    return {labels.get(NETWORK, ""): labels.get(CONFIG_HASH, "") for labels in found}


def _reached(work: Work, keys: Iterable[str]) -> set[str]:
    """Those networks that a service to be touched is connected to, and that are not made anew as it is."""
    touched = to_touch(work)
    left = set(keys) - set(work.decision.networks)
    return {key for key in left if compose_model.connected(work.model, [key]) & touched}


def _removed_by_compose(work: Work, suspects: Mapping[str, str]) -> set[str]:
    """The names of the networks that Compose says it would remove; of all suspects where it cannot say so."""
    names: set[str] = set()

    def note(line: str) -> None:
        if match := _REMOVED.search(line):
            names.add(match[1])

    tools, seconds = work.ground.tools, work.ground.stack.options.limits.up.total_seconds()
    try:
        tools.compose.run(
            work.ground.staged, dry_up_argv(), timeout=seconds, on_line=note, pass_fds=(tools.lock,), stop=tools.stop
        )
    except CommandFailed as error:
        tools.say(str(error))
        return set(suspects.values())
    return names


def _with(work: Work, keys: set[str]) -> Work:
    engine, project, decision = work.ground.tools.engine, work.ground.stack.project, work.decision
    refuse_shared_networks(engine, project, keys)
    services = dict(decision.services)
    for name in sorted(compose_model.connected(work.model, keys)):
        known = services.get(name, ServiceDecision(Action.NONE))
        if known.action.strength < Action.UP.strength:
            services[name] = replace(known, action=Action.UP, signal=None)
    for key in sorted(keys):
        work.ground.tools.say(f"network {key} is not as it is defined, so it is made anew with its services")
    decision = replace(decision, services=services, networks=(*decision.networks, *sorted(keys)))
    return replace(work, decision=decision, networks=work.networks | network_ids(engine, project, keys))
