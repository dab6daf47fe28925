"""What an engine says of containers that others take away meanwhile."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from typing import Any


def inspected(ids: Iterable[str]) -> list[dict[str, Any]]:
    """What `docker inspect` says of those containers that are still there: one may go at any time."""
    argv = ["docker", "inspect", "--type", "container", *ids]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0 or "no such" in done.stderr.lower(), done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found
