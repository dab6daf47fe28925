from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.changes.worlds import LIVE, Files, World, make_stack

NAMED = "name: by-hand\nservices: {web: {image: x}}"
WEB = "services: {web: {image: x}}"


def warnings(world: World, files: Files) -> str:
    return "; ".join(world.snapshot(files).warnings)


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"app/compose.yaml": NAMED}, "app/compose.yaml"),
        ({"app/compose.yaml": "name: By-Hand!\n" + WEB}, "app/compose.yaml"),
        ({"app/compose.yaml": WEB, "app/compose.override.yml": NAMED}, "app/compose.override.yml"),
        ({"app/compose.yaml": "name: 'by-${H}'\n" + WEB, "app/.env": "H=hand"}, "app/compose.yaml"),
        ({"app/compose.yaml": WEB, "app/.env": "COMPOSE_PROJECT_NAME=by-hand"}, "app/.env"),
        ({"app/compose.yaml": "name: app\n" + WEB, "app/.env": "COMPOSE_PROJECT_NAME=by-hand"}, "app/.env"),
    ],
)
def test_another_name_in_the_projects_own_files_is_told_with_the_remedy(world: World, files: Files, place: str) -> None:
    said = warnings(world, files)
    assert said.startswith(f"{place} names the project by-hand, but it is app here")
    assert "write `project: by-hand` for app in tegu.yaml" in said


@pytest.mark.parametrize(
    "files",
    [
        {"app/compose.yaml": WEB},
        {"app/compose.yaml": "name: app\n" + WEB},
        {"app/compose.yaml": "name: App\n" + WEB},
        {"app/compose.yaml": "name: _a.p p\n" + WEB},
        {"app/compose.yaml": "name: ...\n" + WEB},
        {"app/compose.yaml": "name: ${COMPOSE_PROJECT_NAME}\n" + WEB},
        {"app/compose.yaml": NAMED, "app/.env": "COMPOSE_PROJECT_NAME=app"},
        {
            "app/compose.yaml": "include: [../i/c.yaml]\n" + WEB,
            "i/c.yaml": "name: of-the-included\nservices: {i: {image: x}}",
        },
        {"app/compose.yaml": WEB, "app/.env": "COMPOSE_FILE=compose.yaml"},
        {"app/compose.yaml": WEB, "app/.env": f"COMPOSE_FILE={LIVE}/app/./compose.yaml"},
    ],
)
def test_what_is_gone_by_anyway_is_no_news(world: World, files: Files) -> None:
    assert warnings(world, files) == ""


def test_a_project_that_the_catalog_names_is_nobodys_mistake(world: World) -> None:
    world.stack = replace(make_stack(), project="app-staging")
    assert warnings(world, {"app/compose.yaml": NAMED}) == ""


@pytest.mark.parametrize(
    ("env", "listed"),
    [
        ("COMPOSE_FILE=compose.yaml:more.yaml", "compose.yaml, more.yaml"),
        ("COMPOSE_PATH_SEPARATOR=,\nCOMPOSE_FILE=compose.yaml,more.yaml", "compose.yaml, more.yaml"),
        ("COMPOSE_FILE=more.yaml", "more.yaml"),
    ],
)
def test_other_files_in_env_are_told_with_the_remedy(world: World, env: str, listed: str) -> None:
    said = warnings(world, {"app/compose.yaml": WEB, "app/.env": env})
    assert said.startswith("app/.env sets COMPOSE_FILE=")
    assert f"write `files: [{listed}]` for app in tegu.yaml" in said


def test_files_that_the_catalog_lists_are_the_answer_already(world: World) -> None:
    world.stack = make_stack(files=("compose.yaml",))
    assert warnings(world, {"app/compose.yaml": WEB, "app/.env": "COMPOSE_FILE=more.yaml"}) == ""


def test_env_files_that_git_lacks_are_named_too(world: World) -> None:
    world.outside.files["/etc/app.env"] = "COMPOSE_PROJECT_NAME=by-hand"
    world.stack = make_stack(env_files=("/etc/app.env",))
    assert warnings(world, {"app/compose.yaml": WEB}).startswith("/etc/app.env names the project by-hand")
