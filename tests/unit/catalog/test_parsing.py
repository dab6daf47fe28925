"""What a catalog may say, and what is said of one that is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workers.catalog import Catalog, parse_catalog
from workers.catalog.sections import CatalogSection, OptionsSection, RepoSection, StackSection
from workers.model.errors import CatalogError
from workers.model.secret import Secret
from workers.model.stack import Health, Rule
from workers.model.words import Action

REPO = "repos: {homelab: {url: /srv/homelab.git}}\n"


def parse(text: str, environ: Mapping[str, str] | None = None, path: Path = Path("/etc/tegu/tegu.yaml")) -> Catalog:
    return parse_catalog(text, path=path, environ=environ or {})


def problems(text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(CatalogError) as caught:
        parse(text, environ, Path("tegu.yaml"))
    return list(caught.value.problems)


MISTAKES = {
    "an unknown key, with the nearest valid one": (
        REPO + "stacks:\n  a:\n    path: a\n    rolback: false\n",
        "tegu.yaml:5: stacks.a.rolback: unknown key; did you mean rollback?",
    ),
    "an unknown key at the top": ("repo: {}\n", "tegu.yaml:1: repo: unknown key; did you mean repos?"),
    "an unknown key in a group": (
        REPO + "defaults:\n  health:\n    settel: 5s\n",
        "tegu.yaml:4: defaults.health.settel: unknown key; did you mean settle?",
    ),
    "an unknown key in an override": (
        REPO + "environments: {p: {}}\nstacks:\n  a:\n    path: a\n    environments:\n      p: {profile: [x]}\n",
        "tegu.yaml:7: stacks.a.environments.p.profile: unknown key; did you mean profiles?",
    ),
    "an unknown key like no other": (
        REPO + "defaults: {limits: {zzz: 1}}\n",
        "tegu.yaml:2: defaults.limits.zzz: unknown key; use one of build, hook, pull, up",
    ),
    "a key that is there twice": (
        "repos:\n  a: {url: /a}\n  a: {url: /b}\n",
        "tegu.yaml:3: a: the key is there twice; first in line 2",
    ),
    "a missing key": ("repos:\n  a: {ref: main}\n", "tegu.yaml:2: repos.a.url: is missing"),
    "a missing path": (REPO + "stacks:\n  a: {}\n", "tegu.yaml:3: stacks.a.path: is missing"),
    "a stack without anything": (REPO + "stacks:\n  a:\n", "tegu.yaml:3: stacks.a: has to be a mapping"),
    "a text where a mapping belongs": ("repos: x\n", "tegu.yaml:1: repos: has to be a mapping"),
    "a text where a list belongs": (
        REPO + "stacks:\n  a: {path: a, watch: x}\n",
        "tegu.yaml:3: stacks.a.watch: has to be a list",
    ),
    "a list where a text belongs": ("repos: {a: {url: [x]}}\n", "tegu.yaml:1: repos.a.url: has to be text"),
    "a bad boolean": (REPO + "defaults: {build: maybe}\n", "tegu.yaml:2: defaults.build: has to be true or false"),
    "a bad word": (
        REPO + "defaults: {pull_images: allways}\n",
        "tegu.yaml:2: defaults.pull_images: has to be missing, always or never",
    ),
    "a bad duration": (
        REPO + "defaults: {health: {timeout: 5x}}\n",
        "tegu.yaml:2: defaults.health.timeout: '5x' is not a duration; write it like 30s, 5m or 1h30m",
    ),
    "a duration of nothing": (
        REPO + "defaults: {limits: {up: 0s}}\n",
        "tegu.yaml:2: defaults.limits.up: has to be longer than nothing",
    ),
    "a bad name": (
        REPO + "stacks: {Au: {path: a}}\n",
        (
            "tegu.yaml:2: stacks.Au: 'Au' is not a valid name; "
            "use 1 to 63 of a-z, 0-9, _ and -, beginning with a letter or digit"
        ),
    ),
    "an unknown repo": (
        "repos: {homelab: {url: /x}, other: {url: /y}}\nstacks:\n  a:\n    path: a\n    repo: homlab\n",
        "tegu.yaml:5: stacks.a.repo: there is no repo homlab; did you mean homelab?",
    ),
    "no repo where it does not go without saying": (
        "repos: {one: {url: /x}, two: {url: /y}}\nstacks:\n  a: {path: a}\n",
        "tegu.yaml:3: stacks.a: repo is missing; use one of one, two",
    ),
    "an unknown environment": (
        REPO + "environments: {production: {}}\nstacks:\n  a: {path: a, environments: [prodution]}\n",
        "tegu.yaml:4: stacks.a.environments: there is no environment prodution; did you mean production?",
    ),
    "an unknown environment in the defaults": (
        REPO + "defaults: {environments: [x]}\nstacks: {a: {path: a}}\n",
        "tegu.yaml:2: defaults.environments: there is no environment x; use one of default",
    ),
    "an unknown stack to wait for": (
        REPO + "stacks:\n  postgres: {path: p}\n  a: {path: a, after: [postgre]}\n",
        "tegu.yaml:4: stacks.a.after: there is no stack postgre; did you mean postgres?",
    ),
    "a stack after itself": (
        REPO + "stacks:\n  a: {path: a, after: [a]}\n",
        "tegu.yaml:3: stacks.a.after: a cannot come after itself",
    ),
    "stacks in a circle": (
        REPO + "stacks:\n  a: {path: a, after: [b]}\n  b: {path: b, after: [c]}\n  c: {path: c, after: [a]}\n",
        "tegu.yaml:3: stacks.a.after: a circle: a after b after c after a",
    ),
    "one project twice": (
        REPO + "stacks:\n  a: {path: a}\n  b: {path: b, project: a}\n",
        (
            "tegu.yaml:4: stacks.b: default/a and default/b would share the Compose project a on one Docker host; "
            "give one of them another project name"
        ),
    ),
    "one project in two environments of one host": (
        REPO + "environments: {p: {}, s: {}}\nstacks:\n  a: {path: a}\n",
        (
            "tegu.yaml:4: stacks.a: p/a and s/a would share the Compose project a on one Docker host; "
            'give one of them another project "{stack}-{environment}"'
        ),
    ),
    "discovery into two environments of one host": (
        "repos: {h: {url: /x, discover: [services/*]}}\nenvironments:\n  p: {}\n  s: {ref: develop}\n",
        (
            "tegu.yaml:4: environments.s: p and s are on one Docker host, so discovered stacks would share "
            'their Compose projects; add defaults: {project: "{stack}-{environment}"} to one of them'
        ),
    ),
    "an unknown placeholder": (
        REPO + "defaults: {project: '{stak}'}\n",
        "tegu.yaml:2: defaults.project: {stak} is unknown; {environment} and {stack} are filled in",
    ),
    "a project that Compose refuses": (
        REPO + "defaults: {project: 'X{stack}'}\n",
        (
            "tegu.yaml:2: defaults.project: 'X{stack}' does not give a valid project name; "
            "use 1 to 63 of a-z, 0-9, _ and -, beginning with a letter or digit"
        ),
    ),
    "a variable that steers Docker": (
        REPO + "defaults: {variables: {DOCKER_HOST: x}}\n",
        (
            "tegu.yaml:2: defaults.variables.DOCKER_HOST: the variable DOCKER_HOST cannot be set here: it steers the "
            "docker command (an environment variable of Docker's command line); call a value of your own by another "
            "name"
        ),
    ),
    "a variable without a value": (
        REPO + "defaults: {variables: {A: }}\n",
        "tegu.yaml:2: defaults.variables.A: has to be text",
    ),
    "an absolute path": (
        REPO + "stacks: {a: {path: /a}}\n",
        "tegu.yaml:2: stacks.a.path: '/a' has to be relative to the repository's root",
    ),
    "a path that leads out": (
        REPO + "stacks: {a: {path: a/../../b}}\n",
        "tegu.yaml:2: stacks.a.path: 'a/../../b' leads out of the repository",
    ),
    "a file that leads out": (
        REPO + "stacks:\n  a:\n    path: a\n    files: [../../x.yaml]\n",
        "tegu.yaml:5: stacks.a.files: '../../x.yaml' leads out of the repository",
    ),
    "an absolute file": (
        REPO + "stacks: {a: {path: a, files: [/x.yaml]}}\n",
        "tegu.yaml:2: stacks.a.files[0]: '/x.yaml' has to be relative to the stack's path",
    ),
    "a watched path that leads out": (
        REPO + "defaults: {watch: [x, ../y]}\n",
        "tegu.yaml:2: defaults.watch[1]: '../y' leads out of the repository",
    ),
    "a rule that leads out": (
        REPO + "defaults:\n  on_change:\n    - {paths: ['../**'], action: ignore}\n",
        (
            "tegu.yaml:4: defaults.on_change[0].paths[0]: "
            "'../**' has to be a pattern of paths in the repository, without .."
        ),
    ),
    "an unknown action": (
        REPO + "defaults:\n  on_change:\n    - paths: [x]\n      action: reload\n",
        (
            "tegu.yaml:5: defaults.on_change[0].action: 'reload' is not an action; "
            "use restart, recreate, signal:<NAME> or ignore"
        ),
    ),
    "an unknown signal": (
        REPO + "defaults:\n  on_change:\n    - paths: [x]\n      action: signal:HUPP\n",
        "tegu.yaml:5: defaults.on_change[0].action: 'signal:HUPP' names no signal; write it like signal:HUP",
    ),
    "a hook as one text": (
        REPO + "defaults: {hooks: {pre_deploy: [make backup]}}\n",
        "tegu.yaml:2: defaults.hooks.pre_deploy[0]: has to be a list",
    ),
    "an empty hook": (
        REPO + "defaults: {hooks: {pre_deploy: [[]]}}\n",
        "tegu.yaml:2: defaults.hooks.pre_deploy[0]: a hook is a list of a program and its arguments, and not empty",
    ),
    "credentials in an address": (
        "repos: {a: {url: 'https://me:hunter2@example.com/r.git'}}\n",
        (
            "tegu.yaml:1: repos.a.url: holds credentials; "
            "write the address without them, and use username and password_file"
        ),
    ),
    "a token as the user of an address": (
        "repos: {a: {url: 'https://token@example.com/r.git'}}\n",
        (
            "tegu.yaml:1: repos.a.url: holds credentials; "
            "write the address without them, and use username and password_file"
        ),
    ),
    "a protocol that runs programs": (
        "repos: {a: {url: 'ext::sh -c id'}}\n",
        "tegu.yaml:1: repos.a.url: names a remote helper; use https, ssh, git, or a local path",
    ),
    "an unknown protocol": (
        "repos: {a: {url: 'ftp://example.com/r'}}\n",
        "tegu.yaml:1: repos.a.url: ftp:// is not supported; use https, ssh, git, or a local path",
    ),
    "an option as an address": (
        "repos: {a: {url: --upload-pack=x}}\n",
        "tegu.yaml:1: repos.a.url: is not an address of a repository",
    ),
    "an address without a host": ("repos: {a: {url: 'https:///r'}}\n", "tegu.yaml:1: repos.a.url: names no host"),
    "a bad ref": (
        "repos: {a: {url: /x, ref: 'a..b'}}\n",
        "tegu.yaml:1: repos.a.ref: 'a..b' is not the name of a branch or tag",
    ),
    "a bad Docker host": (
        REPO + "environments: {p: {docker_host: /var/run/docker.sock}}\n",
        (
            "tegu.yaml:2: environments.p.docker_host: '/var/run/docker.sock' is not a Docker host; "
            "write unix:///path, tcp://host:port or ssh://user@host"
        ),
    ),
    "a secret in two forms": (
        "repos:\n  a:\n    url: /x\n    password: x\n    password_file: /y\n",
        "tegu.yaml:5: repos.a.password_file: stands beside password; keep one of them",
    ),
    "a receiver without an address": (
        REPO + "notify:\n  - on: [failed]\n",
        "tegu.yaml:3: notify[0]: url is missing; write it, or url_file with the file that holds it",
    ),
    "a receiver with two": (
        REPO + "notify:\n  - url: json://h\n    url_file: /x\n",
        "tegu.yaml:4: notify[0].url_file: stands beside url; keep one of them",
    ),
    "a receiver's unknown key": (
        REPO + "notify:\n  - url: json://h\n    stack: [a/*]\n",
        "tegu.yaml:4: notify[0].stack: unknown key; did you mean stacks?",
    ),
    "news that there are none of": (
        REPO + "notify:\n  - url: json://h\n    on: [failed, deploy]\n",
        "tegu.yaml:4: notify[0].on[1]: has to be failed, rolled_back, blocked, invalid, recovered or deployed",
    ),
    "a pattern that no stack matches": (
        REPO + "notify: [{url: json://h, stacks: [production]}]\n",
        (
            "tegu.yaml:2: notify[0].stacks[0]: 'production' is not a pattern of stacks; "
            "write it like production/* or */postgres"
        ),
    ),
    "a pattern of an unknown environment": (
        REPO + "environments: {production: {}}\nnotify:\n  - url: json://h\n    stacks: [prodcution/*]\n",
        "tegu.yaml:5: notify[0].stacks[0]: there is no environment prodcution; did you mean production?",
    ),
    "one receiver": (REPO + "notify: {url: json://h}\n", "tegu.yaml:2: notify: has to be a list"),
    "a variable that is not set": (
        "repos:\n  a:\n    url: ${NOWHERE}\n",
        "tegu.yaml:3: repos.a.url: the environment variable NOWHERE is not set; set it or write ${NOWHERE:-default}",
    ),
    "a malformed variable": (
        "repos: {a: {url: '${A?x}'}}\n",
        "tegu.yaml:1: repos.a.url: only ${NAME} and ${NAME:-default} are understood; write $$ for a dollar sign",
    ),
    "a variable within the default of another": (
        "repos:\n  a:\n    url: ${A:-${B}}\n",
        "tegu.yaml:3: repos.a.url: the default of A cannot hold another variable; write it as it is",
    ),
    "no environment at all": (
        REPO + "stacks:\n  a: {path: a, environments: []}\n",
        (
            "tegu.yaml:3: stacks.a.environments: cannot be empty: nothing would be deployed; "
            "name some, or leave it out for all"
        ),
    ),
    "no environment in the defaults": (
        REPO + "defaults: {environments: []}\nstacks: {a: {path: a}}\n",
        ("tegu.yaml:2: defaults.environments: cannot be an empty list"),
    ),
    "broken YAML": (
        "repos:\n  a: {url: [}\n",
        "tegu.yaml:2: this is not YAML: while parsing a flow node did not find expected node content",
    ),
    "a second document": (
        "repos: {}\n---\nrepos: {}\n",
        "tegu.yaml:3: a second YAML document starts here; the catalog is one document",
    ),
    "a tag": (
        "repos: !!python/name:os.system {}\nstacks: !x y\n",
        "tegu.yaml:2: the tag !x has no meaning here; remove it",
    ),
    "an unknown alias": ("repos: *x\n", "tegu.yaml:1: the alias *x has no anchor before it"),
    "a key that is no text": ("? [a]\n: b\n", "tegu.yaml:1: a key has to be text"),
    "an empty file": (
        "# nothing\n",
        "tegu.yaml:1: the catalog is empty; it has the keys repos, environments, defaults and stacks",
    ),
    "a list": (
        "- a\n",
        "tegu.yaml:1: the catalog is not a mapping; it has the keys repos, environments, defaults and stacks",
    ),
}


@pytest.mark.parametrize(("text", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_file_line_and_key(text: str, message: str) -> None:
    assert problems(text) == [message]


def test_every_problem_is_told_at_once_in_the_order_of_lines() -> None:
    text = """
