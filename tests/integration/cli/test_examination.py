"""check and doctor: every mistake at once, and how to mend it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from tests.git_server import Source

from .conftest import Desk


def test_check_finds_nothing_where_nothing_is_wrong(desk: Desk, with_homelab: Callable[[Desk], Source]) -> None:
    with_homelab(desk)
    done = desk.tegu("check")
    assert (done.code, done.stdout, done.stderr) == (0, "Everything is in order.\n", "")


def test_check_tells_every_mistake_of_the_catalog(desk: Desk) -> None:
    desk.catalog("repos:\n  a: {url: /x, reff: main}\nstacks:\n  b: {path: ../c}\n")
    done = desk.tegu("check")
    assert done.code == 1
    assert done.stdout.splitlines() == [
        f"{desk.settings.catalog}:2: repos.a.reff: unknown key; did you mean ref?",
        f"{desk.settings.catalog}:4: stacks.b.path: '../c' leads out of the repository",
        "2 problems",
    ]
    assert len(json.loads(desk.tegu("check", "--json").stdout)["problems"]) == 2


def test_check_reads_every_compose_file_at_the_newest_commit(desk: Desk, homelab: Source) -> None:
    desk.catalog(
        f"repos: {{homelab: {{url: '{homelab.path}', discover: ['services/*']}}}}\n"
        "stacks:\n"
        "  authelia:\n"
        "    path: services/authelia\n"
        "    after: [nowhere]\n"
        "    on_change: [{paths: [docs/**], action: ignore}]\n"
        "  ghost: {path: services/ghost}\n",
    )
    assert desk.tegu("check").code == 1
    homelab.commit(
        {
            "services/adguard/compose.yaml": "services:\n  a:\n    image: [\n",
            "services/Nope/compose.yaml": "services: {}\n",
        },
    )
    found = json.loads(desk.tegu("check", "--json").stdout)
    messages = {problem["stack"]: problem["message"] for problem in found["problems"] if problem["error"]}
    assert not found["ok"]
    assert "services/adguard/compose.yaml:" in messages["default/adguard"]
    assert "is not a valid name" in messages["default/Nope"]
    assert messages["default/ghost"]
    texts = [problem["message"] for problem in found["problems"] if problem["stack"] == "default/authelia"]
    assert any("can never match" in text for text in texts)
    assert "after: there is no stack nowhere in default" in texts


def test_check_asks_compose_whether_every_key_is_one(desk: Desk, homelab: Source) -> None:
    desk.catalog(f"repos: {{homelab: {{url: '{homelab.path}', discover: ['services/*']}}}}\n")
    homelab.commit(
        {
            "services/adguard/compose.yaml": "services: {a: {imag: x}}\n",
            "services/authelia/compose.yaml": "services: {a: {image: x, ports: true}}\n",
        },
    )
    done = desk.tegu("check")
    assert done.code == 1
    adguard, authelia, count = done.stdout.splitlines()
    assert adguard.startswith("adguard: ")
    assert "compose.yaml" in adguard
    assert "imag" in adguard
    assert authelia.startswith("authelia: ")
    assert "ports" in authelia
    assert count == "2 problems"


def test_check_goes_on_where_a_git_server_does_not_answer(desk: Desk, homelab: Source) -> None:
    away = "away: {url: 'git://127.0.0.1:1/away.git'}"
    desk.catalog(f"repos: {{{away}, homelab: {{url: '{homelab.path}', discover: ['services/*']}}}}\n")
    done = desk.tegu("check", "--json")
    assert done.code == 3
    (problem,) = json.loads(done.stdout)["problems"]
    assert (problem["unreachable"], "repo away: " in problem["message"]) == (True, True)
    homelab.commit({"services/adguard/compose.yaml": "services: [\n"})
    done = desk.tegu("check")
    assert done.code == 1
    assert done.stdout.splitlines()[-1] == "2 problems"


def test_check_misses_a_folder_of_which_only_the_live_files_are_left(desk: Desk, homelab: Source) -> None:
    desk.catalog(f"repos: {{homelab: {{url: '{homelab.path}'}}}}\nstacks: {{old: {{path: services/old}}}}\n")
    live = desk.settings.data_dir / "stacks/default/old/services/old"
    live.mkdir(parents=True)
    (live / "compose.yaml").write_text("services: {a: {image: x}}\n")
    done = desk.tegu("check")
    assert done.code == 1
    assert done.stdout.startswith("old: services/old: repo homelab has no such folder at main")


def test_check_says_so_where_compose_is_not_there_to_be_asked(desk: Desk, homelab: Source, tmp_path: Path) -> None:
    desk.catalog(f"repos: {{homelab: {{url: '{homelab.path}', discover: ['services/*']}}}}\n")
    homelab.commit({"services/adguard/compose.yaml": "services: {a: {imag: x}}\n"})
    (tmp_path / "cli-plugins").mkdir()
    (tmp_path / "cli-plugins/docker-compose").symlink_to("/bin/false")
    done = desk.tegu("check", DOCKER_CONFIG=str(tmp_path))
    assert done.code == 0
    assert done.stdout.startswith("warning: without docker compose only")


def test_check_says_what_is_unset_what_is_missing_and_where_to_put_it(desk: Desk, homelab: Source) -> None:
    desk.catalog(f"repos: {{homelab: {{url: '{homelab.path}', discover: ['services/*']}}}}\n")
    homelab.commit(
        {
            "services/adguard/compose.yaml": "services: {a: {image: 'x:${TAG}'}}\n",
            "services/authelia/compose.yaml": "services: {a: {image: x, env_file: secret.env}}\n",
        },
    )
    file = "services/authelia/secret.env"
    place = f"{desk.settings.data_dir}/stacks/default/authelia/{file}"
    assert desk.tegu("check").stdout.splitlines() == [
        "warning: adguard: the variable TAG is not set; Compose puts nothing in its place",
        f"authelia: service a: env_file: {file} is neither in Git nor on this host; put it at {place}",
        "1 problem",
    ]


def test_check_warns_of_a_project_that_would_begin_anew_under_another_name(desk: Desk, homelab: Source) -> None:
    desk.catalog(f"repos: {{homelab: {{url: '{homelab.path}', discover: ['services/*']}}}}\n")
    named = "services/adguard/compose.yaml"
    homelab.commit({named: "{name: dns, services: {a: {image: x}}}\n"})
    done = desk.tegu("check")
    assert done.stdout.startswith(f"warning: adguard: {named} names the project dns, but it is adguard here")
    assert (done.code, "write `project: dns` for adguard in tegu.yaml" in done.stdout) == (0, True)


def test_check_looks_at_the_last_fetch_when_the_server_is_away(desk: Desk, homelab: Source) -> None:
    desk.catalog(f"repos: {{homelab: {{url: 'file://localhost{homelab.path}', discover: ['services/*']}}}}\n")
    assert desk.tegu("check").code == 0
    homelab.path.rename(homelab.path.with_name("moved"))
    done = desk.tegu("check")
    assert done.code == 3
    assert done.stdout.startswith("homelab: looking at what was fetched last")
    assert done.stdout.endswith("\n1 problem\n")
    assert desk.tegu("check", "--no-fetch").code == 0


def test_check_fails_where_the_server_refuses_although_all_was_in_order_at_the_last_fetch(
    desk: Desk, homelab: Source
) -> None:
    repos = f"repos: {{homelab: {{url: '%s', ssh_key_file: {desk.folder}/key, discover: ['services/*']}}}}\n"
    desk.catalog(f"repos: {{homelab: {{url: '{homelab.path}', discover: ['services/*']}}}}\n")
    assert desk.tegu("check").code == 0
    ssh = desk.folder / "bin/ssh"  # says what a server says that knows no such key
    ssh.parent.mkdir()
    ssh.write_text("#!/bin/sh\necho 'git@localhost: Permission denied (publickey).' >&2\nexit 255\n")
    ssh.chmod(0o755)
    desk.catalog(repos % f"git@localhost:{homelab.path}")
    done = desk.tegu("check", PATH=f"{ssh.parent}:{os.environ['PATH']}")
    assert done.code == 1
    assert f"ssh_key_file {desk.folder}/key is not there" in done.stdout
    assert "Permission denied (publickey)" in done.stdout
    assert done.stdout.endswith("\n1 problem\n")


def test_check_needs_a_clone_once(desk: Desk) -> None:
    desk.catalog("repos: {homelab: {url: /nowhere/at/all}}\n")
    done = desk.tegu("check")
    assert done.code == 3
    assert done.stdout.startswith("repo homelab: there is no such repository")


def test_check_judges_a_working_tree_as_it_would_be_committed(desk: Desk, homelab: Source) -> None:
    """Neither Redis nor a clone is there; an ignored file is there and Git's index is left as it is."""
    desk.catalog(
        "repos: {other: {url: 'https://git.example.com/o.git'}, "
        "homelab: {url: 'https://git.example.com/me/homelab.git', discover: ['services/*']}}\n"
    )
    here = ("check", "--dir", str(homelab.path / "services"))
    assert "name the repo of" in desk.tegu(*here).stderr
    assert desk.tegu(*here, "--repo", "nope").code == 2
    homelab.git("remote", "add", "origin", "git@git.example.com:me/homelab")
    done = desk.tegu(*here)
    assert (done.code, done.stdout) == (0, "Everything is in order.\n"), done.stderr
    new = homelab.path / "services/new"
    new.mkdir()
    (new / "compose.yaml").write_text("services: {a: {image: 'x:${TAG}', env_file: [here.env, there.env]}}\n")
    (new / ".env").write_text("TAG=1\n")
    (new / "here.env").write_text("A=1\n")
    (homelab.path / ".gitignore").write_text("*.env\n.env\nlocal\n")
    ignored = homelab.path / "services/local"
    ignored.mkdir()
    (ignored / "compose.yaml").write_text("services: [\n")
    before = homelab.git("status", "--porcelain"), homelab.git("count-objects")
    done = desk.tegu(*here)
    assert done.code == 0, done.stderr
    assert done.stdout.splitlines() == [
        "warning: new: service a: env_file: services/new/there.env is not in Git",
        "Everything is in order.",
    ]
    (new / "compose.yaml").write_text("services: {a: {imag: x}}\n")
    homelab.git("rm", "-rq", "--cached", "services/adguard")  # and then added again, since it is not ignored
    done = desk.tegu(*here)
    assert done.code == 1
    assert done.stdout.startswith("new: ")
    assert "imag" in done.stdout
    homelab.git("reset", "-q")
    assert (homelab.git("status", "--porcelain"), homelab.git("count-objects")) == before
    assert desk.tegu("check", "--dir", str(desk.folder)).code == 2


