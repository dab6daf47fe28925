"""A commit as pages name it: short, with its subject, author and age, and a link to the forge where it has one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.pages.moments import Moment, Times
from workers.model.commit import CommitNote

_SHORT = 10
_SCP = re.compile(r"[^@/\s]+@(?P<host>[^:/\s]+):(?P<path>[^\s]+)")


@dataclass(frozen=True, slots=True)
class CommitView:
    """A commit.

    Attributes:
        id: in full.
        short: its first digits.
        subject: empty where nobody has noted it, like the two that follow.
        author: without the address.
        at: when it was written.
        url: on the forge; None where nobody knows.
    """

    id: str
    short: str
    subject: str = ""
    author: str = ""
    at: Moment | None = None
    url: str | None = None


class CommitViews:
    """Makes them.

    Args:
        notes: what is known of commits.
        times: for their age.
    """

    def __init__(self, notes: Mapping[str, CommitNote], times: Times) -> None:
        self._notes = notes
        self._times = times
        self._made: dict[tuple[str, str | None], CommitView] = {}

    def view(self, commit: str | None, repo_url: str | None = None) -> CommitView | None:
        """A commit, in a repo at this address; None for none."""
        if not commit:
            return None
        if (commit, repo_url) not in self._made:  # many of a thousand stacks run the same few
            self._made[commit, repo_url] = self._make(commit, repo_url)
        return self._made[commit, repo_url]

    def _make(self, commit: str, repo_url: str | None) -> CommitView:
        note = self._notes.get(commit) or CommitNote("")
        moment = self._times.moment(note.at)
        return CommitView(commit, commit[:_SHORT], note.subject, note.author, moment, forge_url(repo_url, commit))


def forge_url(repo_url: str | None, commit: str) -> str | None:
    """Where a forge shows a commit, as most of them have it: `https://host/owner/repo/commit/<id>`.

    Only for what people reach by a browser: repositories over https or ssh.
    """
    page = repo_page(repo_url)
    if page is None:
        return None
    kind = "commits" if page.startswith("https://bitbucket.org/") else "commit"
    return f"{page}/{kind}/{commit}"


def repo_page(repo_url: str | None) -> str | None:
    """The page of a repository on its forge. Credentials in the address are left out."""
    if not repo_url:
        return None
    if scp := _SCP.fullmatch(repo_url):
        host, path = scp["host"], scp["path"]
    else:
        parts = urlsplit(repo_url)
        if parts.scheme not in {"https", "ssh"} or not parts.hostname:
            return None
        port = f":{parts.port}" if parts.port and parts.scheme == "https" else ""
        host, path = f"{parts.hostname}{port}", parts.path
    return f"https://{host}/{path.strip('/').removesuffix('.git')}"