repos:
  homelab: {url: "https://a:b@example.com/x", refs: main}
stacks:
  a: {repo: homelab, path: /a}
  b: {repo: nowhere, path: b, variables: {X: "${MISSING}"}}
"""
    assert [problem.split(": ")[:2] for problem in problems(text)] == [
        ["tegu.yaml:3", "repos.homelab.refs"],
        ["tegu.yaml:3", "repos.homelab.url"],
        ["tegu.yaml:5", "stacks.a.path"],
        ["tegu.yaml:6", "stacks.b.repo"],
        ["tegu.yaml:6", "stacks.b.variables.X"],
    ]


def test_no_message_shows_a_secret() -> None:
    text = 'repos: {a: {url: "https://me:hunter2@example.com/r", webhook_secret: {x: hunter2}, password: [hunter2]}}'
    text += '\nnotify: [{url: "json://hunter2@h/", url_file: x}, {url: [hunter2]}, {url: "json://hunter2", on: [x]}]'
    assert "hunter2" not in "\n".join(problems(text))


@pytest.mark.parametrize("text", ["repos: {}", "stacks:\nrepos:\n", "stacks: {}\n", REPO])
def test_a_catalog_without_stacks_is_fine(text: str) -> None:
    catalog = parse(text)
    assert catalog.stacks() == ()
    assert list(catalog.environments) == ["default"]


def test_the_own_options_of_an_environment_win_over_the_stacks_over_the_environments_over_the_defaults() -> None:
    catalog = parse(
        REPO
        + """