def test_doctor_says_what_is_wrong_how_to_mend_it_and_the_settings_without_secrets(desk: Desk) -> None:
    desk.catalog("repos: {}\nenvironments: {p: {docker_host: 'unix:///nowhere.sock'}}\n")
    done = desk.tegu("doctor", TEGU_API_TOKEN="hunter2", TEGU_REDIS_URL="redis://:hunter2@127.0.0.1:1/0")
    assert done.code == 3
    lines = done.stdout.splitlines()
    assert any(line.startswith("ok          git: 2.") for line in lines)
    assert any(line.startswith("unreachable redis: ") for line in lines)
    assert any(line.startswith("unreachable docker engine unix:///nowhere.sock: ") for line in lines)
    assert "            start it, and see that TEGU_REDIS_URL names it" in lines
    assert "  TEGU_REDIS_URL=redis://:********@127.0.0.1:1/0" in lines
    assert "  TEGU_API_TOKEN=********" in lines
    assert "hunter2" not in done.stdout + done.stderr
    assert "  TEGU_RECONCILE=5m" in lines
    assert f"ok          catalog: {desk.settings.catalog}: 0 repos, 0 stacks, and those discovered" in lines
    desk.catalog("repos: {r: {url: /nowhere}}\nstacks: {a: {repo: r, path: a}}\n")
    assert ": 1 repo, 1 stack, and those discovered" in desk.tegu("doctor", TEGU_RECONCILE="90").stdout


