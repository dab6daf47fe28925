from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.changes.resource_cases import DIFFERENT, SAME, compose_file
from tests.unit.changes.worlds import World
from workers.changes.resources import is_only_mount, is_same_resource
from workers.model.errors import InvalidStack
from workers.model.words import Action, Decision, Reason


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
    with pytest.raises(InvalidStack, match=r"networks\.res: this is neither true nor false"):
        world.snapshot({"app/compose.yaml": compose_file("networks", "internal: perhaps")})


def test_a_record_of_older_rules_that_cannot_be_made_again_forbids_nothing(world: World) -> None:
    files = {"app/compose.yaml": compose_file("volumes", "")}
    record = world.snapshot(files)
    old = replace(record, rules=record.rules - 1, commit="gone", volumes={"res": "as the old rules had it"})
    assert world.decide_from(old, files).action is Action.RECREATE


def test_marks_of_external_ones_are_looked_through() -> None:
    assert is_same_resource("external:a=b", "external:c=b")
    assert not is_same_resource("external:a=b", "c=d")


@pytest.mark.parametrize(
    ("driver", "options", "expected"),
    [
        ("local", {"type": "nfs", "o": "addr=10.0.0.1,rw", "device": ":/export"}, True),
        ("local", {"type": "nfs4", "o": "addr=10.0.0.1,rw", "device": ":/export"}, True),
        ("local", {"type": "cifs", "o": "username=u,password=p", "device": "//nas/share"}, True),
        ("local", {"type": "none", "o": "bind", "device": "/srv/data"}, True),
        ("local", {"type": "tmpfs", "device": "tmpfs", "o": "size=1m"}, True),
        ("local", {"type": "btrfs", "device": "/dev/sda2"}, True),
        ("local", {"type": "overlay", "device": "overlay", "o": "lowerdir=/a,upperdir=/b,workdir=/c"}, True),
        (None, {"type": "nfs", "o": "addr=10.0.0.1", "device": ":/export"}, True),
        ("", {"type": "nfs", "o": "addr=10.0.0.1", "device": ":/export"}, True),
        ("local", {}, False),
        ("local", {"size": "10G"}, False),
        ("local", {"type": "nfs", "o": "addr=10.0.0.1", "device": ""}, False),
        ("local", {"o": "bind", "device": "/srv/data"}, False),
        ("rclone", {"type": "sftp", "device": "x"}, False),
        ("vieux/sshfs", {"sshcmd": "u@h:/d"}, False),
    ],
)
def test_what_the_engine_only_mounts_holds_nothing_itself(
    driver: str | None, options: dict[str, str], expected: bool
) -> None:
    assert is_only_mount(driver, options) is expected


NFS = "driver_opts: {type: nfs, o: 'addr=10.0.0.1,rw', device: ':/a'}"
BIND = "driver_opts: {type: none, o: bind, device: /srv/a}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (NFS, NFS.replace("10.0.0.1", "10.0.0.2")),
        (NFS, BIND),
        (NFS, f"driver: local, labels: [a=b], {NFS}"),
        (BIND, f"name: other, {BIND}"),
    ],
)
def test_a_mount_that_stays_one_is_made_anew(world: World, one: str, other: str) -> None:
    for decision in (change(world, "volumes", one, other), change(world, "volumes", other, one)):
        assert (decision.action, decision.reason) == (Action.RECREATE, Reason.CONTENT_CHANGED)
        assert (decision.volumes, list(decision.services)) == (("res",), ["web"])


@pytest.mark.parametrize(
    ("one", "other"),
    [("", NFS), (NFS, ""), (NFS, f"driver: x, {NFS}"), ("labels: [a=b]", "labels: [a=c]"), ("", "name: other")],
)
def test_where_the_engine_is_asked_it_says_what_a_volume_holds(world: World, one: str, other: str) -> None:
    assert change(world, "volumes", one, other).reason is Reason.INVALID
    record = world.snapshot({"app/compose.yaml": compose_file("volumes", one)})
    decision = world.decide_from(record, {"app/compose.yaml": compose_file("volumes", other)}, asks_engine=True)
    assert (decision.action, decision.volumes) == (Action.RECREATE, ("res",))


@pytest.mark.parametrize(("one", "other"), [(NFS, "external: true"), ("external: true", NFS), ("external: true", "")])
def test_one_that_somebody_else_manages_is_another_volume_whoever_is_asked(world: World, one: str, other: str) -> None:
    record = world.snapshot({"app/compose.yaml": compose_file("volumes", one)})
    after = {"app/compose.yaml": compose_file("volumes", other)}
    decision = world.decide_from(record, after, asks_engine=True)
    assert (decision.reason, "deploy with --force" in decision.message) == (Reason.INVALID, True)
    assert world.decide_from(record, after, asks_engine=True, force=True).volumes == ()


def test_whoever_has_a_volume_from_another_service_needs_it_anew_too(world: World) -> None:
    text = (
        "{services: {web: {image: x, volumes: ['res:/r']}, a: {image: x, volumes_from: [b]}, b: {image: x, "
        "volumes_from: ['web:ro', 'container:other']}, c: {image: x}}, volumes: {res: {%s}}}"
    )
    decision = world.decide({"app/compose.yaml": text % NFS}, {"app/compose.yaml": text % BIND})
    assert {name: each.action for name, each in decision.services.items()} == dict.fromkeys(
        ("a", "b", "web"), Action.RECREATE
    )
