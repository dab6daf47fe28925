"""`tegu`, the command line.

    main        the commands by name, errors and exit codes
    commands/   one module for each command
    session     settings and services of one call, made when a command needs them
    names       stack and repo names as arguments, with completion
    wait        waiting for what a command has started
    follow      how a run goes, as it goes; progress: the line that says so
    naming      what stacks are called
    output      JSON for programs, tables for people
    table       how tables are laid out
    *_text      for people: plans, explanations, logs, what came of runs, commits, repos
    demo_story  what `tegu demo` shows

A command's module is imported when the command is called, and so is everything heavy: `tegu plan` in a pull
request starts in a fifth of a second.
"""

from app.cli.main import main

__all__ = ["main"]
