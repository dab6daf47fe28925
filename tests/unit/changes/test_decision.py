from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.changes.change_cases import CASES, MOUNTED, WEB
from tests.unit.changes.worlds import KEY, LIVE, DictOutside, Link, World, make_stack
from workers.changes import decision as decision_module
from workers.changes.decision import decide, undecided
from workers.changes.snapshot import RULES, Snapshot
from workers.model.errors import GitUnavailable
from workers.model.stack import Rule
from workers.model.words import Action, Reason

CHANGED_VOLUME = "{services: {a: {image: x, volumes: ['vol:/v']}}, volumes: {vol: {driver: nfs}}}"
VARIED: dict[str, object] = {
    "app/compose.yaml": "services: {a: {image: '${TAG:-0}'}, b: {image: x, env_file: h.env}, c: {image: x}}"
}


def placed(files: dict[str, object]) -> dict[str, object]:
    return {path.removeprefix("../") if path.startswith("../") else f"app/{path}": text for path, text in files.items()}


@pytest.mark.parametrize("case", CASES)
def test_each_change_asks_for_the_smallest_action_and_names_what_differs(world: World, case: str) -> None:
    """From the old tree as from the record alone, which tells an unchanged stack, too."""
    before, after, expected = CASES[case]
    trees = world.tree(placed(before)), world.tree(placed(after))
    made = world.snapshot(placed(before))
    decision = world.decide_from(made, placed(after), recorded=trees[0])
    assert {name: str(service.action) for name, service in decision.services.items()} == expected
    ids = {path: tuple(entry.oid if (entry := tree.entry(path)) else None for tree in trees) for path in decision.paths}
    assert decision.objects == ids
    record = Snapshot.from_json(json.loads(json.dumps(made.to_json())))
    assert world.decide_from(record, placed(after)).services == decision.services
    assert world.unchanged(record, placed(before))
    if expected:
        assert not world.unchanged(record, placed(after))


@pytest.mark.parametrize("case", [case for case in CASES if CASES[case][2]])
def test_each_change_back_asks_for_something_too(world: World, case: str) -> None:
    before, after, _ = CASES[case]
    assert world.decide(placed(after), placed(before)).action is not Action.NONE


@pytest.mark.parametrize(
    ("before", "after", "path", "known"),
    [
        ({"web.conf": "1"}, {"web.conf": "2"}, "web.conf", True),
        ({"web.conf": "1"}, {}, "web.conf", True),
        ({"conf.d/a/b": "1"}, {"conf.d/a/b": "2"}, "conf.d/a/b", True),
        ({"conf.d/a": "1"}, {"conf.d/a/b": "1"}, "conf.d/a/b", False),
        ({}, {"conf.d/a": "1"}, "conf.d/a", False),
        ({}, {"compose.yaml": MOUNTED.replace("./web.conf", "./b"), "b": "1"}, "b", False),
    ],
)
def test_a_record_knows_the_old_ids_when_its_commit_is_gone(
    world: World, before: dict[str, object], after: dict[str, object], path: str, known: bool
) -> None:
    record = world.snapshot(placed({"compose.yaml": MOUNTED, **before}))
    decision = world.decide_from(record, placed({"compose.yaml": MOUNTED, **after}))
    old, new = decision.objects[f"app/{path}"]
    assert old == (world.objects.blob(str(before[path]).encode()) if known else None)
    assert new == (world.objects.blob(str(after[path]).encode()) if path in after else None)


def test_nothing_deployed_means_everything_comes_up(world: World) -> None:
    decision = world.decide_from(
        None, {"app/compose.yaml": "services: {a: {image: x}, b: {build: .}}", "app/Dockerfile": ""}
    )
    assert (decision.action, decision.reason) == (Action.BUILD, Reason.FIRST_DEPLOY)
    assert {name: service.action for name, service in decision.services.items()} == {"a": Action.UP, "b": Action.BUILD}
    assert decision.paths == ("app", "app/Dockerfile", "app/compose.yaml")


def test_an_unchanged_stack_is_left_alone_and_the_record_moves_to_the_commit(world: World) -> None:
    record = world.snapshot({"app/compose.yaml": WEB, "README": "1"})
    tree = world.tree({"app/compose.yaml": WEB, "README": "2"})
    decision, snapshot = decide(world.stack, record, tree, world.outside, KEY)
    assert (decision.action, decision.reason, decision.paths) == (Action.NONE, Reason.UNCHANGED, ())
    assert snapshot == replace(record, commit=tree.commit)


