"""How each forge is told to send its pushes here, and where it is told so; `docs/how-to` has the details."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from app.pages.commit_view import repo_page


@dataclass(frozen=True, slots=True)
class Forge:
    """A forge.

    Attributes:
        name: of it.
        where: in its settings, in its own words.
        secret: the field that takes the secret.
        pushes: what to choose, in its own words.
        hosts: where it is known to run.
        path: of the page behind that of the repository; empty where it has none of its own.
    """

    name: str
    where: str
    secret: str
    pushes: str
    hosts: tuple[str, ...] = ()
    path: str = ""


FORGES = (
    Forge(
        "GitHub",
        "Settings → Webhooks → Add webhook",
        "Secret",
        "Just the push event",
        ("github.com",),
        "settings/hooks/new",
    ),
    Forge("GitLab", "Settings → Webhooks → Add new webhook", "Secret token", "Push events", ("gitlab.com",), "-/hooks"),
    Forge(
        "Gitea, Forgejo",
        "Settings → Webhooks → Add webhook",
        "Secret",
        "Push events",
        ("codeberg.org", "gitea.com"),
        "settings/hooks",
    ),
    Forge("Gogs", "Settings → Webhooks → Add a new webhook", "Secret", "Just the push event"),
    Forge(
        "Bitbucket Cloud",
        "Repository settings → Webhooks → Add webhook",
        "Secret",
        "Repository push",
        ("bitbucket.org",),
        "admin/webhooks",
    ),
    Forge("Bitbucket Server", "Repository settings → Webhooks → Create webhook", "Secret", "Repository: Push"),
    Forge(
        "Azure DevOps",
        "Project settings → Service hooks → Web Hooks",
        "Basic authentication password",
        "Code pushed",
    ),
)


def hook_page(repo_url: str) -> tuple[str, str] | None:
    """The forge of a repository and its page of webhooks, where that is known by the host; else None."""
    page = repo_page(repo_url)
    host = urlsplit(page).hostname if page else None
    found = next((forge for forge in FORGES if host in forge.hosts), None)
    return (found.name, f"{page}/{found.path}") if found and page else None
