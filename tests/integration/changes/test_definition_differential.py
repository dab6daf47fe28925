"""Random edits, and the services whose digest they change: by Compose's own count, and by Tegu's decision.

A service whose digest differs for any release needs at least an `up`; one whose digest differs for none needs none.
`TEGU_TEST_EXAMPLES` says how many batches are tried; each has a dozen edits.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from tests.integration.changes.edits import ENVIRONMENT, VALUES, VALUES_SINCE, compose_file
from tests.integration.changes.judge import Judge, RefusedError
from tests.integration.changes.stack_edits import FILES, TOGGLES, edited
from tests.integration.changes.test_projects import placed, write
from tests.releases import CHOSEN, examples
from tests.unit.changes.worlds import DictOutside, Files, World, make_stack
from workers.model.words import Action

FEW = examples(4, 8)
EXAMPLES = int(os.environ.get("TEGU_TEST_EXAMPLES", FEW))
EDITS = 12
pytestmark = [
    pytest.mark.timeout(120 + 30 * EXAMPLES),  # a long session takes long
    pytest.mark.skipif(CHOSEN, reason="what is needless has to be so for every release, and there is one here"),
]
# A failure names the edit at fault; making it smaller would ask Compose a thousand times.
SOME = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=EXAMPLES == FEW,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
)
CLASHES = {
    "network_mode": {"networks", "links", "ports", "mac_address"},
    "deploy": {"cpus", "mem_limit", "mem_reservation", "pids_limit", "scale"},
    "container_name": {"scale"},
    "networks": {"mac_address"},
    "provider": set(VALUES),
}
"""What Compose refuses beside each other."""

Attributes = dict[str, str]


def fits(attributes: Attributes, name: str) -> bool:
    return not any(
        other in CLASHES.get(name, ()) or name in CLASHES.get(other, ()) for other in attributes if other != name
    )


@st.composite
def services(draw: st.DrawFn, values: Mapping[str, list[str]]) -> tuple[Attributes, Attributes]:
    """A service before and after one of its attributes changes, comes or goes."""
    beside = st.dictionaries(st.sampled_from(sorted(VALUES)), st.integers(0, 100), max_size=4)
    name = draw(st.sampled_from(sorted(values)))
    common: Attributes = {"image": "a"}
    for other, place in draw(beside).items():
        if other != name and fits(common | {name: ""}, other):
            common[other] = VALUES[other][place % len(VALUES[other])]
    common = {other: value for other, value in common.items() if other != name}
    choices = [None, *values[name]] if name != "image" else list(values[name])
    before, after = draw(st.lists(st.sampled_from(choices), min_size=2, max_size=2, unique=True))
    return (
        common | ({} if before is None else {name: before}),
        common | ({} if after is None else {name: after}),
    )


def decided(before: Files, after: Files, root: Path, **options: Any) -> dict[str, Action]:
    """What Tegu would do with each service."""
    world = World()
    world.outside = DictOutside(live=str(root))
    world.outside.environ["HOME"] = "/root"
    world.stack = make_stack(**options)
    decision = world.decide(before, after)
    assert not decision.message, decision.message
    return {name: service.action for name, service in decision.services.items()}


def differing(
    judges: list[Judge], before: Files, after: Files, env: Mapping[str, str], root: Path
) -> dict[str, set[str]]:
    """By service, the releases for which it is another one; both times the project lies in the same place."""
    found: list[list[dict[str, str]]] = []
    for files in (before, after):
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        write(files, root)
        found.append([judge.hashes(root / "app", env) for judge in judges])
    names = {name for all_hashes in found for hashes in all_hashes for name in hashes}
    return {
        name: {
            judge.version
            for judge, first, then in zip(judges, *found, strict=True)
            if first.get(name) != then.get(name) and name in then
        }
        for name in names
    }


def compare(
    judges: list[Judge], before: Files, after: Files, env: Mapping[str, str], **options: object
) -> dict[str, str]:
    """What is wrong, by service."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve() / "live"
        theirs = differing(judges, before, after, env, root)
        ours = decided(before, after, root, **options)
    wrong = {}
    for service, releases in theirs.items():
        needs = ours.get(service, Action.NONE).strength >= Action.UP.strength
        if needs != bool(releases):
            wrong[service] = f"{'needless' if needs else 'missed'} {sorted(releases)}"
    return wrong


Batch = list[tuple[Attributes, Attributes]]


def check_services(judges: list[Judge], batch: Batch, *, models: bool = False) -> None:
    """Nothing is missed and nothing is needless in a batch. An edit that a release refuses is passed over."""
    before, after = (
        {"app/compose.yaml": compose_file({f"s{n}": pair[side] for n, pair in enumerate(batch)}, models=models)}
        for side in (0, 1)
    )
    env = {**ENVIRONMENT, "COMPOSE_PROFILES": "*"}
    try:
        wrong = compare(judges, before, after, env, profiles=("*",), variables=ENVIRONMENT)
    except RefusedError as refused:
        if len(batch) == 1:
            event(f"refused by {str(refused).partition(':')[0]}")
            return
        middle = len(batch) // 2  # whichever is at fault is found by halves
        check_services(judges, batch[:middle], models=models)
        check_services(judges, batch[middle:], models=models)
        return
    edits = {name: batch[int(name[1:])] if name[0] == "s" else None for name in wrong}
    found = {name: (what, edits[name]) for name, what in wrong.items() if not _needs_another_number(what, edits[name])}
    assert not found


def _needs_another_number(what: str, edit: tuple[Attributes, Attributes] | None) -> bool:
    """`up` is for the number of containers, too, which the hash does not count."""
    return what.startswith("needless") and edit is not None and _number(edit[0]) != _number(edit[1])


def _number(attributes: Attributes) -> int:
    scale, deploy = (yaml.safe_load(attributes.get(name, "null")) for name in ("scale", "deploy"))
    return int(scale or (deploy or {}).get("replicas") or 1)


@SOME
@given(st.lists(services(VALUES), min_size=EDITS, max_size=EDITS))
def test_an_attribute_counts_where_it_counts_for_compose(judges: list[Judge], batch: Batch) -> None:
    check_services(judges, batch)


@SOME
@given(st.data())
def test_an_attribute_of_later_releases_counts_where_it_counts_for_compose(
    judges: list[Judge], data: st.DataObject
) -> None:
    since = data.draw(st.sampled_from(sorted(VALUES_SINCE)))
    batch = data.draw(st.lists(services(VALUES_SINCE[since]), min_size=EDITS, max_size=EDITS))
    check_services([judge for judge in judges if judge.release >= since], batch, models=since >= (2, 38))


@SOME
@given(st.sets(st.sampled_from(sorted(TOGGLES)), max_size=12), st.sampled_from(sorted(TOGGLES)))
def test_an_edit_of_a_stack_counts_where_it_counts_for_compose(judges: list[Judge], done: set[str], edit: str) -> None:
    before, after = (placed(edited(FILES, names)) for names in (done - {edit}, done | {edit}))
    if {"a date"} & {*done, edit}:
        judges = [judge for judge in judges if judge.release != (2, 40)]  # which refuses them
    wrong = compare(judges, before, after, {})
    assert not wrong, (edit, done, wrong)