def test_doctor_warns_of_a_release_of_compose_to_avoid(desk: Desk, tmp_path: Path) -> None:
    plugin = tmp_path / "cli-plugins/docker-compose"
    plugin.parent.mkdir()
    plugin.write_text("#!/bin/sh\necho 2.32.1\n")
    plugin.chmod(0o755)
    found = json.loads(desk.tegu("doctor", "--json", DOCKER_CONFIG=str(tmp_path)).stdout)
    (compose,) = (check for check in found["checks"] if check["name"] == "docker compose")
    assert (compose["status"], compose["mend"]) == ("warning", "upgrade Compose to 2.32.2 or newer")
    assert "#12404" in compose["found"]


def test_doctor_finds_the_queues_that_nobody_serves(redis_desk: Desk) -> None:
    redis_desk.catalog("repos: {}\nenvironments: {p: {worker: nas}}\n")
    found = json.loads(redis_desk.tegu("doctor", "--json").stdout)
    statuses = {check["name"]: check["status"] for check in found["checks"]}
    assert statuses["redis"] == "ok"
    assert statuses["catalog"] == "ok"
    assert statuses["data directory"] == "ok"
    assert statuses["queue tegu.nas.pull"] == "unreachable"
    assert found["settings"]["TEGU_WORKER"] == "local"


def test_an_address_that_apprise_does_not_understand_is_found_without_being_shown(
    redis_desk: Desk, homelab: Source
) -> None:
    addresses = "notify:\n- url: json://127.0.0.1/hunter2\n- url: slak://hunter2/x\n"
    redis_desk.catalog(f"repos: {{homelab: {{url: '{homelab.path}', discover: ['services/*']}}}}\n{addresses}")
    problem = "Apprise knows no slak://; did you mean slack?"
    check = redis_desk.tegu("check")
    assert check.code == 1
    assert check.stdout.splitlines() == [f"{redis_desk.settings.catalog}:4: notify[1]: {problem}", "1 problem"]
    doctor = redis_desk.tegu("doctor", "--json")
    found = {check["name"]: (check["status"], check["found"]) for check in json.loads(doctor.stdout)["checks"]}
    assert found["receiver notify[0]"][0] == "ok"
    assert found["receiver notify[1]"] == ("failed", problem)
    assert "hunter2" not in check.stdout + check.stderr + doctor.stdout + doctor.stderr


def test_doctor_reports_a_broken_catalog_among_the_rest(redis_desk: Desk) -> None:
    redis_desk.catalog("repoz: {}\n")
    found = json.loads(redis_desk.tegu("doctor", "--json").stdout)
    catalog = next(check for check in found["checks"] if check["name"] == "catalog")
    assert (catalog["status"], "did you mean repos?" in catalog["found"]) == ("failed", True)
