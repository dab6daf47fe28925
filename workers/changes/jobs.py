"""What jobs name: since Compose 5.6 a project has `jobs` beside its services, which somebody runs by hand.

`up` leaves them alone, so a change of theirs asks for nothing. But what they name has to lie in the stack's directory
when `docker compose run` comes for it, and so it belongs to the closure. Compose misses nothing of it before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workers.changes.locations import Service, is_remote
from workers.changes.project import Project
from workers.changes.reach import mappings, texts
from workers.changes.supported import check_supported
from workers.changes.trace import Trace


def follow_jobs(project: Project, trace: Trace) -> None:
    """Look up every path that the jobs of a project name.

    Raises:
        InvalidStack: for what is not supported, as for services.
    """
    for name, job in project.model.sections["jobs"].items():
        for location in _named(job, project) if isinstance(job, dict) else ():
            path = trace.repository_path(location)
            if path is not None:
                found = trace.find(path, f"job {name}")
                if found.entry is not None:
                    check_supported(trace.tree, found.path, found.entry)


def _named(job: Service, project: Project) -> Iterator[str]:
    yield from (str(mount.get("source")) for mount in mappings(job.get("volumes")) if mount.get("type") == "bind")
    yield from (str(file.get("path")) for file in mappings(job.get("env_file")))
    yield from texts(job.get("label_file"))
    for kind in ("configs", "secrets"):
        for grant in mappings(job.get(kind)):
            if isinstance(file := project.resource(kind, str(grant.get("source", ""))).get("file"), str):
                yield file
    build = job.get("build")
    if isinstance(build, Mapping) and not is_remote(context := str(build.get("context"))):
        yield context
