"""What of the host is in the way of a deployment, whatever its content is: a name, a port, a paused container, ….

Nothing has been touched by then, and nothing is wrong with the content. So all of it is named at once, and it is tried
again by itself: after a while, and at once when the engine says that something of this kind has changed.
"""

from __future__ import annotations

from workers.model.errors import TeguError

AGAIN = "Nothing was touched. It is tried again by itself, at once when Docker says that this has changed."


class Obstructed(TeguError):
    """Something of the host is in the way.

    Args:
        obstacles: a sentence each: what is in the way, and what frees it.
    """

    def __init__(self, *obstacles: str) -> None:
        super().__init__(*obstacles)
        self.obstacles = obstacles

    def __str__(self) -> str:
        return "\n".join((*self.obstacles, AGAIN))
