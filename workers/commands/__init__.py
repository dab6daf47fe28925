"""One module for each command of `tegu` that is more than a call; its name is the command's."""