environments:
  p:
    variables: {A: environment, B: environment, C: environment, D: environment}
    defaults: {variables: {B: p}, profiles: [p]}
  s: {worker: nas, defaults: {profiles: [s], health: {settle: 1s}}}
defaults: {variables: {A: all, Z: all}, profiles: [all], drift: report, health: {timeout: 9s}}
stacks:
  a:
    path: a
    variables: {C: stack, D: stack}
    environments:
      p: {variables: {D: own}, drift: ignore}
      s: {}
""",
    )
    p, s = catalog.stacks()
    assert dict(p.options.variables) == {"A": "environment", "B": "p", "C": "stack", "D": "own", "Z": "all"}
    assert (p.options.profiles, p.options.drift) == (("p",), "ignore")
    assert (s.options.profiles, s.options.drift) == (("s",), "report")
    assert s.options.health == Health(timeout=timedelta(seconds=9), settle=timedelta(seconds=1))
    assert p.options.health.settle == timedelta(seconds=5)


def test_stacks_are_expanded_over_their_environments() -> None:
    catalog = parse(
        REPO
        + """
environments:
  p: {}
  s: {worker: nas, ref: develop, docker_host: "tcp://nas:2375", defaults: {project: "{stack}-{environment}"}}
stacks:
  a: {path: ./a/}
  b: {path: "", environments: [s]}
  c: {path: c, environments: {p: {path: d}}}
