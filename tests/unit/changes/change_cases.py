"""What is done to a stack's files, and the smallest action that each of its services needs for it."""
# ruff: noqa: E501 (a table reads best in rows)

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from tests.unit.changes.worlds import Link, Program

WEB = "services: {web: {image: busybox}}"
MOUNTED = "services: {web: {image: busybox, volumes: ['./web.conf:/w', './conf.d:/c']}, db: {image: busybox}}"
SHARED = "services: {a: {image: x, volumes: ['./f:/f']}, b: {image: y, ipc: 'service:a'}}"
RESTARTED = "depends_on: {a: {condition: service_started, restart: '${R:-true}'}}"
FROM_OTHERS = (
    "services: {web: {image: x, volumes: ['./f:/f']}, side: {image: y, volumes_from: SOURCE, volumes: ['./g:/g']}, "
    "further: {image: y, volumes_from: [side]}, none: {image: y}}"
)
THREE = (
    "services: {a: {image: x, volumes_from: [b]}, b: {image: x, volumes_from: [c]}, c: {image: x, volumes: ['./f:/f']}}"
)
BASED = "services: {base: {build: {context: ./b, tags: [other, 'further:2']}, image: 'app-base:1'}, web: {build: ./w}}"
MODELS = (
    "{services: {short: {image: x, models: [own]}, long: {image: x, models: {own: {endpoint_var: URL}}}, none: {image: x}}, "
    "models: {own: {model: ai/one}, unused: {model: ai/unused}}}"
)
HOOKED = (
    "services: {web: {image: x, pre_start: [{image: 'app-tool', volumes: ['./f:/f'], env_file: hook.env, "
    "label_file: gone.labels, configs: [c], security_opt: ['seccomp:./s.json']}]}, tool: {build: ./t}, none: {image: y}}\n"
    "configs: {c: {content: '${C:-one}'}}"
)
HOOKED_FILES = {"f": "1", "hook.env": "A=1", "s.json": "{}", "t/Dockerfile": "FROM x"}
IMAGE_MOUNTED = "services: {web: {image: x, volumes: [{type: image, source: 'app-tool:latest', target: /t}]}, tool: {build: ./t}, none: {image: y}}"
JOBS = (
    "{services: {web: {image: x}}, jobs: {job: {image: y, triggers: {manual: true}, volumes: ['./f:/f', '/etc:/e', './gone:/g', v:/v], "
    "env_file: [e], label_file: l, secrets: [s, v], build: {context: ./t}}, none: , remote: {build: 'https://example.com/x.git'}}, secrets: {s: {file: ./secret}, v: {environment: V}}}"
)
JOBS_FILES = {"f": "1", "e": "A=1", "l": "a=b", "secret": "1", "t/Dockerfile": "FROM x"}
PLATFORMS = "services: {web: {build: ./t}, own: {build: ./t, platform: linux/arm64}, none: {image: x}}"
ELSEWHERE = "services: {web: {build: {context: ./img, dockerfile: ../D}}}"


_Row = tuple[dict[str, object], dict[str, object], dict[str, str]]


class _Rows(dict[str, _Row]):
    """Rows by name, none of which takes the place of another one."""

    def __ior__(self, more: Mapping[str, _Row]) -> Self:  # type: ignore[misc,override]
        assert not self.keys() & more
        self.update(more)
        return self


