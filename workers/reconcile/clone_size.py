"""How much room a clone takes, noted by whoever has just changed that: pages may run where there is none."""

from __future__ import annotations

from contextlib import suppress

from workers.model.errors import TransientError
from workers.services import Services


def note_size(services: Services, repo: str, worker: str) -> None:
    """Count the bytes of a repo's clone, and let pages show them; nothing fails for that."""
    with suppress(TransientError):
        services.state.repos.note_size(repo, worker, services.clone(repo).size())