def test_a_difference_that_reaches_no_service_is_named_but_asks_for_nothing(world: World) -> None:
    decision = world.decide({"app/compose.yaml": WEB}, {"app/compose.yaml": WEB + "\n#"})
    assert (decision.action, decision.reason) == (Action.NONE, Reason.UNCHANGED)
    assert decision.paths == ("app/compose.yaml",)
    assert decision.services == {}


def test_force_recreates_every_service_and_still_builds_what_changed(world: World) -> None:
    files = {
        "app/compose.yaml": "services: {a: {build: ./i}, b: {image: x}, c: {image: y}}",
        "app/i/Dockerfile": "FROM a",
    }
    same = world.decide(files, files, force=True)
    assert (same.action, same.reason, same.paths) == (Action.RECREATE, Reason.FORCED, ())
    assert {service.action for service in same.services.values()} == {Action.RECREATE}
    changed = world.decide(files, files | {"app/i/Dockerfile": "FROM b"}, force=True)
    assert changed.services["a"].action is Action.BUILD
    assert world.decide_from(None, files, force=True).reason is Reason.FORCED


def test_a_service_that_left_is_removed_and_counts_as_up(world: World) -> None:
    before = {"app/compose.yaml": "services: {a: {image: x}, b: {image: x}}"}
    decision = world.decide(before, {"app/compose.yaml": "services: {a: {image: x}}"})
    assert (decision.removed, decision.action, decision.reason) == (("b",), Action.UP, Reason.CONTENT_CHANGED)
    assert decision.services == {}


def test_a_renamed_service_is_one_removed_and_one_added(world: World) -> None:
    decision = world.decide({"app/compose.yaml": WEB}, {"app/compose.yaml": WEB.replace("web", "www")})
    assert decision.removed == ("web",)
    assert {name: service.action for name, service in decision.services.items()} == {"www": Action.UP}


def test_a_dropped_profile_removes_its_services(world: World) -> None:
    files = {"app/compose.yaml": "services: {a: {image: x}, b: {image: x, profiles: [p]}}"}
    world.stack = make_stack(profiles=("p",))
    record = world.snapshot(files)
    world.stack = make_stack()
    decision = world.decide_from(record, files)
    assert (decision.removed, decision.reason, decision.inputs) == (
        ("b",),
        Reason.OPTIONS_CHANGED,
        ("option:profiles",),
    )


BUILT = {
    "app/compose.yaml": "services: {a: {image: x, build: {context: ./i, secrets: [s]}}}\nsecrets: {s: {file: ./gone}}"
}


def test_without_builds_neither_dockerfile_nor_context_is_needed_or_an_input(world: World) -> None:
    world.stack = make_stack(build=False)
    snapshot = world.snapshot(BUILT)
    assert not {path for path in snapshot.entries if path.startswith(("app/i", "app/gone"))}
    assert world.summary(BUILT, BUILT | {"app/i/Dockerfile": "FROM x"}) == {}
    other = {"app/compose.yaml": BUILT["app/compose.yaml"].replace("./i", "./other")}
    assert world.summary(BUILT, other) == {}
    assert world.decide_from(None, BUILT).services["a"].action is Action.UP


def test_where_builds_come_to_be_wanted_the_services_that_have_one_are_built(world: World) -> None:
    files = {"app/compose.yaml": "services: {a: {build: ./i}, b: {image: x}}", "app/i/Dockerfile": "FROM x"}
    world.stack = make_stack(build=False)
    record = world.snapshot(files)
    world.stack = make_stack()
    assert not world.unchanged(record, files)
    decision = world.decide_from(record, files)
    assert (decision.reason, decision.inputs) == (Reason.OPTIONS_CHANGED, ("option:build",))
    assert {name: service.action for name, service in decision.services.items()} == {"a": Action.BUILD}


def test_where_builds_are_wanted_no_more_what_was_built_stays(world: World) -> None:
    files = {"app/compose.yaml": "services: {a: {build: ./i}}", "app/i/Dockerfile": "FROM x"}
    record = world.snapshot(files)
    world.stack = make_stack(build=False)
    decision = world.decide_from(record, files)
    assert (decision.action, decision.reason, decision.inputs) == (Action.NONE, Reason.UNCHANGED, ("option:build",))


