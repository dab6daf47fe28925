"""The exclusion of deployments on the host: one flock per stack, inherited by git and docker compose."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from workers.adapters.state.paths import make_private, state_file
from workers.model.errors import Busy
from workers.runtime.file_lock import flock


class StackLock:
    """Holds `state/<environment>/<name>.lock` of a stack. Never take a repo's lock while holding one."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir

    def path(self, stack: str) -> Path:
        """The lock's file."""
        return state_file(self._data_dir, stack, ".lock")

    def hold(self, stack: str, *, timeout: float | None = 0) -> AbstractContextManager[int]:
        """Hold a stack's lock; yields the descriptor to hand to children (`pass_fds`).

        Args:
            stack: its id.
            timeout: seconds to wait for another holder; None waits for ever.

        Raises:
            Busy: somebody else holds it, on entering.
        """
        path = self.path(stack)
        make_private(path.parent)
        return flock(path, timeout=timeout)

    def is_held(self, stack: str) -> bool:
        """Whether any process of this host holds a stack's lock: where none does, a lease is what a killed one left."""
        try:
            with self.hold(stack):
                return False
        except Busy:
            return True
