"""The stacks that changes are tried on: one service, file or section for each kind of change, and nothing shared.

A change edits the street's files; what is asked afterwards is asked of the running containers.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from tests.integration.deploy.house import House, yaml_of

Model = dict[str, Any]

NEW_IMAGE = "{project}-image:2"
LIVES_ON = "sleep 1000"


def service(**more: object) -> Model:
    """A service that needs no network of its own, and that ends at once when it is told to."""
    return {
        "image": "busybox:stable",
        "command": ["sh", "-c", f"trap 'exit 0' TERM; {LIVES_ON} & wait"],
        "network_mode": "host",
        "stop_signal": "SIGKILL",
        **more,
    }


def networked(network: str) -> Model:
    """The same in a network."""
    made = service(networks=[network])
    del made["network_mode"]
    return made


def built(**build: object) -> Model:
    """The same from an image that is built here."""
    made = service(build=build)
    del made["image"]
    return made


def seccomp(*refused: str) -> str:
    """A profile that lets everything but some system calls through."""
    rules = [{"names": list(refused), "action": "SCMP_ACT_ERRNO"}] if refused else []
    return json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": rules})


HOUSES: dict[str, Model] = {
    # What Compose itself, a restart or a new container has to bring.
    "plain": {
        "services": {
            "steady": service(),
            "image": service(),
            "command": service(),
            "environment": service(environment={"SEEN": "1"}),
            "env-file": service(env_file=["app.env"]),
            "dotenv": service(environment={"SEEN": "${FROM_DOTENV}"}),
            "label": service(labels={"seen": "1"}),
            "file": service(volumes=["./file.conf:/seen:ro"]),
            "folder": service(volumes=["./folder:/folder:ro"]),
            "late": service(volumes=["./late.conf:/seen:ro"]),
            "to-folder": service(volumes=["./grows:/seen:ro"]),
            "to-file": service(volumes=["./shrinks:/seen:ro"]),
            "lender": service(volumes=["./lent.conf:/lent:ro"]),
            "borrower": service(volumes_from=["lender"]),
            "config": service(configs=[{"source": "config", "target": "/seen"}]),
            "secret": service(secrets=["secret"]),
            "inline": service(configs=[{"source": "inline", "target": "/seen"}]),
            "secret-env": service(secrets=["secret-env"]),
            "seccomp": service(security_opt=["seccomp:./seccomp.json"]),
            "removed": service(),
            "renamed": service(),
            "dropped": service(profiles=["extra"]),
            "volume": service(volumes=["volume:/volume"]),
        },
        "configs": {"config": {"file": "./config.txt"}, "inline": {"content": "one"}},
        "secrets": {"secret": {"file": "./secret.txt"}, "secret-env": {"environment": "FROM_DOTENV_SECRET"}},
        "volumes": {"volume": {"labels": {"seen": "1"}}},
    },
    # A network is shared by nature: only who is in it changes.
    "net": {
        "services": {"inside": networked("net"), "outside": service()},
        "networks": {"net": {"labels": {"seen": "1"}}},
    },
    # Git has no .env of this one.
    "hand": {"services": {"hand": service(environment={"SEEN": "${BY_HAND}"}), "steady": service()}},
    "build": {
        "services": {
            "args": built(context="./args", args={"SEEN": "1"}),
            "inline": built(context="./empty", dockerfile_inline="FROM busybox:stable\nRUN echo 1 > /seen\n"),
            "base": built(context="./base") | {"image": "{project}-base:1"},
            "derived": built(context="./derived"),
            "dockerfile": built(context="./dockerfile"),
            "context": built(context="./context"),
            "steady": service(),
        },
    },
}
_COPIES = "FROM busybox:stable\nCOPY . /app/\n"
FILES = {
    "plain/app.env": "SEEN=1\n",
    "plain/file.conf": "1",
    "plain/lent.conf": "1",
    "plain/grows": "1",
    "plain/shrinks/a.conf": "1",
    "plain/folder/a.conf": "1",
    "plain/config.txt": "1",
    "plain/secret.txt": "1",
    "plain/seccomp.json": seccomp(),
    "plain/README.md": "1",
    "plain/.env": "FROM_DOTENV=1\nFROM_DOTENV_SECRET=1\nCOMPOSE_PROFILES=extra\n",
    "build/args/Dockerfile": "FROM busybox:stable\nARG SEEN\nRUN echo $SEEN > /seen\n",
    "build/empty/x": "",
    "build/base/Dockerfile": "FROM busybox:stable\nRUN echo 1 > /seen\n",
    "build/derived/Dockerfile": "ARG TAG=1\nARG BASE={project}-base:${TAG}\nFROM ${BASE}\nRUN cp /seen /derived\n",
    "build/dockerfile/Dockerfile": "FROM busybox:stable\nRUN echo 1 > /seen\n",
    "build/context/Dockerfile": _COPIES,
    "build/context/.dockerignore": "ignored\n",
    "build/context/seen": "1",
    "build/context/ignored": "1",
}


class Street:
    """The deployed stacks, and what is asked of them.

    Args:
        house: an empty one.
    """

    def __init__(self, house: House) -> None:
        self.house = house
        self.models = copy.deepcopy(HOUSES)
        self.files: dict[str, str | None] = dict(FILES)  # None: to be removed
        self.image = NEW_IMAGE.format(project=house.project("plain"))
        self._make_image()
        for name in HOUSES:
            house.stack(name)
        self.put_by_hand("hand", "BY_HAND=1\n")
        house.fetch(self._written())
        for name in HOUSES:
            done = house.look(name)
            assert done["outcome"] == "deployed", done

    def _make_image(self) -> None:
        """A second image, without a builder: the same with another environment."""
        client = self.house.engine.client
        made = client.create_container("busybox:stable", ["true"])["Id"]
        repository, _, tag = self.image.partition(":")
        client.commit(made, repository=repository, tag=tag, conf={"Env": ["SEEN=2"]})
        client.remove_container(made)

    def _written(self) -> dict[str, str | None]:
        files: dict[str, str | None] = {}
        for name, model in self.models.items():
            files[f"{name}/compose.yaml"] = yaml_of(model)
        files |= self.files
        return {
            path: None if text is None else text.replace("{project}", self.house.project(path.split("/")[0]))
            for path, text in files.items()
        }

    # ------------------------------------------------------------ changing

    def service(self, stack: str, name: str) -> Model:
        found: Model = self.models[stack]["services"][name]
        return found

    def replace(self, path: str, old: str, new: str) -> None:
        text = self.files[path]
        assert text is not None
        assert old in text
        self.files[path] = text.replace(old, new)

    def put_by_hand(self, stack: str, text: str) -> None:
        """Somebody writes the `.env` that Git lacks."""
        path = self.house.live(f"{stack}/.env", stack)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def push(self, stack: str, comment: str = "") -> dict[str, Any]:
        """Commit what was edited, and look at one stack as a pull does."""
        files = self._written()
        if comment:
            files[f"{stack}/compose.yaml"] = f"# {comment}\n{files[f'{stack}/compose.yaml']}"
        self.house.fetch(files)
        self.files = {path: text for path, text in self.files.items() if text is not None}
        return self.house.look(stack)

    # ------------------------------------------------------------ looking

    def lives(self, stack: str) -> dict[str, tuple[str, str]]:
        return self.house.lives(stack)

    def _process(self, stack: str, name: str) -> Path:
        return Path(f"/proc/{self._inspect(stack, name)['State']['Pid']}")

    def _inspect(self, stack: str, name: str) -> dict[str, Any]:
        container = self.house.containers(stack)[name].container.id
        return dict(self.house.engine.client.inspect_container(container))

    def file(self, stack: str, name: str, path: str) -> str:
        """A file as the container's process sees it; empty when there is none."""
        found = self._process(stack, name) / "root" / path.lstrip("/")
        return found.read_text().strip() if found.is_file() else ""

    def variable(self, stack: str, name: str) -> str:
        """The variable `SEEN` of the container's process."""
        text = (self._process(stack, name) / "environ").read_bytes().decode()
        return dict(line.partition("=")[::2] for line in text.split("\0")).get("SEEN", "")

    def command(self, stack: str, name: str) -> str:
        return (self._process(stack, name) / "cmdline").read_bytes().decode()

    def label(self, stack: str, name: str) -> str:
        return str(self._inspect(stack, name)["Config"]["Labels"]["seen"])

    def may_make_folders(self, stack: str, name: str) -> bool:
        container = self.house.containers(stack)[name].container.id
        shown = self.house.docker("exec", container, "sh", "-c", "mkdir /made 2>&1; echo done")
        return "not permitted" not in shown

    def network_label(self, stack: str, name: str) -> str:
        (network,) = self._inspect(stack, name)["NetworkSettings"]["Networks"].values()
        return str(self.house.engine.client.inspect_network(network["NetworkID"])["Labels"]["seen"])
