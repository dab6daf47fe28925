"""This process and its children.

settings   the only reader of the environment
logs       structured logging
masking    secrets that this process knows, and what is written in place of them
process    starting a program, with limits, killed as a group
terminal   starting one that talks to a person
cache      bounded caches over immutable ids
"""
