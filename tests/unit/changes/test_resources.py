from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.changes.resource_cases import DIFFERENT, SAME, compose_file
from tests.unit.changes.worlds import World
from workers.changes.resources import is_same_resource
from workers.errors import InvalidStack
from workers.model import Action, Decision, Reason


def change(world: World, section: str, one: str, other: str) -> Decision:
    before, after = ({"app/compose.yaml": compose_file(section, text)} for text in (one, other))
    return world.decide(before, after)


@pytest.mark.parametrize("case", SAME)
def test_what_compose_takes_for_the_same_is_no_change(world: World, case: str) -> None:
    section, one, other = SAME[case]
    for decision in (change(world, section, one, other), change(world, section, other, one)):
        assert (decision.action, decision.reason, decision.networks) == (Action.NONE, Reason.UNCHANGED, ())


@pytest.mark.parametrize("case", DIFFERENT)
def test_what_compose_takes_for_another_definition_is_a_change(world: World, case: str) -> None:
    section, one, other = DIFFERENT[case]
    for decision in (change(world, section, one, other), change(world, section, other, one)):
        if section == "volumes":
            assert (decision.reason, decision.message[:33]) == (Reason.INVALID, "the options of volume res changed")
        else:
            assert decision.services["web"].action in {Action.UP, Action.RECREATE}


def test_the_usual_driver_of_volumes_is_the_same_as_none(world: World) -> None:
    assert change(world, "volumes", "driver: local", "").reason is Reason.UNCHANGED


def test_an_extension_of_addresses_and_empty_parts_say_nothing(world: World) -> None:
    decision = change(
        world,
        "networks",
        "ipam: {driver: '', config: [{subnet: 10.9.0.0/16, gateway: }]}",
        "ipam: {config: [{subnet: 10.9.0.0/16}]}",
    )
    assert decision.reason is Reason.UNCHANGED


@pytest.mark.parametrize("section", ["volumes", "networks"])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("", ""),
        ("", "name: app_res"),
        ("name: of-its-own", "name: of-its-own"),
        ("labels: [a=b]", "{name: app_res, labels: {a: b}}"),
    ],
)
def test_a_renamed_project_may_keep_the_names_on_the_engine(world: World, section: str, one: str, other: str) -> None:
    record = world.snapshot({"app/compose.yaml": compose_file(section, one)})
    world.stack = replace(world.stack, project="renamed")
    decision = world.decide_from(record, {"app/compose.yaml": compose_file(section, other)})
    assert (decision.reason, decision.networks) == (Reason.UNCHANGED, ())


def test_a_renamed_project_with_other_options_for_its_volume_is_invalid(world: World) -> None:
    record = world.snapshot({"app/compose.yaml": compose_file("volumes", "")})
    world.stack = replace(world.stack, project="renamed")
    for text in ("{name: app_res, labels: {a: b}}", "name: other", "labels: {a: b}"):
        decision = world.decide_from(record, {"app/compose.yaml": compose_file("volumes", text)})
        assert decision.reason is Reason.INVALID


@pytest.mark.parametrize("text", ["labels: 1", "driver_opts: [a]"])
def test_what_compose_will_refuse_is_left_to_it(world: World, text: str) -> None:
    assert world.snapshot({"app/compose.yaml": compose_file("volumes", text)}).volumes["res"]


def test_a_flag_that_is_none_is_named(world: World) -> None:
    with pytest.raises(InvalidStack, match=r"networks\.res: 'perhaps' is neither true nor false"):
        world.snapshot({"app/compose.yaml": compose_file("networks", "internal: perhaps")})


def test_a_record_of_older_rules_that_cannot_be_made_again_forbids_nothing(world: World) -> None:
    files = {"app/compose.yaml": compose_file("volumes", "")}
    record = world.snapshot(files)
    old = replace(record, rules=record.rules - 1, commit="gone", volumes={"res": "as the old rules had it"})
    assert world.decide_from(old, files).action is Action.RECREATE


def test_marks_of_external_ones_are_looked_through() -> None:
    assert is_same_resource("external:a=b", "external:c=b")
    assert not is_same_resource("external:a=b", "c=d")