""",
    )
    found = [(x.id, x.path, x.ref, x.worker, x.docker_host, x.project) for x in catalog.stacks()]
    assert found == [
        ("p/a", "a", "main", "local", "unix:///var/run/docker.sock", "a"),
        ("p/c", "d", "main", "local", "unix:///var/run/docker.sock", "c"),
        ("s/a", "a", "develop", "nas", "tcp://nas:2375", "a-s"),
        ("s/b", "", "develop", "nas", "tcp://nas:2375", "b-s"),
    ]
    assert [stack.id for stack in catalog.stacks(worker="nas")] == ["s/a", "s/b"]
    assert catalog.stacks(repo="other") == ()


def test_one_project_may_run_on_two_hosts() -> None:
    assert len(parse(REPO + "environments: {p: {}, s: {worker: nas}}\nstacks: {a: {path: a}}\n").stacks()) == 2


def test_waiting_for_a_stack_that_an_environment_does_not_have_is_waiting_for_nothing() -> None:
    p, _, s = parse(
        REPO
        + "environments: {p: {}, s: {worker: nas}}\n"
        + "stacks: {a: {path: a, after: [db]}, db: {path: db, environments: [p]}}\n",
    ).stacks()
    assert (p.id, p.options.after) == ("p/a", ("db",))
    assert (s.id, s.options.after) == ("s/a", ())


def test_a_stack_to_wait_for_may_be_one_that_is_discovered() -> None:
    text = "repos: {h: {url: /x, discover: ['*']}}\nstacks: {a: {path: a, after: [db]}}\n"
    assert parse(text).stacks()[0].options.after == ("db",)


def test_rules_keep_their_order_and_meaning() -> None:
    (stack,) = parse(
        REPO
        + """
