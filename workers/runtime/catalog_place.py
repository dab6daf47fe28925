"""Where the catalog is, where nobody says so: in this folder, in one above it, or in `/etc/tegu`."""

from __future__ import annotations

import os
from pathlib import Path

NAME = "tegu.yaml"
OF_THE_MACHINE = Path("/etc/tegu") / NAME


def find_catalog(folder: Path, of_the_machine: Path = OF_THE_MACHINE) -> Path | None:
    """The first catalog that there is.

    A catalog names programs that are run. So one above the folder counts only where it is this user's or root's own:
    whoever may write to `/tmp` could otherwise leave one there for others (as Git had to learn, CVE-2022-24765).

    Args:
        folder: where somebody is.
        of_the_machine: where one for everybody may lie.
    """
    if _is_file(folder / NAME):
        return Path(NAME)
    above = (parent / NAME for parent in folder.parents)
    found = next((path for path in above if _is_file(path) and _is_trusted(path)), None)
    return found or (of_the_machine if _is_file(of_the_machine) else None)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _is_trusted(path: Path) -> bool:
    return path.stat().st_uid in {0, os.geteuid()}