def test_files_from_elsewhere_that_are_not_allowed_any_more_make_a_stack_invalid_at_once(world: World) -> None:
    files = {"app/compose.yaml": "include: ['https://example.com/x.git']\nservices: {a: {image: x}}"}
    world.stack = replace(make_stack(), allow_remote_include=True)
    record = world.snapshot(files)
    world.stack = make_stack()
    assert not world.unchanged(record, files)
    assert world.decide_from(record, files).reason is Reason.INVALID


def test_a_changed_variable_is_an_option_and_is_named_without_its_value(world: World) -> None:
    files = {"app/compose.yaml": "services: {a: {image: '${TAG}'}, b: {image: x}}"}
    world.stack = make_stack(variables={"TAG": "hidden-1"})
    record = world.snapshot(files)
    world.stack = make_stack(variables={"TAG": "hidden-2"})
    assert not world.unchanged(record, files)
    decision = world.decide_from(record, files)
    assert (decision.reason, decision.inputs, decision.paths) == (Reason.OPTIONS_CHANGED, ("variable:TAG",), ())
    assert list(decision.services) == ["a"]
    assert "hidden" not in json.dumps(record.to_json())


def test_a_variable_wins_over_env_files_and_over_nothing(world: World) -> None:
    files = {"app/compose.yaml": "services: {a: {image: '${TAG}'}}", "app/.env": "TAG=1"}
    record = world.snapshot(files)
    world.stack = make_stack(variables={"TAG": "2"})
    assert list(world.decide_from(record, files).services) == ["a"]
    assert world.decide(files, files | {"app/.env": "TAG=3"}).action is Action.NONE


def test_an_unused_variable_is_no_input(world: World) -> None:
    files = {"app/compose.yaml": WEB}
    record = world.snapshot(files)
    world.stack = make_stack(variables={"UNUSED": "1"})
    assert world.unchanged(record, files)


def test_content_and_options_together_are_content(world: World) -> None:
    files = {"app/compose.yaml": "services: {a: {image: '${TAG}'}}"}
    record = world.snapshot(files)
    world.stack = make_stack(variables={"TAG": "1"})
    decision = world.decide_from(record, {"app/compose.yaml": "services: {a: {image: 'x${TAG}'}}"})
    assert (decision.reason, decision.inputs) == (Reason.CONTENT_CHANGED, ("variable:TAG",))


def test_a_hand_placed_env_file_is_an_input_outside_git(world: World) -> None:
    files = {"app/compose.yaml": "services: {a: {image: x, env_file: [.env]}, b: {image: x}}"}
    world.outside.files[f"{LIVE}/app/.env"] = "A=hidden-1"
    record = world.snapshot(files)
    assert record.outside_paths == ("app/.env",)
    assert world.unchanged(record, files)
    world.outside.files[f"{LIVE}/app/.env"] = "A=hidden-2"
    assert not world.unchanged(record, files)
    decision = world.decide_from(record, files)
    assert (decision.reason, decision.inputs) == (Reason.OPTIONS_CHANGED, ("file:app/.env",))
    assert {name: service.action for name, service in decision.services.items()} == {"a": Action.UP}
    assert "hidden" not in json.dumps(record.to_json())


def test_a_service_names_the_file_outside_git_that_concerns_it(world: World) -> None:
    files = {"app/compose.yaml": "services: {a: {image: x, env_file: [h.env]}, b: {image: x}}"}
    world.outside.files[f"{LIVE}/app/h.env"] = "A=1"
    record = world.snapshot(files)
    world.outside.files[f"{LIVE}/app/h.env"] = "A=2"
    decision = world.decide_from(
        record, {"app/compose.yaml": files["app/compose.yaml"].replace("image: x}", "image: y}")}
    )
    assert {name: service.paths for name, service in decision.services.items()} == {
        "a": ("app/compose.yaml", "app/h.env"),
        "b": ("app/compose.yaml",),
    }


def test_a_file_anywhere_on_the_host_is_an_input_too(world: World) -> None:
    files = {"app/compose.yaml": "services: {a: {image: x, env_file: /etc/app.env}, b: {image: x}}"}
    world.outside.files["/etc/app.env"] = "A=1"
    record = world.snapshot(files)
    assert world.unchanged(record, files)
    world.outside.files["/etc/app.env"] = "A=2"
    assert not world.unchanged(record, files)
    decision = world.decide_from(record, files)
    assert (decision.inputs, list(decision.services)) == (("file:/etc/app.env",), ["a"])