# what is done to {compose.yaml, …}: before, after, the action of each service that needs one
CASES = _Rows({
    **{
        f"what a hook has: {path} as {content}": (
            {"compose.yaml": HOOKED, **HOOKED_FILES},
            {"compose.yaml": HOOKED, **HOOKED_FILES, path: content},
            expected,
        )
        for path, content, expected in (
            ("f", "2", {"web": "recreate"}),
            ("hook.env", "A=2", {"web": "recreate"}),
            ("hook.env", "A=1 # the same", {}),
            ("s.json", "{ }", {"web": "recreate"}),
            (".env", "C=two", {"web": "recreate"}),
            ("t/Dockerfile", "FROM y", {"tool": "build", "web": "recreate"}),
        )
    },
    "a hook's command": (
        {"compose.yaml": HOOKED, **HOOKED_FILES},
        {"compose.yaml": HOOKED.replace("env_file: hook.env", "env_file: hook.env, command: x"), **HOOKED_FILES},
        {"web": "up"},
    ),
    "a hook in another spelling": (
        {"compose.yaml": HOOKED, **HOOKED_FILES},
        {"compose.yaml": HOOKED.replace("env_file: hook.env", "env_file: [{path: ./hook.env, required: true}]"), **HOOKED_FILES},
        {},
    ),
    "an image that is built here and mounted": (
        {"compose.yaml": IMAGE_MOUNTED, "t/Dockerfile": "FROM x"},
        {"compose.yaml": IMAGE_MOUNTED, "t/Dockerfile": "FROM y"},
        {"tool": "build", "web": "recreate"},
    ),
    **{
        f"what a job has: {path}": (
            {"compose.yaml": JOBS, **JOBS_FILES},
            {"compose.yaml": JOBS, **JOBS_FILES, path: "2"},
            {},
        )
        for path in JOBS_FILES
    },
    "a job": ({"compose.yaml": JOBS, **JOBS_FILES}, {"compose.yaml": JOBS.replace("image: y", "image: z"), **JOBS_FILES}, {}),
    "the platform that images are built for": (
        {"compose.yaml": PLATFORMS, "t/Dockerfile": "FROM x", ".env": "A=1"},
        {"compose.yaml": PLATFORMS, "t/Dockerfile": "FROM x", ".env": "A=1\nDOCKER_DEFAULT_PLATFORM=linux/amd64"},
        {"web": "up"},
    ),
    "the platform that images are built for, said of the service as well": (
        {"compose.yaml": PLATFORMS, "t/Dockerfile": "FROM x", ".env": "DOCKER_DEFAULT_PLATFORM=linux/amd64"},
        {"compose.yaml": PLATFORMS.replace("./t}", "./t, platform: linux/amd64}", 1), "t/Dockerfile": "FROM x", ".env": "DOCKER_DEFAULT_PLATFORM=linux/amd64"},
        {},
    ),
    "a network mode that says nothing": ({"compose.yaml": WEB}, {"compose.yaml": "services: {web: {image: busybox, network_mode: '${NONE}'}}"}, {"web": "up"}),
    "a profile without a name": ({"compose.yaml": WEB}, {"compose.yaml": "services: {web: {image: busybox, profiles: ['${NONE}']}}"}, {"web": "up"}),
    "a comment": ({"compose.yaml": WEB}, {"compose.yaml": WEB + "\n# hello"}, {}),
    "the order of keys": (
        {"compose.yaml": "services: {web: {image: a, command: b}}"},
        {"compose.yaml": "services: {web: {command: b, image: a}}"},
        {},
    ),
    "a README": ({"compose.yaml": WEB, "README.md": "a"}, {"compose.yaml": WEB, "README.md": "b"}, {}),
    "an image": ({"compose.yaml": WEB}, {"compose.yaml": WEB.replace("busybox", "alpine")}, {"web": "up"}),
    "a label": ({"compose.yaml": WEB}, {"compose.yaml": "services: {web: {image: busybox, labels: {a: b}}}"}, {"web": "up"}),
    "develop": (
        {"compose.yaml": WEB},
        {"compose.yaml": "services: {web: {image: busybox, develop: {watch: [{path: ., action: sync}]}}}"},
        {"web": "up"},
    ),
    "an extension": (
        {"compose.yaml": WEB},
        {"compose.yaml": "x-a: b\nservices: {web: {image: busybox, x-a: b}}"},
        {},
    ),
    "one of two services": (
        {"compose.yaml": "services: {a: {image: a}, b: {image: b}}"},
        {"compose.yaml": "services: {a: {image: c}, b: {image: b}}"},
        {"a": "up"},
    ),
    "an added service": (
        {"compose.yaml": "services: {a: {image: a}}"},
        {"compose.yaml": "services: {a: {image: a}, b: {image: b}}"},
        {"b": "up"},
    ),
    "an added service with a build": (
        {"compose.yaml": "services: {a: {image: a}}", "Dockerfile": "FROM x"},
        {"compose.yaml": "services: {a: {image: a}, b: {build: .}}", "Dockerfile": "FROM x"},
        {"b": "build"},
    ),
    "a mounted file": (
        {"compose.yaml": MOUNTED, "web.conf": "1"},
        {"compose.yaml": MOUNTED, "web.conf": "2"},
        {"web": "restart"},
    ),
    "a mounted file's mode": (
        {"compose.yaml": MOUNTED, "web.conf": "1"},
        {"compose.yaml": MOUNTED, "web.conf": Program("1")},
        {"web": "restart"},
    ),
    "a mounted file that is deleted": (
        {"compose.yaml": MOUNTED, "web.conf": "1"},
        {"compose.yaml": MOUNTED},
        {"web": "restart"},
    ),
    "a mounted file that appears": (
        {"compose.yaml": MOUNTED},
        {"compose.yaml": MOUNTED, "web.conf": "1"},
        {"web": "recreate"},
    ),
    **{
        f"a file of the service whose {field} namespace another one shares": (
            {"compose.yaml": SHARED.replace("ipc", field), "f": "1"},
            {"compose.yaml": SHARED.replace("ipc", field), "f": "2"},
            {"a": "restart", "b": "restart"},
        )
        for field in ("ipc", "pid", "uts", "network_mode")
    },
    "a file of a service that another one links to": (
        {"compose.yaml": SHARED.replace("ipc: 'service:a'", "links: [a]"), "f": "1"},
        {"compose.yaml": SHARED.replace("ipc: 'service:a'", "links: [a]"), "f": "2"},
        {"a": "restart", "b": "restart"},
    ),
    "a file of a service that another one is restarted with, as a variable says": (
        {"compose.yaml": SHARED.replace("ipc: 'service:a'", RESTARTED), "f": "1"},
        {"compose.yaml": SHARED.replace("ipc: 'service:a'", RESTARTED), "f": "2"},
        {"a": "restart", "b": "restart"},
    ),
    "a network's extension": (
        {"compose.yaml": "{services: {a: {image: x, networks: [n]}}, networks: {n: {}}}"},
        {"compose.yaml": "{services: {a: {image: x, networks: [n]}}, networks: {n: {x-a: b}}}"},
        {},
    ),
    "a file that is mounted from now on, and differs": (
        {"compose.yaml": WEB, "f": "1"},
        {"compose.yaml": "services: {web: {image: busybox, volumes: ['./f:/f']}}", "f": "2"},
        {"web": "up"},
    ),
    "a file in a mounted folder": (
        {"compose.yaml": MOUNTED, "conf.d/a/b": "1"},
        {"compose.yaml": MOUNTED, "conf.d/a/b": "2"},
        {"web": "restart"},
    ),
    "a file added to a mounted folder": (
        {"compose.yaml": MOUNTED, "conf.d/a": "1"},
        {"compose.yaml": MOUNTED, "conf.d/a": "1", "conf.d/b": "1"},
        {"web": "restart"},
    ),
    **{
        f"a mounted path: {what}": (
            {"compose.yaml": MOUNTED, "conf.d/kept": "1", **before},
            {"compose.yaml": MOUNTED, "conf.d/kept": "1", **after},
            {"web": expected},
        )
        for what, before, after, expected in (
            ("a file that Git lacked", {}, {"web.conf": "1"}, "recreate"),
            ("a folder that Git lacked", {}, {"web.conf/x": "1"}, "restart"),
            ("a file that Git lacks now", {"web.conf": "1"}, {}, "restart"),
            ("a folder where a file was", {"web.conf": "1"}, {"web.conf/x": "1"}, "recreate"),
            ("a file where a folder was", {"web.conf/x": "1"}, {"web.conf": "1"}, "recreate"),
            ("a file within a folder where one was", {"conf.d/x": "1"}, {"conf.d/x/y": "1"}, "restart"),
            ("a symlink to what was there", {"web.conf": "1"}, {"web.conf": Link("other"), "other": "1"}, "restart"),
            ("a symlink to a folder", {"web.conf": "1"}, {"web.conf": Link("other"), "other/x": "1"}, "recreate"),
            (
                "a symlink that leads to a file now",
                {"web.conf": Link("conf.d"), "one": "1"},
                {"web.conf": Link("./conf.d/../one"), "one": "1"},
                "recreate",
            ),
            ("what a symlink leads to", {"web.conf": Link("a"), "a/x": ""}, {"web.conf": Link("a"), "a": ""}, "recreate"),
            ("a symlink to nothing", {"web.conf": Link("a")}, {"web.conf": "1"}, "restart"),
        )
    },
    "a path of two services that becomes a folder": (
        {"compose.yaml": FROM_OTHERS.replace("SOURCE", "[web]"), "f": "1", "g": "1"},
        {"compose.yaml": FROM_OTHERS.replace("SOURCE", "[web]"), "f/x": "1", "g": "1"},
        {"web": "recreate", "side": "recreate", "further": "recreate"},
    ),
    "a mounted symlink's target": (
        {"compose.yaml": MOUNTED, "web.conf": Link("a"), "a": "1", "b": "2"},
        {"compose.yaml": MOUNTED, "web.conf": Link("b"), "a": "1", "b": "2"},
        {"web": "restart"},
    ),
    "where the symlink of a mounted folder leads": (
        {"compose.yaml": MOUNTED, "conf.d": Link("a"), "a/x": "1", "b/x": "2"},
        {"compose.yaml": MOUNTED, "conf.d": Link("b"), "a/x": "1", "b/x": "2"},
        {"web": "restart"},
    ),
    "where the symlink of a config leads": (
        {"compose.yaml": "{services: {web: {image: b, configs: [c]}, db: {image: b}}, configs: {c: {file: c}}}", "c": Link("x"), "x": "1", "y": "2"},
        {"compose.yaml": "{services: {web: {image: b, configs: [c]}, db: {image: b}}, configs: {c: {file: c}}}", "c": Link("y"), "x": "1", "y": "2"},
        {"web": "restart"},
    ),
    "what a mounted symlink points to": (
        {"compose.yaml": MOUNTED, "web.conf": Link("a"), "a": "1"},
        {"compose.yaml": MOUNTED, "web.conf": Link("a"), "a": "2"},
        {"web": "restart"},
    ),
    "an env file": (
        {"compose.yaml": "services: {web: {image: b, env_file: a.env}}", "a.env": "A=1"},
        {"compose.yaml": "services: {web: {image: b, env_file: a.env}}", "a.env": "A=2"},
        {"web": "up"},
    ),
    "a comment in an env file": (
        {"compose.yaml": "services: {web: {image: b, env_file: a.env}}", "a.env": "A=1"},
        {"compose.yaml": "services: {web: {image: b, env_file: a.env}}", "a.env": "# why\nA=1"},
        {},
    ),
    "an env file's name": (
        {"compose.yaml": "services: {web: {image: b, env_file: a.env}}", "a.env": "A=1"},
        {"compose.yaml": "services: {web: {image: b, env_file: b.env}}", "b.env": "A=1"},
        {},
    ),
    "an optional env file that appears": (
        {"compose.yaml": "services: {web: {image: b, env_file: [{path: a.env, required: false}]}}"},
        {"compose.yaml": "services: {web: {image: b, env_file: [{path: a.env, required: false}]}}", "a.env": "A=1"},
        {"web": "up"},
    ),
    "a label file": (
        {"compose.yaml": "services: {web: {image: b, label_file: a.labels}}", "a.labels": "A=1"},
        {"compose.yaml": "services: {web: {image: b, label_file: a.labels}}", "a.labels": "A=2"},
        {"web": "up"},
    ),
    "a used variable": (
        {"compose.yaml": "services: {web: {image: 'b:${TAG}'}, db: {image: b}}", ".env": "TAG=1"},
        {"compose.yaml": "services: {web: {image: 'b:${TAG}'}, db: {image: b}}", ".env": "TAG=2"},
        {"web": "up"},
    ),
    "an unused variable": (
        {"compose.yaml": WEB, ".env": "TAG=1"},
        {"compose.yaml": WEB, ".env": "GAT=1"},
        {},
    ),
    "a passed variable": (
        {"compose.yaml": "services: {web: {image: b, environment: [TAG]}}", ".env": "TAG=1"},
        {"compose.yaml": "services: {web: {image: b, environment: [TAG]}}", ".env": "TAG=2"},
        {"web": "up"},
    ),
    "an override that appears": (
        {"compose.yaml": WEB},
        {"compose.yaml": WEB, "compose.override.yaml": "services: {web: {command: x}}"},
        {"web": "up"},
    ),
    "a main file that comes first": (
        {"docker-compose.yml": WEB},
        {"docker-compose.yml": WEB, "compose.yml": "services: {web: {image: c}}"},
        {"web": "up"},
    ),
    "a config file": (
        {"compose.yaml": "{services: {web: {image: b, configs: [c]}, db: {image: b}}, configs: {c: {file: c.txt}}}", "c.txt": "1"},
        {"compose.yaml": "{services: {web: {image: b, configs: [c]}, db: {image: b}}, configs: {c: {file: c.txt}}}", "c.txt": "2"},
        {"web": "restart"},
    ),
    "a config file's name": (
        {"compose.yaml": "{services: {web: {image: b, configs: [c]}}, configs: {c: {file: a}}}", "a": "1", "b": "1"},
        {"compose.yaml": "{services: {web: {image: b, configs: [c]}}, configs: {c: {file: b}}}", "a": "1", "b": "1"},
        {"web": "recreate"},
    ),
    "a secret file": (
        {"compose.yaml": "{services: {web: {image: b, secrets: [c]}}, secrets: {c: {file: c.txt}}}", "c.txt": "1"},
        {"compose.yaml": "{services: {web: {image: b, secrets: [c]}}, secrets: {c: {file: c.txt}}}", "c.txt": "2"},
        {"web": "restart"},
    ),
    "an inline config": (
        {"compose.yaml": "{services: {web: {image: b, configs: [c]}}, configs: {c: {content: a}}}"},
        {"compose.yaml": "{services: {web: {image: b, configs: [c]}}, configs: {c: {content: b}}}"},
        {"web": "recreate"},
    ),
    "a secret from the environment": (
        {"compose.yaml": "{services: {web: {image: b, secrets: [c]}}, secrets: {c: {environment: T}}}", ".env": "T=1"},
        {"compose.yaml": "{services: {web: {image: b, secrets: [c]}}, secrets: {c: {environment: T}}}", ".env": "T=2"},
        {"web": "recreate"},
    ),
    "an unused config": (
        {"compose.yaml": "{services: {web: {image: b}}, configs: {c: {file: c.txt}}}", "c.txt": "1"},
        {"compose.yaml": "{services: {web: {image: b}}, configs: {c: {file: c.txt}}}", "c.txt": "2"},
        {},
    ),
    "an external config": (
        {"compose.yaml": "{services: {web: {image: b, configs: [c]}}, configs: {c: {external: true}}}"},
        {"compose.yaml": "{services: {web: {image: b, configs: [c]}}, configs: {c: {external: true}}}\n#"},
        {},
    ),
    "a seccomp profile": (
        {"compose.yaml": "services: {web: {image: b, security_opt: ['seccomp:./s.json']}}", "s.json": "1"},
        {"compose.yaml": "services: {web: {image: b, security_opt: ['seccomp:./s.json']}}", "s.json": "2"},
        {"web": "recreate"},
    ),
    "nothing of an unconfined service": (
        {"compose.yaml": "services: {web: {image: b, security_opt: ['seccomp=unconfined', 'no-new-privileges:true']}}"},
        {"compose.yaml": "services: {web: {image: b, security_opt: ['seccomp=unconfined', 'no-new-privileges:true']}}\n#"},
        {},
    ),
    "build arguments": (
        {"compose.yaml": "services: {web: {build: {context: ., args: {A: 1}}}}", "Dockerfile": "FROM a"},
        {"compose.yaml": "services: {web: {build: {context: ., args: {A: 2}}}}", "Dockerfile": "FROM a"},
        {"web": "build"},
    ),
    "build arguments in another spelling": (
        {"compose.yaml": "services: {web: {build: {context: ./i, args: {A: 1}}}}", "i/Dockerfile": "FROM a"},
        {"compose.yaml": "services: {web: {build: {context: ./i, args: [A=1]}}}", "i/Dockerfile": "FROM a"},
        {},
    ),
    "a build argument that is passed on no more": (
        {"compose.yaml": "services: {web: {build: {context: ./i, args: [A]}}}", "i/Dockerfile": "FROM a", ".env": "A=1"},
        {"compose.yaml": "services: {web: {build: {context: ./i, args: {A: 1}}}}", "i/Dockerfile": "FROM a", ".env": "A=1"},
        {},
    ),
    "a Dockerfile": (
        {"compose.yaml": "services: {web: {build: ./img}, db: {image: b}}", "img/Dockerfile": "FROM a"},
        {"compose.yaml": "services: {web: {build: ./img}, db: {image: b}}", "img/Dockerfile": "FROM b"},
        {"web": "build"},
    ),
    "a Dockerfile elsewhere": (
        {"compose.yaml": "services: {web: {build: {context: ./img, dockerfile: ../D}}}", "D": "FROM a", "img/x": ""},
        {"compose.yaml": "services: {web: {build: {context: ./img, dockerfile: ../D}}}", "D": "FROM b", "img/x": ""},
        {"web": "build"},
    ),
    "an inline Dockerfile": (
        {"compose.yaml": "services: {web: {build: {context: ./img, dockerfile_inline: FROM a}}}", "img/x": ""},
        {"compose.yaml": "services: {web: {build: {context: ./img, dockerfile_inline: FROM b}}}", "img/x": ""},
        {"web": "build"},
    ),
    "a Dockerfile in lower case": (
        {"compose.yaml": "services: {web: {build: ./img}}", "img/dockerfile": "FROM a"},
        {"compose.yaml": "services: {web: {build: ./img}}", "img/dockerfile": "FROM b"},
        {"web": "build"},
    ),
    "a file in the build context": (
        {"compose.yaml": "services: {web: {build: ./img}}", "img/Dockerfile": "FROM a", "img/src/x": "1"},
        {"compose.yaml": "services: {web: {build: ./img}}", "img/Dockerfile": "FROM a", "img/src/x": "2"},
        {"web": "build"},
    ),
    "an ignored file in the build context": (
        {"compose.yaml": "services: {web: {build: ./img}}", "img/Dockerfile": "", "img/.dockerignore": "x", "img/x": "1"},
        {"compose.yaml": "services: {web: {build: ./img}}", "img/Dockerfile": "", "img/.dockerignore": "x", "img/x": "2"},
        {},
    ),
    "a file in a filtered build context": (
        {"compose.yaml": "services: {web: {build: ./img}}", "img/Dockerfile": "", "img/.dockerignore": "x", "img/y": "1"},
        {"compose.yaml": "services: {web: {build: ./img}}", "img/Dockerfile": "", "img/.dockerignore": "x", "img/y": "2"},
        {"web": "build"},
    ),
    "a Dockerfile's own ignore file": (
        {"compose.yaml": "services: {web: {build: ./img}}", "img/Dockerfile": "", "img/x": "1",
         "img/Dockerfile.dockerignore": "x\nDockerfile.dockerignore"},
        {"compose.yaml": "services: {web: {build: ./img}}", "img/Dockerfile": "", "img/x": "2",
         "img/Dockerfile.dockerignore": "x\nDockerfile.dockerignore\n# comment"},
        {},
    ),
    "an ignore file that leaves less": (
        {"compose.yaml": "services: {web: {build: ./img}}", "img/Dockerfile": "", "img/x": "1"},
        {"compose.yaml": "services: {web: {build: ./img}}", "img/Dockerfile": "", "img/x": "1",
         "img/Dockerfile.dockerignore": "x\n*.dockerignore"},
        {"web": "build"},
    ),
    "an additional context": (
        {"compose.yaml": "services: {web: {build: {context: ./i, dockerfile_inline: F, additional_contexts: {m: ./m}}}}", "m/x": "1"},
        {"compose.yaml": "services: {web: {build: {context: ./i, dockerfile_inline: F, additional_contexts: {m: ./m}}}}", "m/x": "2"},
        {"web": "build"},
    ),
    "a build secret": (
        {"compose.yaml": "{services: {web: {build: {context: ., secrets: [{source: t}]}}}, secrets: {t: {file: ../t}}}", "../t": "1", "Dockerfile": ""},
        {"compose.yaml": "{services: {web: {build: {context: ., secrets: [{source: t}]}}}, secrets: {t: {file: ../t}}}", "../t": "2", "Dockerfile": ""},
        {"web": "build"},
    ),
    "a base image built here": (
        {"compose.yaml": "services: {base: {build: ./b, image: mine:1}, web: {build: ./w}, same: {image: 'mine:1'}, db: {image: x}}",
         "b/Dockerfile": "FROM a", "w/Dockerfile": "FROM mine:1"},
        {"compose.yaml": "services: {base: {build: ./b, image: mine:1}, web: {build: ./w}, same: {image: 'mine:1'}, db: {image: x}}",
         "b/Dockerfile": "FROM b", "w/Dockerfile": "FROM mine:1"},
        {"base": "build", "same": "up", "web": "build"},
    ),
    "a base image two steps away": (
        {"compose.yaml": "services: {c: {build: {context: ./c, additional_contexts: {x: 'service:b'}}}, b: {build: ./b}, a: {build: ./a}}",
         "a/Dockerfile": "FROM x", "b/Dockerfile": "FROM y\nCOPY --from=app-a / /", "c/Dockerfile": "FROM x"},
        {"compose.yaml": "services: {c: {build: {context: ./c, additional_contexts: {x: 'service:b'}}}, b: {build: ./b}, a: {build: ./a}}",
         "a/Dockerfile": "FROM z", "b/Dockerfile": "FROM y\nCOPY --from=app-a / /", "c/Dockerfile": "FROM x"},
        {"a": "build", "b": "build", "c": "build"},
    ),
    "a build that is dropped": (
        {"compose.yaml": "services: {web: {build: .}}", "Dockerfile": ""},
        {"compose.yaml": "services: {web: {image: a}}", "Dockerfile": ""},
        {"web": "up"},
    ),
    "a network's definition": (
        {"compose.yaml": "{services: {web: {image: a, networks: [n]}, db: {image: a}}, networks: {n: {}}}"},
        {"compose.yaml": "{services: {web: {image: a, networks: [n]}, db: {image: a}}, networks: {n: {internal: true}}}"},
        {"web": "up"},
    ),
    "an external network's name": (
        {"compose.yaml": "{services: {web: {image: a, networks: [n]}}, networks: {n: {external: true, name: a}}}"},
        {"compose.yaml": "{services: {web: {image: a, networks: [n]}}, networks: {n: {external: true, name: b}}}"},
        {"web": "recreate"},
    ),
    "an external volume's name": (
        {"compose.yaml": "{services: {web: {image: a, volumes: ['vol:/v']}, d: {image: a}}, volumes: {vol: {external: true, name: a}}}"},
        {"compose.yaml": "{services: {web: {image: a, volumes: ['vol:/v']}, d: {image: a}}, volumes: {vol: {external: true, name: b}}}"},
        {"web": "recreate"},
    ),
    "the default network": (
        {"compose.yaml": "{services: {web: {image: a}, no: {image: a, network_mode: none}}}"},
        {"compose.yaml": "{services: {web: {image: a}, no: {image: a, network_mode: none}}, networks: {default: {internal: true}}}"},
        {"web": "up"},
    ),
    "the default network of a service that names none": (
        {"compose.yaml": "{services: {web: {image: a, networks: []}, no: {image: a, network_mode: none}}}"},
        {"compose.yaml": "{services: {web: {image: a, networks: []}, no: {image: a, network_mode: none}}, networks: {default: {internal: true}}}"},
        {"web": "up"},
    ),
    "the default network, which a provider does not use": (
        {"compose.yaml": "{services: {web: {image: a}, db: {provider: {type: x}}}}"},
        {"compose.yaml": "{services: {web: {image: a}, db: {provider: {type: x}}}, networks: {default: {internal: true}}}"},
        {"web": "up"},
    ),
    "an image with the name that the one of a provider would have": (
        {"compose.yaml": "services: {web: {build: ./i, image: app-db}, db: {provider: {type: x}}}", "i/Dockerfile": "FROM a"},
        {"compose.yaml": "services: {web: {build: ./i, image: app-db}, db: {provider: {type: x}}}", "i/Dockerfile": "FROM b"},
        {"web": "build"},
    ),
    "the options of a provider": (
        {"compose.yaml": "{services: {web: {image: a}, db: {provider: {type: x, options: {size: 1}}}}}"},
        {"compose.yaml": "{services: {web: {image: a}, db: {provider: {type: x, options: {size: 2}}}}}"},
        {"db": "up"},
    ),
    "a language model": (
        {"compose.yaml": MODELS},
        {"compose.yaml": MODELS.replace("ai/one", "ai/other")},
        {"long": "up", "short": "up"},
    ),
    "a language model's extension": (
        {"compose.yaml": MODELS},
        {"compose.yaml": MODELS.replace("ai/one", "ai/one, x-why: because")},
        {},
    ),
    "how a service uses a language model": (
        {"compose.yaml": MODELS},
        {"compose.yaml": MODELS.replace("URL", "ADDRESS")},
        {"long": "up"},
    ),
    "a language model that no service uses": (
        {"compose.yaml": MODELS},
        {"compose.yaml": MODELS.replace("ai/unused", "ai/not-used")},
        {},
    ),
    "a language model in an override file": (
        {"compose.yaml": MODELS},
        {"compose.yaml": MODELS, "compose.override.yaml": "{services: {none: {models: {own: }}}, models: {own: {context_size: 1}}}"},
        {"long": "up", "none": "up", "short": "up"},
    ),
    "the first of two language models": (
        {"compose.yaml": "{services: {a: {image: x, models: [one, two]}}, models: {one: {model: ai/1}, two: {model: ai/2}}}"},
        {"compose.yaml": "{services: {a: {image: x, models: [one, two]}}, models: {one: {model: ai/3}, two: {model: ai/2}}}"},
        {"a": "up"},
    ),
    "a variable of a language model": (
        {"compose.yaml": MODELS.replace("ai/one", "'ai/${ONE:-one}'"), ".env": "TWO=2"},
        {"compose.yaml": MODELS.replace("ai/one", "'ai/${ONE:-one}'"), ".env": "ONE=1"},
        {"long": "up", "short": "up"},
    ),
    "what a bind volume's device has": (
        {"compose.yaml": "{services: {web: {image: a, volumes: ['vol:/v']}}, volumes: {vol: {driver_opts: {type: none, o: bind, device: ./d}}}}", "d/x": "1"},
        {"compose.yaml": "{services: {web: {image: a, volumes: ['vol:/v']}}, volumes: {vol: {driver_opts: {type: none, o: bind, device: ./d}}}}", "d/x": "2"},
        {"web": "restart"},
    ),
    "a service that others depend on": (
        {"compose.yaml": "services: {db: {image: a, volumes: ['./x:/x']}, web: {image: a, depends_on: {db: {condition: service_started, restart: true}}}, "
         "job: {image: a, depends_on: [db]}, side: {image: a, network_mode: 'service:db'}, old: {image: a, links: ['web:w']}}", "x": "1"},
        {"compose.yaml": "services: {db: {image: a, volumes: ['./x:/x']}, web: {image: a, depends_on: {db: {condition: service_started, restart: true}}}, "
         "job: {image: a, depends_on: [db]}, side: {image: a, network_mode: 'service:db'}, old: {image: a, links: ['web:w']}}", "x": "2"},
        {"db": "restart", "old": "restart", "side": "restart", "web": "restart"},
    ),
    "a service whose network others live in": (
        {"compose.yaml": "services: {vpn: {image: a}, app: {image: a, network_mode: 'service:vpn'}}"},
        {"compose.yaml": "services: {vpn: {image: b}, app: {image: a, network_mode: 'service:vpn'}}"},
        {"app": "up", "vpn": "up"},
    ),
    **{
        f"a file of a service whose volumes another one has, {how}": (
            {"compose.yaml": FROM_OTHERS.replace("SOURCE", source), "f": "1", "g": "1"},
            {"compose.yaml": FROM_OTHERS.replace("SOURCE", source), "f": "2", "g": "1"},
            expected,
        )
        for how, source, expected in (
            ("as it is", "[web]", {"further": "restart", "side": "restart", "web": "restart"}),
            ("read only", "['web:ro']", {"further": "restart", "side": "restart", "web": "restart"}),
            ("of another project", "['container:web']", {"web": "restart"}),
        )
    },
    "a config of a service whose volumes another one has": (
        {"compose.yaml": "{services: {a: {image: x, configs: [c]}, b: {image: y, volumes_from: [a]}}, configs: {c: {file: f}}}", "f": "1"},
        {"compose.yaml": "{services: {a: {image: x, configs: [c]}, b: {image: y, volumes_from: [a]}}, configs: {c: {file: f}}}", "f": "2"},
        {"a": "restart", "b": "restart"},
    ),
    "a file that comes by way of two other services, the last one first": (
        {"compose.yaml": THREE, "f": "1"},
        {"compose.yaml": THREE, "f": "2"},
        {"a": "restart", "b": "restart", "c": "restart"},
    ),
    "the build of a service whose volumes another one has": (
        {"compose.yaml": "services: {a: {build: ./i}, b: {image: y, volumes_from: [a]}}", "i/Dockerfile": "FROM a"},
        {"compose.yaml": "services: {a: {build: ./i}, b: {image: y, volumes_from: [a]}}", "i/Dockerfile": "FROM b"},
        {"a": "build", "b": "up"},
    ),
    "an included file": (
        {"compose.yaml": "include: [../shared/compose.yaml]\n" + WEB, "../shared/compose.yaml": "services: {s: {image: a}}"},
        {"compose.yaml": "include: [../shared/compose.yaml]\n" + WEB, "../shared/compose.yaml": "services: {s: {image: b}}"},
        {"s": "up"},
    ),
    "an included project's .env": (
        {"compose.yaml": "include: [../shared/compose.yaml]\n" + WEB, "../shared/compose.yaml": "services: {s: {image: 'a:${T:-0}'}}"},
        {"compose.yaml": "include: [../shared/compose.yaml]\n" + WEB, "../shared/compose.yaml": "services: {s: {image: 'a:${T:-0}'}}", "../shared/.env": "T=1"},
        {"s": "up"},
    ),
    "an extended file": (
        {"compose.yaml": "services: {web: {extends: {file: ../b.yaml, service: b}}, db: {image: a}}", "../b.yaml": "services: {b: {image: a}}"},
        {"compose.yaml": "services: {web: {extends: {file: ../b.yaml, service: b}}, db: {image: a}}", "../b.yaml": "services: {b: {image: b}}"},
        {"web": "up"},
    ),
    "an env file of an extended service": (
        {"compose.yaml": "services: {web: {extends: {file: ../s/b.yaml, service: b}}}", "../s/b.yaml": "services: {b: {image: a, env_file: x.env}}", "../s/x.env": "A=1"},
        {"compose.yaml": "services: {web: {extends: {file: ../s/b.yaml, service: b}}}", "../s/b.yaml": "services: {b: {image: a, env_file: x.env}}", "../s/x.env": "A=2"},
        {"web": "up"},
    ),
    "a disabled service": (
        {"compose.yaml": "services: {web: {image: a}, x: {image: a, profiles: [p], env_file: gone.env}}"},
        {"compose.yaml": "services: {web: {image: a}, x: {image: b, profiles: [p], env_file: gone.env}}"},
        {},
    ),
    "a profile that .env switches on": (
        {"compose.yaml": "services: {web: {image: a}, x: {image: a, profiles: [p]}}"},
        {"compose.yaml": "services: {web: {image: a}, x: {image: a, profiles: [p]}}", ".env": "COMPOSE_PROFILES=q, p"},
        {"x": "up"},
    ),
    "a file that PWD leads to": (
        {"compose.yaml": "services: {web: {image: a, volumes: ['${PWD}/c:/c']}}", "c": "1"},
        {"compose.yaml": "services: {web: {image: a, volumes: ['${PWD}/c:/c']}}", "c": "2"},
        {"web": "restart"},
    ),
    "an ignore file outside the context that leaves something else": (
        {"compose.yaml": ELSEWHERE, "D": "FROM a", "D.dockerignore": "x", "img/x": "1", "img/y": "1"},
        {"compose.yaml": ELSEWHERE, "D": "FROM a", "D.dockerignore": "y", "img/x": "1", "img/y": "1"},
        {"web": "build"},
    ),
    "an ignore file outside the context that leaves the same": (
        {"compose.yaml": ELSEWHERE, "D": "FROM a", "D.dockerignore": "x", "img/x": "1", "img/y": "1"},
        {"compose.yaml": ELSEWHERE, "D": "FROM a", "D.dockerignore": "x\n# why", "img/x": "1", "img/y": "1"},
        {},
    ),
    "an ignore file outside the context that appears": (
        {"compose.yaml": ELSEWHERE, "D": "FROM a", "img/x": "1", "img/y": "1"},
        {"compose.yaml": ELSEWHERE, "D": "FROM a", "D.dockerignore": "y", "img/x": "1", "img/y": "1"},
        {"web": "build"},
    ),
    "a filtered context that vanishes": (
        {"compose.yaml": ELSEWHERE, "D": "FROM a", "D.dockerignore": "x", "img/x": "1", "img/y": "1"},
        {"compose.yaml": ELSEWHERE, "D": "FROM a", "D.dockerignore": "x"},
        {"web": "build"},
    ),
    "a file that one of two Dockerfiles ignores": (
        {"compose.yaml": "services: {a: {build: ./i}, b: {build: {context: ./i, dockerfile: ../D}}}", "D": "FROM a",
         "i/Dockerfile": "FROM a", "i/Dockerfile.dockerignore": "x", "i/x": "1"},
        {"compose.yaml": "services: {a: {build: ./i}, b: {build: {context: ./i, dockerfile: ../D}}}", "D": "FROM a",
         "i/Dockerfile": "FROM a", "i/Dockerfile.dockerignore": "x", "i/x": "2"},
        {"a": "build", "b": "build"},
    ),
    "a file that the other of two Dockerfiles ignores": (
        {"compose.yaml": "services: {a: {build: {context: ./i, dockerfile: ../D}}, b: {build: ./i}}", "D": "FROM a",
         "i/Dockerfile": "FROM a", "i/Dockerfile.dockerignore": "x", "i/x": "1"},
        {"compose.yaml": "services: {a: {build: {context: ./i, dockerfile: ../D}}, b: {build: ./i}}", "D": "FROM a",
         "i/Dockerfile": "FROM a", "i/Dockerfile.dockerignore": "x", "i/x": "2"},
        {"a": "build", "b": "build"},
    ),
    "where the symlink of a Dockerfile leads": (
        {"compose.yaml": ELSEWHERE, "D": Link("a"), "a": "FROM a", "b": "FROM b", "img/x": ""},
        {"compose.yaml": ELSEWHERE, "D": Link("b"), "a": "FROM a", "b": "FROM b", "img/x": ""},
        {"web": "build"},
    ),
    "a base image that a build argument names": (
        {"compose.yaml": "services: {base: {build: ./b, image: mine:1}, web: {build: {context: ./w, args: {BASE: 'mine:1'}}}}",
         "b/Dockerfile": "FROM a", "w/Dockerfile": "ARG BASE=other\nFROM $BASE"},
        {"compose.yaml": "services: {base: {build: ./b, image: mine:1}, web: {build: {context: ./w, args: {BASE: 'mine:1'}}}}",
         "b/Dockerfile": "FROM b", "w/Dockerfile": "ARG BASE=other\nFROM $BASE"},
        {"base": "build", "web": "build"},
    ),
    "a base image that two arguments name": (
        {"compose.yaml": BASED, "b/Dockerfile": "FROM a", "w/Dockerfile": "ARG TAG=1\nARG BASE=app-base:${TAG}\nFROM ${BASE}"},
        {"compose.yaml": BASED, "b/Dockerfile": "FROM b", "w/Dockerfile": "ARG TAG=1\nARG BASE=app-base:${TAG}\nFROM ${BASE}"},
        {"base": "build", "web": "build"},
    ),
    "a base image whose name is cut out of an argument": (
        {"compose.yaml": BASED, "b/Dockerfile": "FROM a", "w/Dockerfile": "ARG FULL=app-base:1-slim\nFROM ${FULL%-*}"},
        {"compose.yaml": BASED, "b/Dockerfile": "FROM b", "w/Dockerfile": "ARG FULL=app-base:1-slim\nFROM ${FULL%-*}"},
        {"base": "build", "web": "build"},
    ),
    "a base image for each platform": (
        {"compose.yaml": BASED.replace("other", "base-arm64"), "b/Dockerfile": "FROM a", "w/Dockerfile": "FROM base-$TARGETARCH"},
        {"compose.yaml": BASED.replace("other", "base-arm64"), "b/Dockerfile": "FROM b", "w/Dockerfile": "FROM base-$TARGETARCH"},
        {"base": "build", "web": "build"},
    ),
    "a base image by the stage that is built": (
        {"compose.yaml": BASED.replace("./w", "{context: ./w, target: other}"), "b/Dockerfile": "FROM a", "w/Dockerfile": "FROM $TARGETSTAGE AS x"},
        {"compose.yaml": BASED.replace("./w", "{context: ./w, target: other}"), "b/Dockerfile": "FROM b", "w/Dockerfile": "FROM $TARGETSTAGE AS x"},
        {"base": "build", "web": "build"},
    ),
    "a base image by one of its further names": (
        {"compose.yaml": BASED, "b/Dockerfile": "FROM a", "w/Dockerfile": "FROM docker.io/library/further:2"},
        {"compose.yaml": BASED, "b/Dockerfile": "FROM b", "w/Dockerfile": "FROM docker.io/library/further:2"},
        {"base": "build", "web": "build"},
    ),
    "an image by one of its further names": (
        {"compose.yaml": BASED.replace("build: ./w", "image: 'further:2'"), "b/Dockerfile": "FROM a"},
        {"compose.yaml": BASED.replace("build: ./w", "image: 'further:2'"), "b/Dockerfile": "FROM b"},
        {"base": "build", "web": "up"},
    ),
    "an image that two services build": (
        {"compose.yaml": "services: {a: {build: ./b, image: x}, b: {build: ./w, image: x}, c: {image: x}}", "b/Dockerfile": "FROM a", "w/Dockerfile": "FROM a"},
        {"compose.yaml": "services: {a: {build: ./b, image: x}, b: {build: ./w, image: x}, c: {image: x}}", "b/Dockerfile": "FROM b", "w/Dockerfile": "FROM a"},
        {"a": "build", "c": "up"},
    ),
    "a base image that is an additional context": (
        {"compose.yaml": "services: {base: {build: ./b, image: mine:1}, web: {build: {context: ./w, additional_contexts: ['x=docker-image://mine:1']}}}",
         "b/Dockerfile": "FROM a", "w/Dockerfile": "FROM x"},
        {"compose.yaml": "services: {base: {build: ./b, image: mine:1}, web: {build: {context: ./w, additional_contexts: ['x=docker-image://mine:1']}}}",
         "b/Dockerfile": "FROM b", "w/Dockerfile": "FROM x"},
        {"base": "build", "web": "build"},
    ),
    "a network that is added": (
        {"compose.yaml": "{services: {web: {image: a, networks: [n]}, db: {image: a, networks: [n]}}, networks: {n: {}}}"},
        {"compose.yaml": "{services: {web: {image: a, networks: [n, m]}, db: {image: a, networks: [n]}}, networks: {n: {}, m: {}}}"},
        {"web": "up"},
    ),
    "a volume that is added": (
        {"compose.yaml": "{services: {web: {image: a}, db: {image: a}}}"},
        {"compose.yaml": "{services: {web: {image: a, volumes: ['vol:/v']}, db: {image: a}}, volumes: {vol: {}}}"},
        {"web": "up"},
    ),
    "the seccomp profile of a service whose network others live in": (
        {"compose.yaml": "services: {vpn: {image: a, security_opt: ['seccomp:./s.json']}, app: {image: a, network_mode: 'service:vpn'}}", "s.json": "1"},
        {"compose.yaml": "services: {vpn: {image: a, security_opt: ['seccomp:./s.json']}, app: {image: a, network_mode: 'service:vpn'}}", "s.json": "2"},
        {"app": "recreate", "vpn": "recreate"},
    ),
    "the image of a service whose network others live in": (
        {"compose.yaml": "services: {vpn: {build: ./b}, app: {image: a, network_mode: 'service:vpn'}}", "b/Dockerfile": "FROM a"},
        {"compose.yaml": "services: {vpn: {build: ./b}, app: {image: a, network_mode: 'service:vpn'}}", "b/Dockerfile": "FROM b"},
        {"app": "up", "vpn": "build"},
    ),
    "a service whose volumes others have": (
        {"compose.yaml": "services: {box: {image: a}, app: {image: a, volumes_from: [box]}, next: {image: a, volumes_from: ['app:ro', 'container:x']}}"},
        {"compose.yaml": "services: {box: {image: b}, app: {image: a, volumes_from: [box]}, next: {image: a, volumes_from: ['app:ro', 'container:x']}}"},
        {"app": "up", "box": "up", "next": "up"},
    ),
    "the seccomp profile of a service whose volumes others have": (
        {"compose.yaml": "services: {box: {image: a, security_opt: ['seccomp:./s.json']}, app: {image: a, volumes_from: [box]}}", "s.json": "1"},
        {"compose.yaml": "services: {box: {image: a, security_opt: ['seccomp:./s.json']}, app: {image: a, volumes_from: [box]}}", "s.json": "2"},
        {"app": "recreate", "box": "recreate"},
    ),
})  # fmt: skip