stacks:
  a:
    path: a
    on_change:
      - {paths: [a/conf/**], action: "signal:sighup", services: [web]}
      - {paths: ["*.md"], action: ignore}
      - {paths: [x], action: recreate}
""",
    ).stacks()
    assert stack.options.on_change == (
        Rule(("a/conf/**",), Action.SIGNAL, "HUP", ("web",)),
        Rule(("*.md",), Action.NONE),
        Rule(("x",), Action.RECREATE),
    )


def test_values_are_taken_as_they_are_written() -> None:
    catalog = parse(
        "repos: {a: {url: /x, ref: 1.10}}\ndefaults: {variables: {A: 0x10, B: yes, C: 1.10, D: '', E: '~'}}"
    )
    assert catalog.repos["a"].ref == "1.10"
    stack = catalog.make("a", "default", "x", "x")
    assert dict(stack.options.variables) == {"A": "0x10", "B": "yes", "C": "1.10", "D": "", "E": "~"}


def test_anchors_and_merge_keys_work() -> None:
    one, two = parse(
        REPO + "stacks:\n  a: &a {path: a, build: false, drift: report}\n  b: {<<: *a, path: b, drift: ignore}\n",
    ).stacks()
    assert (one.path, two.path, two.options.build, two.options.drift) == ("a", "b", False, "ignore")


def test_variables_come_from_the_environment() -> None:
    catalog = parse(
        "repos: {a: {url: '/${A}/${B:-b}/${C:-c}$$', ref: '${R}'}}\ndefaults: {build: '${F:-false}'}\n",
        {"A": "a", "B": "", "R": "dev"},
    )
    assert catalog.repos["a"].url == "/a/b/c$"
    assert catalog.repos["a"].ref == "dev"
    assert catalog.make("a", "default", "x", "x").options.build is False


def test_secrets_come_as_text_as_list_and_from_files(tmp_path: Path) -> None:
    (tmp_path / "hook").write_text("from a file\n")
    (tmp_path / "token").write_text("token\n")
    catalog = parse(
        "repos:\n"
        "  a: {url: /x, webhook_secret: '${S}'}\n"
        "  b: {url: /x, webhook_secret: [one, two]}\n"
        "  c: {url: https://example.com/x, webhook_secret_file: hook, username: me, password_file: ./token}\n",
        {"S": "from the environment"},
        tmp_path / "tegu.yaml",
    )
    assert catalog.repos["a"].webhook_secrets == (Secret("from the environment"),)
    assert catalog.repos["b"].webhook_secrets == (Secret("one"), Secret("two"))
    assert catalog.repos["c"].webhook_secrets == (Secret("from a file"),)
    assert catalog.repos["c"].password == Secret("token")
    assert catalog.warnings == ()
    assert "from the environment" not in repr(catalog)


def test_an_empty_or_unreadable_secret_is_a_warning_and_never_matches(tmp_path: Path) -> None:
    catalog = parse(
        "repos: {a: {url: /x, webhook_secret: ''}, b: {url: /x, webhook_secret_file: gone}}\n",
        path=tmp_path / "tegu.yaml",
    )
    assert [repo.webhook_secrets for repo in catalog.repos.values()] == [(), ()]
    place = f"{tmp_path}/tegu.yaml: repos"
    assert catalog.warnings == (
        f"{place}.a.webhook_secret: is empty, so it is not used",
        f"{place}.b.webhook_secret_file: {tmp_path}/gone cannot be read (No such file or directory)",
    )


def test_who_needs_no_secrets_is_not_asked_for_them() -> None:
    text = "repos: {a: {url: /x, webhook_secret: '${SECRET}', password_file: /nowhere}}\n"
    catalog = parse_catalog(text, path=Path("/tegu.yaml"), environ={}, secrets=False)
    assert (catalog.warnings, catalog.repos["a"].webhook_secrets, catalog.repos["a"].password) == ((), (), None)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("./homelab", "/etc/tegu/homelab"),
        ("homelab.git", "/etc/tegu/homelab.git"),
        ("../x", "/etc/x"),
        ("/srv/x.git/", "/srv/x.git"),
        ("git@example.com:me/x.git", "git@example.com:me/x.git"),
        ("ssh://git@example.com/x", "ssh://git@example.com/x"),
        ("git://127.0.0.1:9418/x", "git://127.0.0.1:9418/x"),
        ("file:///srv/x", "file:///srv/x"),
        ("~nobody-has-this-name/x", "/etc/tegu/~nobody-has-this-name/x"),
    ],
)
def test_local_repositories_are_relative_to_the_catalog(url: str, expected: str) -> None:
    assert parse(f"repos: {{a: {{url: '{url}'}}}}").repos["a"].url == expected


def test_the_version_changes_with_the_file_and_with_the_variables_it_uses() -> None:
    text = "repos: {a: {url: '/${A:-x}'}}"
    versions = [parse(text), parse(text, {"A": "y"}), parse(text + "\n"), parse(text, {"UNUSED": "z"})]
    assert len({catalog.version for catalog in versions}) == 3
    assert versions[0].version == versions[3].version


def test_the_version_tells_nothing_of_secrets() -> None:
    text = "repos: {a: {url: /x, webhook_secret: '${S}'}}"
    assert parse(text, {"S": "a"}).version == parse(text, {"S": "b"}).version


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "- " * 100_000, "a: " + "{a: " * 1000, "&a [*a]", "a: &a\n  b: *a\n"],
    ids=["flow", "block", "mappings", "itself", "itself in a mapping"],
)
def test_deep_nesting_is_refused(text: str) -> None:
    assert len(problems(text)) == 1


def test_aliases_cannot_blow_the_catalog_up() -> None:
    lines = ["x0: &x0 [a, a, a, a, a, a, a, a, a, a]"]
    lines += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, 12)]
    (problem,) = problems("\n".join(lines))
    assert "the aliases make this larger than a catalog may be" in problem


def test_a_huge_file_is_refused() -> None:
    assert problems("#" + "x" * (9 << 20)) == ["tegu.yaml:1: the file is larger than 8 MiB"]


KEYS = sorted(
    {*CatalogSection.model_fields, *StackSection.model_fields, *RepoSection.model_fields, *OptionsSection.model_fields}
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.sampled_from(["5m", "a", "~x"])
)
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)


def is_told_apart(text: str) -> bool:
    try:
        return isinstance(parse(text), Catalog)
    except CatalogError as error:
        return all(problem.startswith("/etc/tegu/tegu.yaml:") for problem in error.problems)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(list(CatalogSection.model_fields)) | st.text(max_size=5), TREES, max_size=4))
def test_any_mapping_is_a_catalog_or_a_catalog_error(tree: dict[str, object]) -> None:
    for text in (yaml.safe_dump(tree, allow_unicode=True), repr(tree)):
        assert is_told_apart(text)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_a_catalog_or_a_catalog_error(text: str) -> None:
    assert is_told_apart(text)
