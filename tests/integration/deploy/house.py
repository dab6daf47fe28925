"""A small house to try deployments in: a repository, its clone, state, an engine; no Celery in between.

A scenario writes files, pushes them, and looks at what runs.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Unpack

from tests.git_server import Source
from workers.adapters.docker.container import Details
from workers.adapters.docker.engine import Engine
from workers.adapters.queue import Message, Queue
from workers.adapters.state.identifiers import new_id
from workers.adapters.state.results import StackResult
from workers.celery import NOTIFY, PULL, pull_queue
from workers.deploy.deploy_if_changed import deploy_if_changed
from workers.deploy.fast_path import HandOver, decide_quickly
from workers.model.words import Outcome, Trigger
from workers.reconcile.announce import announce
from workers.reconcile.find_drift import inspect
from workers.reconcile.pull import pull
from workers.reconcile.requests import request_pull
from workers.runtime.process import run
from workers.runtime.settings import Settings, inherited
from workers.services import Services, StandIns

LINK = "-> "  # a text that begins so is where a symlink leads to
DOCKER_HOST = "unix:///var/run/docker.sock"

Files = Mapping[str, str | None]


class Published(Queue):
    """Stands where the queue would be, and remembers what was published."""

    def __init__(self) -> None:
        self.stacks: list[str] = []
        self.messages: list[Message] = []

    def publish_deploy(self, stack_id: str, run: str | None, worker: str, force: bool = False) -> None:
        del run, worker, force
        self.stacks.append(stack_id)

    def publish(self, messages: Iterable[Message]) -> None:
        published = list(messages)
        self.messages += published
        self.stacks += [str(each.args[0]) for each in published]

    def take(self) -> Message | None:
        """The oldest message that nobody has taken."""
        return self.messages.pop(0) if self.messages else None

    def calls_in(self, queue: str) -> frozenset[tuple[str, str, str | None]]:
        del queue
        return frozenset((each.task, str(each.args[0]), str(each.args[1])) for each in self.messages)

    def close(self) -> None:
        """There is no connection."""


_SIGNALLED = frozenset({None, 128 + signal.SIGTERM, 128 + signal.SIGKILL})  # exit codes; None while it runs


class House:
    """One repository `r` and stacks of the environment `default`, every project with a name of its own."""

    def __init__(self, folder: Path, redis_url: str, worker: str = "local") -> None:
        self.folder = folder
        self.worker = worker
        self.source = Source(folder / "source")
        self.suffix = secrets.token_hex(4)
        self.engine = Engine(DOCKER_HOST)
        self.published = Published()
        self._stacks: dict[str, str] = {}
        self._discovery: dict[str, object] = {}
        self._environment: dict[str, object] = {}
        self._defaults: dict[str, object] = {}
        self._receivers: list[dict[str, object]] = []
        self._redis_url = redis_url
        self._kept = contextlib.ExitStack()
        self.services = self.fresh_services()

    def fresh_services(self, **stand_ins: Unpack[StandIns]) -> Services:
        """As another process would have them."""
        settings = Settings(
            data_dir=self.folder / "data",
            catalog=self.folder / "tegu.yaml",
            redis_url=self._redis_url,
            worker=self.worker,
        )
        return Services(settings, **({"queue": self.published} | stand_ins))

    def run_in(self, container: str | None) -> None:
        """Let Tegu be started anew in a container; None: outside of any."""
        self.services.close()
        self.services = self.fresh_services(own_container=container)

    # ------------------------------------------------------------ writing

    def stack(self, name: str = "a", **options: object) -> str:
        """Configure a stack at a path of its own name; its id. Waiting is short unless it is told otherwise."""
        merged: dict[str, object] = {
            "repo": "r",
            "path": name,
            "project": self.project(name),
            "health": {"timeout": "20s", "settle": "1s"},
            **options,
        }
        lines = [f"  {name}:", *(f"    {key}: {yaml_of(value)}" for key, value in merged.items())]
        self._stacks[name] = "\n".join(lines)
        self._write_catalog()
        return f"default/{name}"

    def discover(self, **defaults: object) -> None:
        """Let every folder be a stack, with these options."""
        project = f"t{self.suffix}-{{stack}}"
        waiting = {"timeout": "20s", "settle": "1s"}
        self._discovery = {"project": project, "health": waiting, **defaults}
        self._write_catalog()

    def defaults(self, **options: object) -> None:
        """Give all stacks these options, without discovering any."""
        self._defaults = options
        self._write_catalog()

    def settle(self, **options: object) -> None:
        """Give the environment a worker or a Docker host."""
        self._environment = options
        self._write_catalog()

    def tell(self, url: str, **receiver: object) -> None:
        """Let somebody be told how stacks end."""
        self._receivers.append({"url": url, **receiver})
        self._write_catalog()

    def next_door(self, worker: str) -> House:
        """Another host's worker, with the same catalog, repository and Redis, and everything else of its own."""
        made = House(self.folder / worker, self._redis_url, worker)
        made.services.close()
        (made.folder / "tegu.yaml").symlink_to(self.folder / "tegu.yaml")
        made.source, made.suffix = self.source, self.suffix
        made.services = made.fresh_services()
        return made

    def forget(self, name: str) -> None:
        """Take a stack out of the catalog."""
        del self._stacks[name]
        self._write_catalog()

    def empty_catalog(self) -> None:
        (self.folder / "tegu.yaml").write_text("repos: {}\n")

    def _write_catalog(self) -> None:
        repo = {"url": str(self.source.path), "ref": "main"} | ({"discover": ["*"]} if self._discovery else {})
        catalog = ["repos:", f"  r: {yaml_of(repo)}", f"defaults: {yaml_of({**self._discovery, **self._defaults})}"]
        if self._environment:
            catalog.append(f"environments: {yaml_of({'default': self._environment})}")
        if self._receivers:
            catalog.append(f"notify: {yaml_of(self._receivers)}")
        if self._stacks:
            catalog += ["stacks:", *self._stacks.values()]
        (self.folder / "tegu.yaml").write_text("\n".join(catalog) + "\n")

    def project(self, name: str = "a") -> str:
        return f"t{self.suffix}-{name}"

    def live(self, path: str = "", name: str = "a") -> Path:
        return self.folder / "data/stacks/default" / name / path

    # ------------------------------------------------------------ deploying

    def push(self, files: Files | None = None, *, name: str = "a") -> dict[str, Any]:
        """Commit, fetch, and deploy as a push does."""
        self.fetch(files)
        return self.look(name)

    def pull(self, files: Files | None = None) -> dict[str, Any]:
        """Push, pull, and do everything that follows, one message at a time; the run."""
        if files is not None:
            self.commit(files)
        run_id, _ = request_pull(self.services, "r", Trigger.WEBHOOK)
        self.work()
        shown = self.services.state.runs.get(run_id)
        assert shown is not None
        return shown.to_json()

    def work(self) -> None:
        """Do what was published, until nothing is left to do."""
        while message := self.published.take():
            if message.task == PULL:
                pull(self.services, *(str(each) for each in message.args))
                continue
            if message.task == NOTIFY:
                announce(self.services, *(str(each) for each in message.args), task=new_id())
                continue
            stack, run_id, *force = message.args
            verdict: object = None
            if message.queue == pull_queue(self.worker):
                verdict = decide_quickly(self.services, str(stack), bool(force), new_id())
                if isinstance(verdict, HandOver):
                    self.services.state.runs.put_back(verdict.stack, verdict.runs)
            if verdict is None or isinstance(verdict, HandOver):
                deploy_if_changed(self.services, str(stack), str(run_id or ""), bool(force), taker=new_id())

    def fetch(self, files: Files | None = None) -> str:
        if files is not None:
            self.commit(files)
        return self.services.clone("r").fetch(["main"])["main"]

    def commit(self, files: Files) -> None:
        if removed := [path for path, text in files.items() if text is None]:
            self.source.git("rm", "-q", "--ignore-unmatch", "--", *removed)  # with the folders that it leaves empty
        for path, text in files.items():
            place = self.source.path / path
            if place.is_symlink():
                place.unlink()
            if text is not None and text.startswith(LINK):
                place.parent.mkdir(parents=True, exist_ok=True)
                place.symlink_to(text.removeprefix(LINK))
        plain = {path: text for path, text in files.items() if text is not None and not text.startswith(LINK)}
        self.source.commit({**plain})

    def look(self, name: str = "a", *, force: bool = False) -> dict[str, Any]:
        """What a pull's task does."""
        run_id = self.services.state.runs.create("r", Trigger.WEBHOOK, ("local",))
        return self._deploy(name, run_id, force=force)

    def ask(self, name: str = "a", *, force: bool = False) -> dict[str, Any]:
        """What `tegu deploy` does."""
        run_id = self.services.state.runs.create("r", Trigger.CLI, ())
        return self._deploy(name, run_id, force=force)

    def _deploy(self, name: str, run_id: str, *, force: bool) -> dict[str, Any]:
        self.services.state.runs.plan(run_id, [(f"default/{name}", "")])
        return self.carry_out(run_id, name, force=force)

    def carry_out(self, run_id: str, name: str = "a", *, force: bool = False) -> dict[str, Any]:
        """Do what was published for a run."""
        stack, before = f"default/{name}", self._running(name)
        done = deploy_if_changed(self.services, stack, run_id, force, taker=new_id())
        self._is_no_worse(name, before, done)
        shown = self.services.state.runs.get(run_id)
        assert shown is not None
        assert shown.stacks[stack].outcome == done.outcome
        return done.to_json()

    def _running(self, name: str) -> dict[str, str]:
        """The services of the containers that run, by the containers' ids."""
        return {each.id: each.service for each in self.engine.containers(self.project(name)) if each.running}

    def _is_no_worse(self, name: str, before: Mapping[str, str], done: StackResult) -> None:
        """Whatever becomes of a deployment, what ran before runs afterwards, or what takes its place does.

        But for what has left the files or ended by itself, and for whoever wants no way back.
        """
        stack = self.services.stacks.find(f"default/{name}")
        record = self.services.state.records.get(stack.id)
        if done.outcome is Outcome.REMOVED or record is None or not stack.options.rollback:
            return
        there_now = Engine(stack.docker_host)  # it may have moved; nobody's listings are counted here
        now = there_now.containers(stack.project)
        there_now.close()
        there = (*now, *self.engine.containers(self.project(name)))
        ended = {each.service for each in there if each.state == "exited" and each.exit_code == 0}
        # What has not got its end from a signal has found it by itself, at whatever moment.
        ended |= {each.service for each in there if each.id in before and each.exit_code not in _SIGNALLED}
        running = {each.service for each in there if each.running}
        lost = ({*before.values()} & record.snapshot.services.keys()) - ended - running
        assert not lost, f"{', '.join(sorted(lost))} ran before: {done}"

    # ------------------------------------------------------------ looking

    def containers(self, name: str = "a") -> dict[str, Details]:
        """The containers of a stack by service, the oldest one of each."""
        found = self.engine.details(self.engine.containers(self.project(name)))
        return {each.container.service: each for each in found}

    def lives(self, name: str = "a") -> dict[str, tuple[str, str]]:
        """Which container of a service was started when: equal means untouched."""
        return {service: (each.container.id, each.started_at) for service, each in self.containers(name).items()}

    def seen(self, service: str, path: str, name: str = "a") -> str:
        """A file as a running container sees it; nothing for one that is not there."""
        container = self.engine.client.inspect_container(self.containers(name)[service].container.id)
        place = Path(f"/proc/{container['State']['Pid']}/root{path}")
        return place.read_text().strip() if place.exists() else ""

    def command(self, service: str, name: str = "a") -> str:
        """What a service's container runs."""
        container = self.engine.client.inspect_container(self.containers(name)[service].container.id)
        return str(container["Config"]["Cmd"][-1])

    def environment(self, service: str, name: str = "a") -> list[str]:
        """The environment of a service's container."""
        container = self.engine.client.inspect_container(self.containers(name)[service].container.id)
        return list(container["Config"]["Env"] or ())

    def drift(self, name: str = "a") -> dict[str, str]:
        """What the next look at all containers finds."""
        inspect(self.services, self.worker)
        (row,) = self.services.state.rows([f"default/{name}"])
        return row["drift"] or {}

    def docker(self, *argv: str) -> str:
        return run(
            ["docker", *argv], what="docker", env=inherited(("PATH", "HOME", "DOCKER_CONFIG")), timeout=60
        ).stdout.strip()

    def log(self, deployment: str) -> str:
        return "\n".join(line for _, line in self.services.state.deployments.read_log(deployment))

    def keep(self, thing: contextlib.AbstractContextManager[object]) -> None:
        """Have something until the house is closed."""
        self._kept.enter_context(thing)

    def until(self, holds: Callable[[], bool], seconds: float = 120.0) -> None:
        """Wait until something holds."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end
            time.sleep(0.1)

    def close(self) -> None:
        """Leave nothing behind."""
        self._kept.close()
        client = self.engine.client
        for each in self.engine.containers(one_off=True):
            if each.project.startswith(f"t{self.suffix}-"):
                client.remove_container(each.id, force=True, v=True)
        for kind, remove in ((client.networks, client.remove_network), (self._volumes, client.remove_volume)):
            for item in kind():
                name = str(item["Name"])
                if name.startswith(f"t{self.suffix}-"):
                    remove(name)
        for image in client.images():
            for tag in image.get("RepoTags") or ():
                if tag.startswith(f"t{self.suffix}-"):
                    client.remove_image(tag, force=True)
        self.services.close()
        self.engine.close()

    def _volumes(self) -> list[dict[str, Any]]:
        return list(self.engine.client.volumes()["Volumes"] or ())


def in_a_child(act: Callable[[], object]) -> bool:
    """Whether a child that did this was killed."""
    child = os.fork()
    if child == 0:  # pragma: no cover (another process)
        try:
            act()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def yaml_of(value: object) -> str:
    """A value in YAML's flow style, which is JSON's."""
    return json.dumps(value)


def service(command: str = "sleep 1000", **more: object) -> dict[str, object]:
    """A service that stops at once and needs no network; one of its own takes the engine twice as long to start."""
    return {
        "image": "busybox:stable",
        "command": ["sh", "-c", command],
        "network_mode": "host",
        "stop_grace_period": "0s",
        "init": True,
        **more,
    }


def compose(**services: dict[str, object]) -> str:
    """A Compose file, in JSON, which is YAML."""
    return yaml_of({"services": services})
