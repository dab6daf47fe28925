"""Libraries that take longer to load than most commands take to run: named at the top, loaded when first used.

    if TYPE_CHECKING:
        import docker
    else:
        docker = late("docker")

Types and import contracts see an ordinary import.
"""

from __future__ import annotations

from importlib import import_module


class Late:
    """Stands for a module; asked for anything of it, it loads it."""

    def __init__(self, name: str, *submodules: str) -> None:
        self._name = name
        self._submodules = submodules

    def __getattr__(self, attribute: str) -> object:
        # Not kept: the import system's own lookup is quick, takes its lock while another thread loads the module, and
        # finds what a test has put in a module's place.
        for submodule in self._submodules:
            import_module(f"{self._name}.{submodule}")
        return getattr(import_module(self._name), attribute)


def late(name: str, *submodules: str) -> Late:
    """A module by its full name, and some of what is below it, loaded when something of it is asked for."""
    return Late(name, *submodules)
