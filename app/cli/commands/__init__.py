"""One module for each command of `tegu`, named like the command; imported when the command is called."""