@pytest.mark.parametrize("after", [WEB, WEB.replace("busybox", "alpine"), "services: [", CHANGED_VOLUME])
@pytest.mark.parametrize("before", [None, WEB, CHANGED_VOLUME.replace("nfs", "local")])
def test_every_decision_names_its_stack_and_its_commit(world: World, before: str | None, after: str) -> None:
    record = world.snapshot({"app/compose.yaml": before}) if before else None
    decision = world.decide_from(record, {"app/compose.yaml": after})
    assert (decision.stack, decision.commit) == ("production/app", world.tree({"app/compose.yaml": after}).commit)


def test_an_invalid_stack_names_the_files_that_differ_and_no_others(world: World) -> None:
    text = "services: {a: {image: x, volumes: ['./c:/c']}}"
    before = {"app/compose.yaml": text, "app/c/same": "1", "app/c/other": "1"}
    after = {**before, "app/compose.yaml": "services: [", "app/c/other": "2"}
    assert world.decide(before, after).paths == ("app/c/other", "app/compose.yaml")


def test_a_changed_volume_hides_no_other_change(world: World) -> None:
    text = CHANGED_VOLUME.replace("image: x", "image: 'x:${T}'")
    record = world.snapshot({"app/compose.yaml": text, "app/.env": "T=1"})
    world.stack = make_stack(variables={"T": "2"})
    decision = world.decide_from(record, {"app/compose.yaml": text.replace("nfs", "local"), "app/.env": "T=1"})
    assert (decision.reason, decision.inputs) == (Reason.INVALID, ("variable:T",))


def test_a_hand_placed_secret_restarts_who_mounts_it(world: World) -> None:
    files = {"app/compose.yaml": "{services: {a: {image: x, secrets: [s]}}, secrets: {s: {file: /etc/s}}}"}
    world.outside.files["/etc/s"] = "1"
    record = world.snapshot(files)
    world.outside.files["/etc/s"] = "2"
    decision = world.decide_from(record, files)
    assert decision.services["a"].action is Action.RESTART
    assert decision.inputs == ("file:/etc/s",)


def test_a_file_that_tegu_wrote_does_not_pass_for_a_hand_placed_one(world: World) -> None:
    before = {"app/compose.yaml": "services: {a: {image: '${T:-0}', volumes: ['./d:/d']}}", "app/.env": "T=1"}
    before["app/d/x"] = "1"
    record = world.snapshot(before)
    world.outside.files[f"{LIVE}/app/.env"] = "T=1"
    world.outside.files[f"{LIVE}/app/d/x"] = "1"
    after = {"app/compose.yaml": "services: {a: {image: '${T:-0}', env_file: [d/x]}}"}
    decision = world.decide_from(record, after)
    assert (decision.reason, decision.action) == (Reason.INVALID, Action.NONE)
    assert "app/d/x is neither in Git nor on this host" in decision.message
    after = {"app/compose.yaml": before["app/compose.yaml"]}
    assert list(world.decide_from(record, after).services) == ["a"]


def test_a_changed_volume_is_invalid_until_forced(world: World) -> None:
    before = {"app/compose.yaml": "{services: {a: {image: x, volumes: ['vol:/v']}}, volumes: {vol: }}"}
    after = {"app/compose.yaml": "{services: {a: {image: x, volumes: ['vol:/v']}}, volumes: {vol: {driver: nfs}}}"}
    decision = world.decide(before, after)
    assert (decision.action, decision.reason) == (Action.NONE, Reason.INVALID)
    assert "volume vol changed; the volume holds data; rename it or remove it by hand" in decision.message
    assert decision.paths == ("app/compose.yaml",)
    assert world.decide(before, after, force=True).reason is Reason.FORCED


def test_a_volume_that_someone_else_is_to_manage_is_invalid(world: World) -> None:
    before = {"app/compose.yaml": "{services: {a: {image: x, volumes: ['vol:/v']}}, volumes: {vol: }}"}
    after = {"app/compose.yaml": before["app/compose.yaml"].replace("vol: }", "vol: {external: true}}")}
    assert world.decide(before, after).reason is Reason.INVALID
    assert world.decide(after, before).reason is Reason.INVALID


def test_a_volume_that_the_engine_is_asked_about_hides_none_that_someone_else_is_to_manage(world: World) -> None:
    text = "{services: {a: {image: x, volumes: ['one:/1', 'two:/2']}}, volumes: {one: %s, two: %s}}"
    before, asked, other = (
        {"app/compose.yaml": text % each}
        for each in (("", ""), ("{driver: b}", ""), ("{driver: b}", "{external: true}"))
    )
    assert world.decide(before, asked, asks_engine=True).reason is Reason.CONTENT_CHANGED
    assert "volume two changed" in world.decide(before, other, asks_engine=True).message
    assert "volume one changed" in world.decide(before, other).message


