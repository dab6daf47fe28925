"""This process and its children.

settings   the only reader of the environment
logs       structured logging
masking    secrets that this process knows, and what is written in place of them
secrecy    which values of a stack are hidden in what programs print
file_lock  exclusion on this host, which children inherit
process    starting a program, with limits, killed as a group
terminal   starting one that talks to a person
late       heavy libraries, loaded when first used
cache      bounded caches over immutable ids
"""