# the Compose file, and one other file before and after: the action of each service that needs one
EDITS: dict[str, tuple[str, str, object, object, dict[str, str]]] = {
    "a seccomp profile with an equals sign": (
        "services: {web: {image: b, security_opt: ['no-new-privileges=true', 'seccomp=./a=s.json']}}",
        "a=s.json",
        "1",
        "2",
        {"web": "recreate"},
    ),
    "a seccomp profile with a colon": (
        "services: {web: {image: b, security_opt: ['seccomp:./a:s.json']}}",
        "a:s.json",
        "1",
        "2",
        {"web": "recreate"},
    ),
    "a file mounted after a scratch folder": (
        "services: {web: {image: b, volumes: [{type: tmpfs, target: /t}, './f:/f']}}",
        "f",
        "1",
        "2",
        {"web": "restart"},
    ),
    "a variable that a raw env file passes on": (
        "services: {web: {image: b, env_file: [{path: passed.env, format: raw}]}}",
        ".env",
        "V=1",
        "V=2",
        {"web": "up"},
    ),
    "a seccomp profile behind a symlink": (
        "services: {web: {image: b, security_opt: ['seccomp=./link']}}",
        "link",
        Link("a"),
        Link("b"),
        {"web": "recreate"},
    ),
    "a file called builtin": (
        "services: {web: {image: b, security_opt: ['seccomp=builtin', 'seccomp=']}}",
        "builtin",
        "1",
        "2",
        {},
    ),
    "a file mounted after a volume": (
        "{services: {web: {image: b, volumes: ['vol:/v', './f:/f']}}, volumes: {vol: {}}}",
        "f",
        "1",
        "2",
        {"web": "restart"},
    ),
    "a variable in a raw env file": (
        "services: {web: {image: b, env_file: [{path: a.env, format: raw}]}}",
        ".env",
        "V=1",
        "V=2",
        {},
    ),
    "a raw env file": (
        "services: {web: {image: b, env_file: [{path: a.env, format: raw}]}}",
        "a.env",
        "A=$V",
        "A='$V'",
        {"web": "up"},
    ),
    "a variable that is passed on": (
        "services: {web: {image: b, environment: [V]}}",
        ".env",
        "V=1",
        "V=2",
        {"web": "up"},
    ),
    "a variable that is passed on by a mapping": (
        "services: {web: {image: b, environment: {V: }}}",
        ".env",
        "V=1",
        "V=2",
        {"web": "up"},
    ),
    "a variable that is overruled": ("services: {web: {image: b, environment: {V: 3}}}", ".env", "V=1", "V=2", {}),
    "a build argument that is passed on": (
        "services: {web: {build: {context: ./i, args: [V]}}}",
        ".env",
        "V=1",
        "V=2",
        {"web": "build"},
    ),
    "a base image of an inline Dockerfile by an argument": (
        'services: {base: {build: ./i, image: mine}, web: {build: {context: ./w, dockerfile_inline: "ARG B\\nFROM $$B", args: {B: mine}}}}',
        "i/x",
        "1",
        "2",
        {"base": "build", "web": "build"},
    ),
    "a base image of an inline Dockerfile by the stage that is built": (
        'services: {base: {build: ./i, image: mine}, web: {build: {context: ./w, dockerfile_inline: "FROM $$TARGETSTAGE", target: mine}}}',
        "i/x",
        "1",
        "2",
        {"base": "build", "web": "build"},
    ),
    "a comment in an empty label file": (
        "services: {web: {image: b, label_file: a.labels}}",
        "a.labels",
        "",
        "# why",
        {},
    ),
}
_BESIDE: dict[str, object] = {
    "a": "{}",
    "b": "{ }",
    "a.env": "A=$V",
    "passed.env": "V",
    "i/Dockerfile": "FROM x",
    "w/x": "",
}
CASES |= {
    name: ({**_BESIDE, "compose.yaml": text, file: before}, {**_BESIDE, "compose.yaml": text, file: after}, expected)
    for name, (text, file, before, after, expected) in EDITS.items()
}
CASES |= {
    "the value of a variable of a service": (
        {"compose.yaml": "services: {web: {image: b, environment: {A: 1}}}"},
        {"compose.yaml": "services: {web: {image: b, environment: {A: 2}}}"},
        {"web": "up"},
    ),
    "the value of a label": (
        {"compose.yaml": "services: {web: {image: b, labels: {A: 1}}}"},
        {"compose.yaml": "services: {web: {image: b, labels: {A: 2}}}"},
        {"web": "up"},
    ),
    "the name of a label": (
        {"compose.yaml": "services: {web: {image: b, labels: [A=1]}}"},
        {"compose.yaml": "services: {web: {image: b, labels: [B=1]}}"},
        {"web": "up"},
    ),
}