def test_a_volume_that_nobody_uses_may_change(world: World) -> None:
    before = {"app/compose.yaml": "{services: {a: {image: x}}, volumes: {vol: }}"}
    after = {"app/compose.yaml": "{services: {a: {image: x}}, volumes: {vol: {driver: nfs}}}"}
    assert world.decide(before, after).action is Action.NONE


def test_a_changed_network_is_named_unless_it_is_external(world: World) -> None:
    text = "{services: {a: {image: x}}, networks: {default: {driver: %s, external: %s}}}"
    one, two = ({"app/compose.yaml": text % (driver, "false")} for driver in ("a", "b"))
    assert world.decide(one, two).networks == ("default",)
    one, two = ({"app/compose.yaml": text % (driver, "true")} for driver in ("a", "b"))
    assert world.decide(one, two).networks == ()


def test_a_network_that_is_not_external_after_all_is_compose_s_to_replace(world: World) -> None:
    text = "{services: {a: {image: x, networks: [n]}}, networks: {n: {external: 'false', driver: a}}}"
    decision = world.decide({"app/compose.yaml": text}, {"app/compose.yaml": text.replace("driver: a", "driver: b")})
    assert decision.networks == ("n",)


def test_an_invalid_stack_is_a_decision_with_its_message_and_paths(world: World) -> None:
    record = world.snapshot({"app/compose.yaml": WEB})
    decision = world.decide_from(record, {"app/compose.yaml": "services: ["})
    assert (decision.action, decision.reason) == (Action.NONE, Reason.INVALID)
    assert decision.message.startswith("app/compose.yaml:")
    assert decision.paths == ("app/compose.yaml",)
    assert world.decide_from(None, {"x": ""}).reason is Reason.INVALID


def test_a_stack_whose_content_cannot_be_read_is_blocked_and_says_why() -> None:
    decision = undecided("production/app", "1" * 40, GitUnavailable("the server did not answer"))
    assert (decision.stack, decision.commit) == ("production/app", "1" * 40)
    assert (decision.action, decision.reason) == (Action.NONE, Reason.BLOCKED)
    assert decision.message == "the server did not answer"
    assert decision.services == {}


def test_the_paths_of_a_service_are_those_that_concern_it(world: World) -> None:
    text = "services: {a: {image: x, env_file: a.env, volumes: ['./c:/c']}, b: {image: x, env_file: b.env}}"
    before = {"app/compose.yaml": text, "app/a.env": "A=1", "app/b.env": "A=1", "app/c/x": "1", "app/c/y": "1"}
    decision = world.decide(before, before | {"app/a.env": "A=2", "app/b.env": "A=2", "app/c/x": "2"})
    assert decision.paths == ("app/a.env", "app/b.env", "app/c/x")
    assert decision.services["a"].paths == ("app/a.env", "app/c/x")
    assert decision.services["b"].paths == ("app/b.env",)


def test_where_no_file_of_its_own_changed_a_service_names_all_model_files(world: World) -> None:
    before = {
        "app/compose.yaml": "services: {a: {image: x}}",
        "app/compose.override.yaml": "services: {a: {command: x}}",
    }
    decision = world.decide(before, {"app/compose.yaml": before["app/compose.yaml"]})
    assert decision.services["a"].paths == ("app/compose.override.yaml",)


def test_watched_paths_restart_every_service(world: World) -> None:
    world.stack = make_stack(watch=("shared/ca.pem", "app/i"))
    files = {
        "app/compose.yaml": "services: {a: {image: x}, b: {build: ./i}}",
        "shared/ca.pem": "1",
        "app/i/Dockerfile": "",
    }
    assert world.summary(files, files | {"shared/ca.pem": "2"}) == {"a": "restart", "b": "restart"}
    assert world.summary(files, files | {"app/i/x": "2"}) == {"a": "restart", "b": "build"}
    assert world.snapshot(files).watched == ("shared/ca.pem", "app/i")
    del files["shared/ca.pem"]
    assert world.snapshot(files).entries["shared/ca.pem"] is None


def test_a_whole_repository_may_be_watched(world: World) -> None:
    world.stack = make_stack(watch=(".",))
    files = {"app/compose.yaml": WEB, "other/x": "1"}
    assert world.summary(files, files | {"other/x": "2"}) == {"web": "restart"}


