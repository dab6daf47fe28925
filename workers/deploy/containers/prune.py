"""Images that a stack has used and uses no more: removed where the stack wants that, and nobody else needs them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from workers.adapters.docker.engine import Engine


def prune_images(
    engine: Engine, before: Mapping[str, str | None], after: Mapping[str, str | None], others: Collection[str]
) -> list[str]:
    """Remove what only the former deployment used. The engine itself refuses what a container still needs.

    Args:
        engine: where the images are.
        before: what was recorded, name -> id.
        after: what is recorded now.
        others: names and ids of images that other stacks have recorded.

    Returns:
        What was removed, names and ids.
    """
    needed = {*others, *after, *after.values()}
    removed = []
    for name, identifier in sorted(before.items()):
        if identifier is None:
            continue
        # A name that now stands for something else has been given away; its old image is left without one.
        if name not in needed and engine.image_id(name) == identifier and engine.drop_image(name):
            removed.append(name)
        elif identifier not in needed and not engine.names_of(identifier) and engine.drop_image(identifier):
            removed.append(identifier)
    return removed
