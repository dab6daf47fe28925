"""One stack out of a repository on this machine, deployed as far as anybody knows: for tests of what is ordered."""

from __future__ import annotations

from pathlib import Path

from tests.git_server import Source
from tests.records import record_at
from workers.services import Services

STACK = "default/a"
COMPOSE = "services: {web: {image: 'web:%s', volumes: ['./conf:/conf:ro']}, db: {image: 'db:1'}}\n"
_CATALOG = """
repos: {homelab: {url: %s}}
environments: {default: {docker_host: "unix:///nowhere"}}
stacks: {a: {repo: homelab, path: a}}
"""


def source(folder: Path) -> Source:
    """Its repository, with a first commit."""
    made = Source(folder / "source")
    made.commit({"a/compose.yaml": COMPOSE % 1, "a/conf/one": "1\n"})
    return made


def catalog(repository: Source) -> str:
    """That has it, on an engine that does not answer."""
    return _CATALOG % (repository.path / ".git")


def deploy(services: Services) -> str:
    """Let the newest commit count as deployed. Returns it."""
    commit = services.clone("homelab").fetch(["main"])["main"]
    record = record_at(services, services.stacks.find(STACK), commit)
    services.state.records.put(
        STACK, record, None, deployed_commit=commit, latest_commit=commit, verified_commit=commit
    )
    return commit


def push(services: Services, repository: Source, files: dict[str, str | None]) -> str:
    """Bring a commit to the clone. Returns it."""
    repository.commit(files)
    return services.clone("homelab").fetch(["main"])["main"]
