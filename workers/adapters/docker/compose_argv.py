"""`docker compose` as data: pure functions work out what to call, `workers.adapters.docker.compose` calls it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from workers.adapters.docker.compose_project import Project


def prefix(project: Project, program: Sequence[str]) -> list[str]:
    """Everything before the subcommand."""
    argv = [*program, "-p", project.name, "--project-directory", str(project.directory)]
    for path in project.files:
        argv += ["-f", path]
    for path in project.env_files:
        argv += ["--env-file", path]
    for profile in project.profiles:
        # With `=`: a profile's name is never taken for an option.
        argv.append(f"--profile={profile}")
    return argv


def _named(services: Iterable[str]) -> list[str]:
    names = list(services)
    return ["--", *names] if names else []


def config_argv(form: str = "json") -> list[str]:
    """Print the resolved model, as `json` or `yaml`."""
    return ["config", "--format", form]


def hash_argv() -> list[str]:
    """Print the digest of every service as it would be on its containers."""
    return ["config", "--hash", "*"]


def build_argv(services: Iterable[str]) -> list[str]:
    """Build the images of these services, or of all."""
    return ["build", *_named(services)]


def pull_argv(services: Iterable[str], *, buildable: bool = False) -> list[str]:
    """Pull the images of these services, or of all.

    Args:
        services: names; none means every service.
        buildable: also those that have a build section, which are not to be built here.
    """
    return ["pull", "--quiet", *(() if buildable else ("--ignore-buildable",)), *_named(services)]


def up_argv(
    services: Iterable[str] = (),
    *,
    remove_orphans: bool = True,
    force_recreate: bool = False,
    no_recreate: bool = False,
    alone: bool = False,
) -> list[str]:
    """Bring services up, or all; never pull, never build.

    Args:
        services: names; none means every service.
        remove_orphans: remove containers of services that left the model.
        force_recreate: replace containers even where Compose sees no difference.
        no_recreate: replace none, whatever Compose sees.
        alone: leave the services that these depend on alone.
    """
    argv = ["up", "-d", "--pull", "never", "--no-build"]
    if remove_orphans:
        argv.append("--remove-orphans")
    if force_recreate:
        argv.append("--force-recreate")
    if no_recreate:
        argv.append("--no-recreate")
    if alone:
        argv.append("--no-deps")
    return [*argv, *_named(services)]


def dry_up_argv() -> list[str]:
    """Go through the motions of `up`, and do nothing."""
    return ["--dry-run", *up_argv()]


def restart_argv(services: Iterable[str]) -> list[str]:
    """Restart services, and what Compose restarts with them."""
    return ["restart", *_named(services)]


def signal_argv(name: str, services: Iterable[str]) -> list[str]:
    """Send a signal, named without `SIG`, to the containers of services."""
    return ["kill", f"--signal=SIG{name}", *_named(services)]


def remove_argv(services: Iterable[str]) -> list[str]:
    """Stop and remove the containers of services, also of those whose profile is off."""
    return ["rm", "--stop", "--force", *_named(services)]


def stop_argv() -> list[str]:
    """Stop every container of the project."""
    return ["stop"]


def down_argv() -> list[str]:
    """Remove the project's containers and networks. Volumes stay."""
    return ["down", "--remove-orphans"]
