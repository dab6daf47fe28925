"""What Compose reads, as it was deployed last: somebody may have edited it in the live directory since."""

from __future__ import annotations

from workers.deploy.files.layout import remove_tree
from workers.deploy.files.manifest import same_content
from workers.deploy.files.safe_path import Root, kind_of
from workers.deploy.files.switch import Switching
from workers.deploy.files.switch_plan import Planner
from workers.deploy.transaction.ground import Ground
from workers.model.errors import BlockedStack, TeguError
from workers.model.words import Entry


def restore_model(ground: Ground) -> None:
    """Let the files that Compose reads be those of the last good deployment, once a switch has been taken back.

    The clone has them; edits are among the kept files. Doing it twice does nothing more.

    Raises:
        BlockedStack: when a symlink has turned up on a path.
    """
    folders = ground.folders
    live = Root(folders.live)
    try:
        wanted = {
            path: entry
            for path, entry in ground.old.items()
            if path in ground.made_of and not is_in_place(live, path, entry)
        }
        remove_tree(folders.stage)
        folders.stage.mkdir(mode=0o700)
        folders.undo.mkdir(mode=0o700, exist_ok=True)
        try:
            ground.tools.source.stage(wanted, folders.stage)
        except TeguError as error:  # it was deployed from another repo, or the clone is a new one
            ground.tools.say(f"these stay as they were edited on this host: {', '.join(sorted(wanted))}; {error}")
            return
        switch = Planner(live, folders.stage, old=wanted, new=wanted, adopt=False, made_of=wanted).plan()
    finally:
        live.close()
    Switching(folders, ground.name).forward(switch)


def is_in_place(live: Root, path: str, entry: Entry) -> bool:
    """Whether a file of the live directory has the content that Git says."""
    try:
        with live.parent(path) as place:
            there = None if place is None else kind_of(place[1], place[0])
            return place is not None and there is not None and same_content(place[1], place[0], entry)
    except BlockedStack:
        return False  # a symlink has been put where its folder was
