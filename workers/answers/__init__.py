"""What pages ask a worker of a stack, since only a worker sees Git and Docker: read, never done.

Each question is a task (`tasks`) that answers in Redis, where whoever asked waits for a moment. The answers come from
the functions that `tegu plan`, `tegu diff` and `tegu compose` stand on, and so do their words.
"""