SPELLINGS = {
    "the digest of an image": ("x:1@sha256:aaaa", "x:1@sha256:bbbb"),
    "a digest that is added": ("x:1", "x:1@sha256:aaaa"),
    "a digest that is dropped": ("x:1@sha256:aaaa", "x:1"),
    "the tag beside a digest": ("x:1@sha256:aaaa", "x:2@sha256:aaaa"),
    "the tag that an image has by default": ("x", "x:latest"),
    "the registry that an image has by default": ("docker.io/library/x", "x"),
    "the library that an image has by default": ("library/x", "x"),
}
CASES |= {
    name: (
        {"compose.yaml": f"services: {{web: {{image: '{before}'}}, db: {{image: y}}}}"},
        {"compose.yaml": f"services: {{web: {{image: '{after}'}}, db: {{image: y}}}}"},
        {"web": "up"},
    )
    for name, (before, after) in SPELLINGS.items()
}
CASES |= {
    "the digest of an image in a variable": (
        {"compose.yaml": "services: {web: {image: 'x@$D'}, db: {image: y}}", ".env": "D=sha256:aaaa"},
        {"compose.yaml": "services: {web: {image: 'x@$D'}, db: {image: y}}", ".env": "D=sha256:bbbb"},
        {"web": "up"},
    ),
    "the digest of an extended service's image": (
        {
            "compose.yaml": "services: {web: {extends: {file: base.yaml, service: b}}}",
            "base.yaml": "services: {b: {image: 'x@sha256:aaaa'}}",
        },
        {
            "compose.yaml": "services: {web: {extends: {file: base.yaml, service: b}}}",
            "base.yaml": "services: {b: {image: 'x@sha256:bbbb'}}",
        },
        {"web": "up"},
    ),
    "the name of an image that is built here": (
        {"compose.yaml": "services: {web: {build: ./i, image: mine}, db: {image: y}}", "i/Dockerfile": "FROM x"},
        {
            "compose.yaml": "services: {web: {build: ./i, image: 'mine:latest'}, db: {image: y}}",
            "i/Dockerfile": "FROM x",
        },
        {"web": "up"},
    ),
    "the digest of a base image": (
        {"compose.yaml": "services: {web: {build: ./i}, db: {image: y}}", "i/Dockerfile": "FROM x@sha256:aaaa"},
        {"compose.yaml": "services: {web: {build: ./i}, db: {image: y}}", "i/Dockerfile": "FROM x@sha256:bbbb"},
        {"web": "build"},
    ),
    "a build whose name others spell otherwise": (
        {
            "compose.yaml": "services: {base: {build: ./i, image: mine}, web: {image: 'docker.io/library/mine:latest'}, pinned: {image: 'mine@sha256:aaaa'}}",
            "i/Dockerfile": "FROM x",
        },
        {
            "compose.yaml": "services: {base: {build: ./i, image: mine}, web: {image: 'docker.io/library/mine:latest'}, pinned: {image: 'mine@sha256:aaaa'}}",
            "i/Dockerfile": "FROM y",
        },
        {"base": "build", "web": "up"},
    ),
}