def test_a_watched_folder_counts_as_a_whole_though_it_is_built_from_in_part(world: World) -> None:
    world.stack = make_stack(watch=("app/i",))
    files = {"app/compose.yaml": "services: {a: {build: ./i}}", "app/i/Dockerfile": "", "app/i/.dockerignore": "x"}
    assert world.summary(files | {"app/i/x": "1"}, files | {"app/i/x": "2"}) != {}


def test_adding_a_watched_path_by_itself_asks_for_nothing(world: World) -> None:
    files = {"app/compose.yaml": WEB, "shared/ca.pem": "1"}
    record = world.snapshot(files)
    world.stack = make_stack(watch=("shared/ca.pem",))
    decision = world.decide_from(record, files, recorded=world.tree(files))
    assert (decision.action, decision.reason, decision.inputs) == (Action.NONE, Reason.UNCHANGED, ("option:watch",))


def test_a_symlink_in_the_place_of_a_folder_is_seen(world: World) -> None:
    text = "services: {a: {image: x, volumes: ['./d/e/f:/f']}}"
    record = world.snapshot({"app/compose.yaml": text, "app/d/x": "", "app/other/f": "1", "app/other/e/f": ""})
    assert record.entries["app/d/e/f"] is None
    after = {"app/compose.yaml": text, "app/d/x": "", "app/other/f": "1", "app/other/e/f": ""}
    assert world.unchanged(record, after)
    assert not world.unchanged(record, after | {"app/d/e": Link("../other")})
    moved = {path: content for path, content in after.items() if path != "app/d/x"}
    assert not world.unchanged(record, moved | {"app/d": Link("other")})
    assert world.unchanged(record, after | {"app/d/e/g": ""})


def test_a_record_without_the_old_tree_still_decides(world: World) -> None:
    record = world.snapshot({"app/compose.yaml": WEB})
    after = {"app/compose.yaml": "services: {web: {image: busybox, volumes: ['./c:/c']}}", "app/c": "1"}
    decision = world.decide_from(record, after)
    assert decision.paths == ("app/c", "app/compose.yaml")
    old = world.tree({"app/compose.yaml": WEB, "app/c": "1"})
    assert world.decide_from(record, after, recorded=old).paths == ("app/compose.yaml",)


