"""How far Compose says it is, in the lines that it prints where there is no terminal."""

from __future__ import annotations


def is_waiting(line: str) -> bool:
    """Whether Compose only waits from now on, until a container is healthy or has ended (`depends_on: condition`).

    It prints ` Container shop-db-1  Waiting` once for each that it waits for, and what came of it (seen with Compose
    2.26.1 and 5.6.1).
    """
    words = line.split()
    return len(words) == 3 and words[0] == "Container" and words[2] == "Waiting"  # noqa: PLR2004