# two spellings of one service, and whether Compose takes them for one; which it does is seen in the integration tier
SAME = {
    "a null label and an empty one": ("labels: {A: }", "labels: {A: ''}"),
    "a command as a text and as a list": ("command: web --x 'a b'", "command: [web, --x, a b]"),
    "a command with what no shell is there for": ("command: sh -c 'a;b' && c", "command: [sh, -c, a;b]"),
    "a port in quotes": ("ports: [{target: 3000, published: 3000}]", "ports: [{target: '3000', published: '3000'}]"),
    "a port in short": ("ports: ['3000:80', 9]", "ports: [{target: 80, published: 3000}, '9']"),
    "a range of ports": ("ports: ['9-11:9-11']", "ports: ['10:10', '11:11', '9:9']"),
    "a relative folder with a slash": ("volumes: ['./a/:/a']", "volumes: ['./a:/a/']"),
    "a duration": ("stop_grace_period: 1m30s", "stop_grace_period: 90s"),
    "a size": ("mem_limit: 1g", "mem_limit: 1024M"),
    "a fraction": ("cpus: 0.50", "cpus: '.5'"),
    "the default network by its name": ("hostname: h", "hostname: h\n    networks: [default]"),
    "labels as a list": ("labels: {A: 1, B: true}", "labels: [B=true, A=1]"),
    "one of it, said or not": ("hostname: h", "hostname: h\n    scale: '1'"),
    "when it is pulled": ("pull_policy: always", "pull_policy: missing"),
}
OTHER = {
    "how many there are": ("scale: 1", "scale: 2"),
    "how many replicas there are": ("deploy: {replicas: 3}", "deploy: {replicas: 2}"),
    "a variable that nobody sets": ("environment: {A: '1'}", "environment: {A: '1', B: }"),
    "another command": ("command: web --x", "command: [web, --y]"),
    "a command that is empty": ("hostname: h", "hostname: h\n    command: []"),
    "one more profile": ("profiles: [on]", "profiles: [on, more]"),
    "what it depends on": ("depends_on: [db]", "depends_on: {db: {condition: service_healthy}}"),
    "an absolute folder with a slash": ("volumes: ['/srv/a/:/a']", "volumes: ['/srv/a:/a']"),
    "a date without quotes": ("environment: {A: 2020-01-02}", "environment: {A: '2020-01-02'}"),
    "a negative zero": ("environment: {A: 0}", "environment: {A: -0}"),
    "a negative zero in quotes": ("environment: {A: '-0'}", "environment: {A: -0}"),
    "a mode in quotes": ("secrets: [{source: s, mode: 288}]", "secrets: [{source: s, mode: '0440'}]"),
    "a command with signs of a shell": ("command: sh -c $$(a)", "command: sh -c $$(b)"),
    "an empty check": ("hostname: h", "hostname: h\n    healthcheck: {}"),
    "the image of a hook": ("pre_start: [{command: a, image: y}]", "pre_start: [{command: a, image: z}]"),
}
_SPELT = "services:\n  db: {{image: y}}\n  web:\n    image: x\n    {}\nsecrets: {{s: {{file: ./s}}}}\n"


def _spelt(text: str) -> dict[str, object]:
    return {"compose.yaml": _SPELT.format(text), ".env": "COMPOSE_PROFILES=on", "s": "s"}


CASES |= {name: (_spelt(before), _spelt(after), {}) for name, (before, after) in SAME.items()}
CASES |= {name: (_spelt(before), _spelt(after), {"web": "up"}) for name, (before, after) in OTHER.items()}