@pytest.fixture
def newer_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules after the next release."""
    monkeypatch.setattr("workers.changes.closure.RULES", 2)
    monkeypatch.setattr(decision_module, "RULES", 2)


def old_record(world: World, files: dict[str, object]) -> Snapshot:
    record = world.snapshot(files)
    services = {
        name: replace(service, definition="as the old rules had it") for name, service in record.services.items()
    }
    return replace(record, rules=1, services=services)


@pytest.mark.usefixtures("newer_rules")
def test_newer_rules_alone_are_no_change(world: World) -> None:
    world.outside.files[f"{LIVE}/app/h.env"] = "A=1"
    record = old_record(world, VARIED)
    assert not world.unchanged(record, VARIED)
    decision, snapshot = decide(
        world.stack, record, world.tree(VARIED), world.outside, KEY, recorded=world.tree(VARIED)
    )
    assert (decision.action, decision.reason) == (Action.NONE, Reason.UNCHANGED)
    assert snapshot is not None
    assert snapshot.rules == 2
    assert world.unchanged(snapshot, VARIED)
    assert world.decide_from(record, VARIED).action is Action.NONE


@pytest.mark.usefixtures("newer_rules")
def test_newer_rules_hide_no_change_of_what_lies_outside_git(world: World) -> None:
    world.outside.files[f"{LIVE}/app/h.env"] = "A=1"
    record = old_record(world, VARIED)
    world.outside.files[f"{LIVE}/app/h.env"] = "A=2"
    world.stack = make_stack(variables={"TAG": "1"})
    decision = world.decide_from(record, VARIED, recorded=world.tree(VARIED))
    assert decision.reason is Reason.OPTIONS_CHANGED
    assert decision.inputs == ("file:app/h.env", "variable:TAG")
    assert {name: service.action for name, service in decision.services.items()} == {"a": Action.UP, "b": Action.UP}
    world.stack = make_stack(profiles=("p",))
    assert set(world.decide_from(record, VARIED, recorded=world.tree(VARIED)).services) == {"a", "b", "c"}


@pytest.mark.usefixtures("newer_rules")
def test_under_newer_rules_a_variable_concerns_whoever_uses_what_it_is_in(world: World) -> None:
    files: dict[str, object] = {
        "app/compose.yaml": "{services: {a: {image: x, networks: [n]}, b: {image: x, volumes: ['vol:/v']}, "
        "c: {image: x, configs: [k]}, d: {image: x}}, networks: {n: {name: '${N:-n}'}}, "
        "volumes: {vol: {name: '${V:-v}'}}, configs: {k: {content: '${K:-k}'}}}"
    }
    record = old_record(world, files)
    for name, service in {"N": "a", "K": "c"}.items():
        world.stack = make_stack(variables={name: "1"})
        assert set(world.decide_from(record, files, recorded=world.tree(files)).services) == {service}
    world.stack = make_stack(variables={"V": "1"})
    assert world.decide_from(record, files, recorded=world.tree(files), force=True).inputs == ("variable:V",)
    assert "variable:V" in world.snapshot(files).services["b"].inputs


@pytest.mark.usefixtures("newer_rules")
def test_a_path_that_only_compose_knew_of_stays_in_the_closure(world: World) -> None:
    files: dict[str, object] = {"app/compose.yaml": WEB, "app/f": "1"}
    one = world.snapshot(files)
    record = replace(one, extra=("app/f",), entries={**one.entries, "app/f": world.tree(files).entry("app/f")})
    changed = files | {"app/compose.yaml": WEB.replace("busybox", "alpine"), "app/f": "2"}
    for rules in (2, 1):
        known = replace(record, rules=rules)
        decision, new = decide(world.stack, known, world.tree(changed), world.outside, KEY, recorded=world.tree(files))
        assert decision.paths == ("app/compose.yaml", "app/f")
        assert new is not None
        assert (new.extra, new.entries["app/f"]) == (("app/f",), world.tree(changed).entry("app/f"))


@pytest.mark.usefixtures("newer_rules")
def test_a_commit_that_newer_rules_refuse_is_compared_as_it_was_recorded(world: World) -> None:
    world.outside.files[f"{LIVE}/app/h.env"] = "A=1"
    record = old_record(world, VARIED)
    broken = world.tree({"app/compose.yaml": "services: ["})
    assert world.decide_from(record, VARIED, recorded=broken).action is Action.UP


RULED = {
    "app/compose.yaml": "services: {a: {image: x, volumes: ['./c:/c', './one:/one']}, "
    "b: {image: x, volumes: ['./c:/c']}, i: {build: {context: ./i}}}",
    "app/c/x.md": "1",
    "app/c/y": "1",
    "app/one": "1",
    "app/i/Dockerfile": "1",
    "app/i/x.md": "1",
    "app/i/y": "1",
}


@pytest.mark.parametrize(
    ("rule", "path", "expected"),
    [
        (Rule(("**/*.md",), Action.NONE), "app/c/x.md", {}),
        (Rule(("**/*.md",), Action.NONE), "app/c/y", {"a": "restart", "b": "restart"}),
        (Rule(("**/*.md",), Action.NONE), "app/i/x.md", {}),
        (Rule(("app/**",), Action.NONE), "app/i/Dockerfile", {"i": "build"}),
        (Rule(("app/**",), Action.RESTART), "app/i/y", {"i": "build"}),
        (Rule(("app/**",), Action.RESTART, services=("a",)), "app/i/y", {"a": "restart", "i": "build"}),
        (Rule(("app/c/*",), Action.RECREATE), "app/c/y", {"a": "recreate", "b": "recreate"}),
        (Rule(("app/c/*",), Action.RESTART, services=("i", "gone")), "app/c/y", {"i": "restart"}),
        (Rule(("app/c/*",), Action.SIGNAL, signal="HUP"), "app/c/y", {"a": "signal", "b": "signal"}),
        (Rule(("app/one",), Action.SIGNAL, signal="HUP"), "app/one", {"a": "restart"}),
    ],
)
def test_rules_say_what_content_asks_for(world: World, rule: Rule, path: str, expected: dict[str, str]) -> None:
    world.stack = make_stack(on_change=(rule,))
    assert world.summary(RULED, RULED | {path: "2"}) == expected


def test_the_first_rule_that_matches_wins(world: World) -> None:
    world.stack = make_stack(on_change=(Rule(("app/c/y",), Action.NONE), Rule(("app/c/*",), Action.RECREATE)))
    assert world.summary(RULED, RULED | {"app/c/y": "2"}) == {}


def test_a_signal_has_its_name_and_two_signals_are_a_restart(world: World) -> None:
    hup, usr1 = (
        Rule((f"app/c/{name}*",), Action.SIGNAL, signal=signal) for name, signal in (("x", "HUP"), ("y", "USR1"))
    )
    world.stack = make_stack(on_change=(hup, usr1))
    services = world.decide(RULED, RULED | {"app/c/x.md": "2"}).services
    assert {service.signal for service in services.values()} == {"HUP"}
    both = world.decide(RULED, RULED | {"app/c/x.md": "2", "app/c/y": "2"}).services["a"]
    assert (both.action, both.signal) == (Action.RESTART, None)
    assert both.paths == ("app/c/x.md", "app/c/y")


def test_no_rule_applies_to_files_that_make_the_model(world: World) -> None:
    text = "services: {a: {image: x, volumes: ['.:/app']}}"
    world.stack = make_stack(on_change=(Rule(("**",), Action.NONE),))
    assert world.summary({"app/compose.yaml": text}, {"app/compose.yaml": text + "\n#"}) == {"a": "restart"}


def test_the_digest_of_a_file_that_appears_on_the_host_is_compared_too(world: World) -> None:
    record = world.snapshot({"app/compose.yaml": WEB})
    host = DictOutside({f"{LIVE}/app/.env": "A=1"})
    world.outside = host
    assert not world.unchanged(record, {"app/compose.yaml": WEB})
    decision = world.decide_from(record, {"app/compose.yaml": WEB})
    assert (decision.action, decision.inputs) == (Action.NONE, ("file:app/.env",))


def test_without_a_live_directory_nothing_outside_git_is_there(world: World) -> None:
    world.outside = DictOutside(live=None)
    files = {"app/compose.yaml": "services: {a: {image: x, env_file: x.env}}"}
    record = world.snapshot(files)
    assert record.outside["app/.env"] is None
    assert record.warnings == ("service a: env_file: app/x.env is not in Git",)
    assert world.decide_from(record, files | {"README": ""}).action is Action.NONE


@pytest.mark.parametrize("place", [{"docker_host": "tcp://nas:2375"}, {"project": "other"}])
def test_another_engine_or_project_is_another_fingerprint_although_the_content_is_the_same(
    world: World, place: dict[str, str]
) -> None:
    files = {"app/compose.yaml": "services: {a: {image: x}}"}
    record = world.snapshot(files)
    world.stack = replace(make_stack(), **place)  # type: ignore[arg-type]
    assert not world.unchanged(record, files)
    assert world.decide_from(record, files).inputs == (f"option:{next(iter(place))}",)
    assert world.snapshot(files).fingerprint != record.fingerprint


RULES_2: dict[str, object] = {
    "app/compose.yaml": (
        "services:\n"
        "  web: {image: 'x:1@sha256:aaaa', volumes: ['/srv/a/:/a', './c:/c', 'data:/d'], labels: {A: }, "
        "environment: [N, A=1], command: web --x, ports: ['80:80']}\n"
        "  built: {build: ./i, profiles: [on], depends_on: [web], env_file: e.env}\n"
        "volumes: {data: {}}\n"
    ),
    "app/.env": "COMPOSE_PROFILES=on\n",
    "app/e.env": "E=1\n",
    "app/c": "1",
    "app/i/Dockerfile": "FROM x",
}
"""What the record beside this file was made of, by a build whose rules were the second."""


def test_a_record_that_an_earlier_build_wrote_is_no_change_by_itself(world: World) -> None:
    text = Path(__file__).with_name("record-of-rules-2.json").read_text()
    record = Snapshot.from_json(json.loads(text))
    assert record.rules == 2
    assert not world.unchanged(record, RULES_2)
    decision, snapshot = decide(
        world.stack, record, world.tree(RULES_2), world.outside, KEY, recorded=world.tree(RULES_2)
    )
    assert (decision.action, decision.reason, decision.services) == (Action.NONE, Reason.UNCHANGED, {})
    assert snapshot is not None
    assert snapshot.rules == RULES
    assert world.unchanged(snapshot, RULES_2)
    pinned = RULES_2 | {"app/compose.yaml": str(RULES_2["app/compose.yaml"]).replace("aaaa", "bbbb")}
    decision = world.decide_from(record, pinned, recorded=world.tree(RULES_2))
    assert {name: service.action for name, service in decision.services.items()} == {"web": Action.UP}
