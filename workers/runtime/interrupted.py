"""What is raised in a thread from outside. No `except Exception` on its way takes it for a fault of what it does."""

from __future__ import annotations


class Interrupted(BaseException):
    """The thread is to end what it does, and to clean up on its way."""


class TimeIsUp(Interrupted):
    """Its time is up."""

    def __str__(self) -> str:
        return "took longer than it may, and was ended"


class Terminated(Interrupted):
    """Somebody wants it to end."""

    def __str__(self) -> str:
        return "was ended by hand"
