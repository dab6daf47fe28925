"""Which container this process runs in."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

_CONTAINER_ID = re.compile(r"/containers/([0-9a-f]{64})/(?:hostname|hosts|resolv\.conf)")


def own_container_id(mounts: Path = Path("/proc/self/mountinfo")) -> str | None:
    """The id of the container that this process runs in, or None outside of one.

    Docker mounts `/etc/hostname`, `/etc/hosts` and `/etc/resolv.conf` from a folder named after the container,
    whatever the version of cgroups, and a host name may be anything.
    """
    with contextlib.suppress(OSError):
        for line in mounts.read_text().splitlines():
            if found := _CONTAINER_ID.search(line):
                return found.group(1)
    return None
