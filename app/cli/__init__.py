"""`tegu`, the command line.

    entry         `main`: the commands by name, errors and exit codes
    session       settings and services of one call, made when a command needs them
    output        JSON for programs, tables for people
    names         stack and repo names as arguments, with completion
    follow        waiting for runs and showing how they go
    setup         init, up, demo, schema, completion
    examination   check, doctor
    prediction    plan, diff, explain
    work          pull, deploy, pause, resume, compose
    orders        rollback, cancel, adopt
    observation   status, runs, log, locks

A command's module is imported when the command is called, and so is everything heavy: `tegu plan` in a pull
request starts in a fifth of a second.
"""

from app.cli.entry import main

__all__ = ["main"]
